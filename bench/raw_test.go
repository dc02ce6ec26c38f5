package bench

import (
	"fmt"
	"math"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/keys"
)

// A raw is Badger itself, opened as the database opens it. It is safe for
// concurrent use.
type raw struct {
	db      *badger.DB
	version atomic.Uint64
}

func openRaw(path string, sync bool) (*raw, error) {
	db, err := badger.OpenManaged(rawOptions(path, sync))
	if err != nil {
		return nil, err
	}
	r := &raw{db: db}
	r.version.Store(db.MaxVersion())
	return r, nil
}

func rawOptions(path string, sync bool) badger.Options {
	return badger.DefaultOptions(path).
		WithLogger(nil).
		WithCompression(options.None).
		WithBlockCacheSize(0).
		WithIndexCacheSize(0).
		WithMemTableSize(32 << 20).
		WithValueThreshold(1 << 20).
		WithValueLogFileSize(64 << 20).
		WithNumVersionsToKeep(1).
		WithDetectConflicts(false).
		WithNumCompactors(2).
		WithMetricsEnabled(false).
		WithSyncWrites(sync)
}

// A pair is a key and its value.
type pair struct{ key, value []byte }

// commit writes pairs as one transaction.
func (r *raw) commit(pairs ...pair) error {
	txn := r.db.NewTransactionAt(math.MaxUint64, true)
	defer txn.Discard()
	for _, p := range pairs {
		if err := txn.Set(p.key, p.value); err != nil {
			return err
		}
	}
	return txn.CommitAt(r.version.Add(1), nil)
}

// get returns a copy of the value of key.
func (r *raw) get(key []byte) ([]byte, error) {
	txn := r.db.NewTransactionAt(math.MaxUint64, false)
	defer txn.Discard()
	item, err := txn.Get(key)
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}

// walk calls f with every document, in place.
func (r *raw) walk(f func(value []byte)) error {
	txn := r.db.NewTransactionAt(math.MaxUint64, false)
	defer txn.Discard()
	lo, _ := keys.Documents(rawCollection)
	it := txn.NewIterator(badger.IteratorOptions{Prefix: lo})
	defer it.Close()
	for it.Seek(lo); it.Valid(); it.Next() {
		err := it.Item().Value(func(value []byte) error {
			f(value)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rawCollection is the number of the only collection, as the database would give it.
const rawCollection = 1

func keyOf(id string) []byte { return keys.Document(rawCollection, document.Text(id)) }

// countOf is what the database writes beside an insert: the number of documents.
func countOf(n int) pair {
	return pair{keys.Statistics(rawCollection), document.Int(int64(n)).Raw()}
}

// pairOf returns document i as it is stored.
func pairOf(i int) pair {
	d := At(seed, uint64(i))
	return pair{keyOf(d.ID), encoded(d.M())}
}

func encoded(data any) []byte {
	doc, err := document.Encode(data, epoch)
	if err != nil {
		panic(fmt.Sprintf("the generator made a document that is none: %v", err))
	}
	return doc.Raw()
}
