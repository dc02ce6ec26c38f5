package peers

import (
	"context"
	"path/filepath"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/bench"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

type virgaPeer struct {
	db     *virga.DB
	orders *virga.Collection
	typed  virga.Typed[bench.Document]
}

var background = context.Background()

func openVirga(dir string, sync bool) (peer, error) {
	durability := virga.Fast
	if sync {
		durability = virga.Sync
	}
	db, err := virga.Open(filepath.Join(dir, "virga"), durability)
	if err != nil {
		return nil, err
	}
	p := &virgaPeer{db: db, orders: db.Collection("orders")}
	p.typed = virga.Of[bench.Document](p.orders)
	existing, err := p.orders.Indexes(background)
	for _, fields := range [][]string{{"name"}, {"status", "price"}} {
		if err == nil && len(existing) == 0 {
			err = p.orders.CreateIndex(background, index.Spec{Fields: index.By(fields...)})
		}
	}
	return p, err
}

func (p *virgaPeer) insert(docs []bench.Document) error {
	if len(docs) == 1 {
		_, err := p.orders.Add(background, docs[0])
		return err
	}
	_, err := p.orders.AddMany(background, docs)
	return err
}

func (p *virgaPeer) get(id string) (bench.Document, error) { return p.typed.Get(background, id) }

func (p *virgaPeer) setQty(id string, qty int64) error {
	_, err := p.orders.Doc(id).Update(background, virga.M{"qty": qty})
	return err
}

func (p *virgaPeer) byName(name string) ([]bench.Document, error) {
	return p.typed.Where(virga.M{"name": name}).Get(background)
}

func (p *virgaPeer) topRange(status string, low, high float64, n int) ([]bench.Document, error) {
	return p.typed.Where(virga.M{"status": status, "price": query.Gte(low).And(query.Lte(high))}).OrderBy("price", virga.Desc).Limit(n).Get(background)
}

func (p *virgaPeer) byQty(qty int64) ([]bench.Document, error) {
	return p.typed.Where(virga.M{"qty": qty}).Get(background)
}

func (p *virgaPeer) newest(n int) ([]bench.Document, error) {
	return p.typed.Where(nil).OrderBy("createdAt", virga.Desc).Limit(n).Get(background)
}

func (p *virgaPeer) group() (map[string]group, error) {
	rows, err := p.orders.Aggregate().Group("$status", virga.M{
		"n": aggregate.Sum(1), "sum": aggregate.Sum("$price"), "mean": aggregate.Avg("$price"),
	}).All(background)
	groups := map[string]group{}
	for _, d := range rows {
		id, _ := d.Lookup("_id").Text()
		n, _ := d.Lookup("n").Int64()
		sum, _ := d.Lookup("sum").Float64()
		mean, _ := d.Lookup("mean").Float64()
		groups[id] = group{n, sum, mean}
	}
	return groups, err
}

func (p *virgaPeer) close() error { return p.db.Close() }
