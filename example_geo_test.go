package virga_test

import (
	"fmt"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/query"
)

// places opens a database in memory with a few shops in it.
func places() (*virga.DB, *virga.Collection) {
	db, err := virga.Open(virga.Memory)
	check(err)
	shops := db.Collection("shops")
	_, err = shops.AddMany(ctx, []virga.M{
		{"_id": "tea", "place": geo.Point{114.0579, 22.5431}, "open": true},
		{"_id": "cups", "place": geo.Point{114.0650, 22.5400}, "open": true},
		{"_id": "pots", "place": geo.Point{114.0601, 22.5405}, "open": false},
		{"_id": "harbour", "place": geo.Point{114.1694, 22.3193}, "open": true},
	})
	check(err)
	return db, shops
}

// Shops near me: the nearest first, no farther than two kilometres.
func ExampleCollection_Where_near() {
	db, shops := places()
	defer db.Close()
	me := geo.Point{114.06, 22.54}
	docs, err := shops.Where(virga.M{"place": query.GeoNear(me, query.NearOptions{Max: 2000}), "open": true}).Limit(10).Get(ctx)
	check(err)
	for _, doc := range docs {
		fmt.Println(doc.ID())
	}
	// Output:
	// "tea"
	// "cups"
}

func ExampleCollection_Where_within() {
	db, shops := places()
	defer db.Close()
	for _, area := range []any{
		geo.Circle{Center: geo.Point{114.06, 22.54}, Radius: 300},
		geo.Polygon{{{114.1, 22.2}, {114.3, 22.2}, {114.3, 22.4}, {114.1, 22.4}, {114.1, 22.2}}},
	} {
		docs, err := shops.Where(virga.M{"place": query.GeoWithin(area)}).Get(ctx)
		check(err)
		fmt.Println(len(docs), docs[0].ID())
	}
	// Output:
	// 1 "pots"
	// 1 "harbour"
}

func ExampleAggregation_GeoNear() {
	db, shops := places()
	defer db.Close()
	rows, err := shops.Aggregate().
		GeoNear(aggregate.GeoNearOptions{Near: geo.Point{114.06, 22.54}, Key: "place", DistanceField: "km", Multiplier: 0.001, Limit: 3}).
		Project(virga.M{"km": aggregate.Round("$km", 2)}).
		All(ctx)
	check(err)
	for _, row := range rows {
		fmt.Println(row)
	}
	// Output:
	// {"_id":"pots","km":0.06}
	// {"_id":"tea","km":0.41}
	// {"_id":"cups","km":0.51}
}
