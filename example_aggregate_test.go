package virga_test

import (
	"context"
	"fmt"
	"log"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/query"
)

// trade returns a database with products, orders and users.
func trade(ctx context.Context) *virga.DB {
	db, err := virga.Open(virga.Memory)
	if err != nil {
		log.Fatal(err)
	}
	for name, docs := range map[string][]virga.M{
		"products": {
			{"_id": "tea", "category": "drink", "price": 12, "sold": 100, "tags": []string{"new", "hot"}},
			{"_id": "coffee", "category": "drink", "price": 20, "sold": 50, "tags": []string{"hot"}},
			{"_id": "cup", "category": "ware", "price": 80, "sold": 10},
			{"_id": "sample", "category": "ware", "price": 0, "sold": 500},
		},
		"orders": {
			{"_id": 1, "user": "ann", "item": "tea", "n": 3},
			{"_id": 2, "user": "bob", "item": "cup", "n": 1},
			{"_id": 3, "user": "ann", "item": "cup", "n": 2},
		},
		"users": {
			{"_id": "ann", "city": "Oslo", "boss": "bob"},
			{"_id": "bob", "city": "Bern"},
		},
	} {
		if _, err := db.Collection(name).AddMany(ctx, docs); err != nil {
			log.Fatal(err)
		}
	}
	return db
}

func show(docs []virga.Doc, err error) {
	if err != nil {
		log.Fatal(err)
	}
	for _, doc := range docs {
		fmt.Println(doc)
	}
}

func ExampleCollection_Aggregate() {
	ctx := context.Background()
	db := trade(ctx)
	defer db.Close()

	show(db.Collection("products").Aggregate().
		Match(virga.M{"price": query.Gt(0)}).
		Group("$category", virga.M{"revenue": aggregate.Sum(aggregate.Multiply("$price", "$sold"))}).
		Sort(virga.D{{"revenue", -1}}).
		All(ctx))
	// Output:
	// {"_id":"drink","revenue":2200}
	// {"_id":"ware","revenue":800}
}

func ExampleAggregation_Raw() {
	ctx := context.Background()
	db := trade(ctx)
	defer db.Close()

	show(db.Collection("products").Aggregate().Raw(`[
		{"$match": {"category": "drink"}},
		{"$project": {"price": {"$multiply": ["$price", 1.5]}}}
	]`).All(ctx))
	// Output:
	// {"_id":"coffee","price":30.0}
	// {"_id":"tea","price":18.0}
}

func ExampleAggregation_Each() {
	ctx := context.Background()
	db := trade(ctx)
	defer db.Close()

	for doc, err := range db.Collection("products").Aggregate().Unwind("$tags").SortByCount("$tags").Each(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(doc)
	}
	// Output:
	// {"_id":"hot","count":2}
	// {"_id":"new","count":1}
}

func ExampleAggregation_Lookup() {
	ctx := context.Background()
	db := trade(ctx)
	defer db.Close()

	show(db.Collection("orders").Aggregate().
		Lookup(aggregate.LookupOptions{From: "users", LocalField: "user", ForeignField: "_id", As: "by"}).
		Unwind("$by").
		Group("$by.city", virga.M{"n": aggregate.Sum("$n")}).
		All(ctx))

	// A pipeline sees the document through variables.
	show(db.Collection("orders").Aggregate().
		Lookup(aggregate.LookupOptions{
			From: "products",
			Let:  virga.M{"item": "$item", "n": "$n"},
			Pipeline: aggregate.New().
				Match(virga.M{"$expr": aggregate.Eq("$_id", "$$item")}).
				Project(virga.M{"_id": 0, "total": aggregate.Multiply("$price", "$$n")}),
			As: "cost",
		}).
		Project(virga.M{"cost": 1}).
		All(ctx))
	// Output:
	// {"_id":"Bern","n":1}
	// {"_id":"Oslo","n":5}
	// {"_id":1,"cost":[{"total":36}]}
	// {"_id":2,"cost":[{"total":80}]}
	// {"_id":3,"cost":[{"total":160}]}
}

func ExampleAggregation_GraphLookup() {
	ctx := context.Background()
	db := trade(ctx)
	defer db.Close()

	show(db.Collection("users").Aggregate().
		GraphLookup(aggregate.GraphLookupOptions{From: "users", StartWith: "$boss", ConnectFromField: "boss", ConnectToField: "_id", As: "bosses"}).
		Project(virga.M{"bosses": "$bosses._id"}).
		All(ctx))
	// Output:
	// {"_id":"ann","bosses":["bob"]}
	// {"_id":"bob","bosses":[]}
}

func ExampleAggregation_Bucket() {
	ctx := context.Background()
	db := trade(ctx)
	defer db.Close()

	show(db.Collection("products").Aggregate().
		Bucket(aggregate.BucketOptions{By: "$price", Boundaries: []int{0, 15, 50}, Default: "dear", Output: virga.M{"names": aggregate.Push("$_id")}}).
		All(ctx))
	// Output:
	// {"_id":0,"names":["sample","tea"]}
	// {"_id":15,"names":["coffee"]}
	// {"_id":"dear","names":["cup"]}
}

func ExampleAggregation_Facet() {
	ctx := context.Background()
	db := trade(ctx)
	defer db.Close()

	show(db.Collection("products").Aggregate().
		Facet(virga.M{
			"dearest": aggregate.New().Sort(virga.D{{"price", -1}}).Limit(1).Project(virga.M{"price": 1}),
			"number":  aggregate.New().Count("n"),
		}).
		All(ctx))
	// Output:
	// {"dearest":[{"_id":"cup","price":80}],"number":[{"n":4}]}
}

// Moving a part of each document into a collection of its own, all at once.
func ExampleAggregation_Out() {
	ctx := context.Background()
	db := trade(ctx)
	defer db.Close()
	old := db.Collection("old")
	if _, err := old.AddMany(ctx, []virga.M{
		{"_id": 1, "v": 1, "profile": virga.M{"_id": 1, "name": "ann"}},
		{"_id": 2, "v": 1, "profile": virga.M{"_id": 2, "name": "bob"}},
	}); err != nil {
		log.Fatal(err)
	}

	if _, err := old.Aggregate().ReplaceRoot("$profile").Out("newData").All(ctx); err != nil {
		log.Fatal(err)
	}
	show(db.Collection("newData").Where(nil).Get(ctx))
	// Output:
	// {"_id":1,"name":"ann"}
	// {"_id":2,"name":"bob"}
}

func ExampleAggregation_Merge() {
	ctx := context.Background()
	db := trade(ctx)
	defer db.Close()

	totals := db.Collection("orders").Aggregate().
		Group("$item", virga.M{"n": aggregate.Sum("$n")}).
		Merge(aggregate.MergeOptions{
			Into:        "totals",
			WhenMatched: aggregate.New().Set(virga.M{"n": aggregate.Add("$n", "$$new.n")}),
		})
	for range 2 { // the second run adds to the first
		if _, err := totals.All(ctx); err != nil {
			log.Fatal(err)
		}
	}
	show(db.Collection("totals").Where(nil).Get(ctx))
	// Output:
	// {"_id":"cup","n":6}
	// {"_id":"tea","n":6}
}

func ExampleAggregation_Explain() {
	ctx := context.Background()
	db := trade(ctx)
	defer db.Close()

	plan, err := db.Collection("products").Aggregate().
		AddFields(virga.M{"revenue": aggregate.Multiply("$price", "$sold")}).
		Match(virga.M{"_id": "tea", "revenue": query.Gt(1000)}).
		Explain(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan)
	// Output:
	// _id ["tea"] | add revenue | filter
}

func ExampleDB_Attach() {
	ctx := context.Background()
	db := trade(ctx)
	defer db.Close()
	crm, err := virga.Open(virga.Memory)
	if err != nil {
		log.Fatal(err)
	}
	defer crm.Close()
	if _, err := crm.Collection("notes").Add(ctx, virga.M{"_id": 1, "user": "ann", "text": "likes tea"}); err != nil {
		log.Fatal(err)
	}

	if err := db.Attach("crm", crm); err != nil {
		log.Fatal(err)
	}
	show(db.Collection("users").Aggregate().
		Lookup(aggregate.LookupOptions{From: "crm.notes", LocalField: "_id", ForeignField: "user", As: "notes"}).
		Project(virga.M{"notes": "$notes.text"}).
		All(ctx))
	// Output:
	// {"_id":"ann","notes":["likes tea"]}
	// {"_id":"bob","notes":[]}
}
