package peers

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/timshannon/badgerhold/v4"

	"github.com/virgadb/virga/bench"
)

type badgerholdPeer struct{ store *badgerhold.Store }

// An order is a [bench.Document] as badgerhold wants it. An index there holds the
// list of all keys of a value in one place, so that one on status, which has five
// values, would be written anew with a fifth of all keys at each insert: it has none.
type order struct {
	ID        string `badgerhold:"key"`
	OpenID    string
	Name      string `badgerhold:"index"`
	Status    string
	Price     float64
	Qty       int64
	Tags      []string
	Address   bench.Address
	CreatedAt time.Time
	Note      string
}

func openBadgerhold(dir string, sync bool) (peer, error) {
	o := badgerhold.DefaultOptions
	o.Dir, o.ValueDir = filepath.Join(dir, "badgerhold"), filepath.Join(dir, "badgerhold")
	o.SyncWrites = sync
	o.Logger = nil
	store, err := badgerhold.Open(o)
	return &badgerholdPeer{store}, err
}

func (p *badgerholdPeer) insert(docs []bench.Document) error {
	if len(docs) == 1 {
		o := order(docs[0])
		return p.store.Insert(o.ID, &o)
	}
	tx := p.store.Badger().NewTransaction(true)
	defer tx.Discard()
	for _, d := range docs {
		o := order(d)
		if err := p.store.TxInsert(tx, o.ID, &o); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (p *badgerholdPeer) get(id string) (bench.Document, error) {
	var o order
	err := p.store.Get(id, &o)
	return bench.Document(o), err
}

// setQty is run again after a conflict: documents of one name share the list of their
// keys, which an update writes too.
func (p *badgerholdPeer) setQty(id string, qty int64) error {
	for {
		if err := p.trySetQty(id, qty); !errors.Is(err, badger.ErrConflict) {
			return err
		}
	}
}

func (p *badgerholdPeer) trySetQty(id string, qty int64) error {
	tx := p.store.Badger().NewTransaction(true)
	defer tx.Discard()
	var o order
	if err := p.store.TxGet(tx, id, &o); err != nil {
		return err
	}
	o.Qty = qty
	if err := p.store.TxUpdate(tx, id, &o); err != nil {
		return err
	}
	return tx.Commit()
}

func (p *badgerholdPeer) find(q *badgerhold.Query) ([]bench.Document, error) {
	var found []order
	if err := p.store.Find(&found, q); err != nil {
		return nil, err
	}
	docs := make([]bench.Document, len(found))
	for i, o := range found {
		docs[i] = bench.Document(o)
	}
	return docs, nil
}

func (p *badgerholdPeer) byName(name string) ([]bench.Document, error) {
	return p.find(badgerhold.Where("Name").Eq(name).Index("Name"))
}

func (p *badgerholdPeer) topRange(status string, low, high float64, n int) ([]bench.Document, error) {
	return p.find(badgerhold.Where("Status").Eq(status).And("Price").Ge(low).And("Price").Le(high).SortBy("Price").Reverse().Limit(n))
}

func (p *badgerholdPeer) byQty(qty int64) ([]bench.Document, error) {
	return p.find(badgerhold.Where("Qty").Eq(qty))
}

func (p *badgerholdPeer) newest(n int) ([]bench.Document, error) {
	return p.find((&badgerhold.Query{}).SortBy("CreatedAt").Reverse().Limit(n))
}

func (p *badgerholdPeer) group() (map[string]group, error) {
	results, err := p.store.FindAggregate(&order{}, nil, "Status")
	groups := map[string]group{}
	for _, r := range results {
		var status string
		r.Group(&status)
		groups[status] = group{int64(r.Count()), r.Sum("Price"), r.Avg("Price")}
	}
	return groups, err
}

func (p *badgerholdPeer) close() error { return p.store.Close() }
