package virga_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/watch"
)

var ctx = context.Background()

// check ends the program with an error.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// shop opens a database in memory with a few products in it.
func shop() (*virga.DB, *virga.Collection) {
	db, err := virga.Open(virga.Memory)
	check(err)
	products := db.Collection("products")
	_, err = products.AddMany(ctx, []virga.D{
		{{"_id", "cup"}, {"price", 40}, {"tags", []string{"clay"}}, {"spec", virga.M{"colour": "white", "size": 2}}},
		{{"_id", "pot"}, {"price", 300}, {"tags", []string{"clay", "new"}}, {"spec", virga.M{"colour": "brown", "size": 9}}},
		{{"_id", "tea"}, {"price", 120}, {"tags", []string{"new"}}, {"stock", 7}},
	})
	check(err)
	return db, products
}

func Example() {
	db, err := virga.Open(virga.Memory) // or a folder
	check(err)
	defer db.Close()

	products := db.Collection("products")
	id, err := products.Add(ctx, virga.M{"name": "tea", "price": 120, "stock": 7})
	check(err)
	_, err = products.Doc(id).Update(ctx, virga.M{"stock": query.Inc(-1)})
	check(err)

	docs, err := products.Where(virga.M{"price": query.Gt(100)}).OrderBy("price", virga.Desc).Limit(20).Get(ctx)
	check(err)
	for _, doc := range docs {
		fmt.Println(doc.Lookup("name"), doc.Lookup("stock"))
	}
	// Output: "tea" 6
}

func ExampleOpen() {
	folder, err := os.MkdirTemp("", "virga-*")
	check(err)
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "shop.virga")

	db, err := virga.Open(path)
	check(err)
	_, err = db.Collection("products").Add(ctx, virga.M{"name": "tea"})
	check(err)
	check(db.Close())

	db, err = virga.Open(path, virga.ReadOnly())
	check(err)
	defer db.Close()
	n, err := db.Collection("products").Where(nil).Count(ctx)
	fmt.Println(n, err)
	// Output: 1 <nil>
}

func ExampleInterval() {
	// A write waits for no disk; ten times a second everything is brought there.
	db, err := virga.Open(virga.Memory, virga.Interval(100*time.Millisecond), virga.WithMemory(64<<20))
	check(err)
	defer db.Close()
	_, err = db.Collection("log").Add(ctx, virga.M{"text": "started"})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleCollection_Add() {
	db, _ := shop()
	defer db.Close()
	people := db.Collection("people")

	type address struct{ City string }
	type person struct {
		ID      string `json:"_id"`
		Name    string
		Address address
	}
	id, err := people.Add(ctx, person{"ann", "Ann", address{"Oslo"}})
	fmt.Println(id, err)

	id, err = people.Add(ctx, virga.M{"Name": "Bob"})
	fmt.Println(len(id.Any().(string)), err)
	// Output:
	// "ann" <nil>
	// 32 <nil>
}

func ExampleCollection_AddMany() {
	db, _ := shop()
	defer db.Close()

	_, err := db.Collection("products").AddMany(ctx, []virga.M{{"_id": "jug"}, {"_id": "tea"}})
	fmt.Println(err) // and the jug is not there either
	// Output: add products/"tea": _id: E11000 duplicate key, _id "tea" exists: duplicate key
}

func ExampleDocRef_Get() {
	db, products := shop()
	defer db.Close()

	doc, err := products.Doc("cup").Get(ctx)
	check(err)
	fmt.Println(doc)
	fmt.Println(doc.Lookup("spec.colour"), doc.Lookup("tags.0"), doc.Lookup("nothing").Exists())

	var cup struct {
		Price int      `json:"price"`
		Tags  []string `json:"tags"`
	}
	check(doc.Decode(&cup))
	fmt.Println(cup.Price, cup.Tags)
	// Output:
	// {"_id":"cup","price":40,"tags":["clay"],"spec":{"colour":"white","size":2}}
	// "white" "clay" false
	// 40 [clay]
}

func ExampleDocRef_Update() {
	db, products := shop()
	defer db.Close()

	cup := products.Doc("cup")
	_, err := cup.Update(ctx, virga.M{
		"price": query.Mul(2),
		"tags":  query.Push("sale", "new"),
		"spec":  virga.M{"colour": "green"}, // merges: the size stays
	})
	check(err)
	doc, err := cup.Get(ctx)
	fmt.Println(doc, err)

	_, err = cup.Update(ctx, virga.M{"spec": query.Set(virga.M{"colour": "red"}), "tags": query.Remove()})
	check(err)
	doc, err = cup.Get(ctx)
	fmt.Println(doc, err)
	// Output:
	// {"_id":"cup","price":80,"tags":["clay","sale","new"],"spec":{"colour":"green","size":2}} <nil>
	// {"_id":"cup","price":80,"spec":{"colour":"red"}} <nil>
}

func ExampleCollection_Where() {
	db, products := shop()
	defer db.Close()

	docs, err := products.Where(virga.M{
		"price": query.Gte(40).Lt(300),
		"tags":  query.In([]string{"clay", "wood"}), // one of the elements
		"spec":  virga.M{"colour": "white"},         // whatever else spec holds
	}).Get(ctx)
	fmt.Println(docs[0].ID(), len(docs), err)
	// Output: "cup" 1 <nil>
}

func ExampleQuery_Each() {
	db, products := shop()
	defer db.Close()

	for doc, err := range products.Where(nil).OrderBy("price", virga.Desc).Field(virga.M{"price": true}).Each(ctx) {
		check(err)
		fmt.Println(doc)
		if price, _ := doc.Lookup("price").Int64(); price < 200 {
			break
		}
	}
	// Output:
	// {"_id":"pot","price":300}
	// {"_id":"tea","price":120}
}

func ExampleQuery_After() {
	db, products := shop()
	defer db.Close()

	byPrice := products.Where(nil).OrderBy("price", virga.Asc).Limit(2)
	for page, last := 1, (virga.Doc{}); ; page++ {
		docs, err := byPrice.After(last).Get(ctx)
		check(err)
		if len(docs) == 0 {
			break
		}
		last = docs[len(docs)-1]
		fmt.Println("page", page, "ends with", last.ID())
	}
	// Output:
	// page 1 ends with "tea"
	// page 2 ends with "pot"
}

func ExampleQuery_Update() {
	db, products := shop()
	defer db.Close()

	res, err := products.Where(virga.M{"tags": "new"}).Update(ctx, virga.M{"price": query.Inc(-20), "tags": query.Pull("new")})
	fmt.Printf("%+v %v\n", res, err)
	// Output: {Matched:2 Updated:2} <nil>
}

func ExampleQuery_UpdateAndReturn() {
	db, _ := shop()
	defer db.Close()
	jobs := db.Collection("jobs")
	_, err := jobs.AddMany(ctx, []virga.M{{"_id": 1, "state": "open"}, {"_id": 2, "state": "open"}})
	check(err)

	// Whoever takes a job is the only one who gets it.
	next := jobs.Where(virga.M{"state": "open"}).OrderBy("_id", virga.Asc)
	for range 3 {
		res, err := next.UpdateAndReturn(ctx, virga.M{"state": "taken"})
		check(err)
		fmt.Println(res.Updated, res.Doc)
	}
	// Output:
	// 1 {"_id":1,"state":"taken"}
	// 1 {"_id":2,"state":"taken"}
	// 0
}

func ExampleQuery_Distinct() {
	db, products := shop()
	defer db.Close()

	tags, err := products.Where(virga.M{"price": query.Gt(50)}).Distinct(ctx, "tags")
	fmt.Println(tags, err)
	// Output: [clay new] <nil>
}

func ExampleOf() {
	db, products := shop()
	defer db.Close()

	type product struct {
		ID    string `json:"_id"`
		Price int    `json:"price"`
	}
	cheap, err := virga.Of[product](products).Where(virga.M{"price": query.Lt(200)}).OrderBy("price", virga.Desc).Get(ctx)
	fmt.Printf("%+v %v\n", cheap, err)
	// Output: [{ID:tea Price:120} {ID:cup Price:40}] <nil>
}

func ExampleError() {
	db, products := shop()
	defer db.Close()

	_, err := products.Doc("tea").Update(ctx, virga.M{"tags": query.Inc(1)})
	fmt.Println(err)
	fmt.Println(errors.Is(err, virga.ErrInvalid))
	if e := new(virga.Error); errors.As(err, &e) {
		fmt.Println(e.Op, e.Collection, e.ID, e.Path, e.Number)
	}
	// Output:
	// update products/"tea": tags: $inc needs a number, found array: invalid argument
	// true
	// update products "tea" tags -501007
}

func ExampleCollection_CreateIndex() {
	db, products := shop()
	defer db.Close()

	check(products.CreateIndex(ctx, index.Spec{Fields: index.By("tags", "-price")}))
	plan, err := products.Where(virga.M{"tags": "new", "price": query.Gt(100)}).OrderBy("price", virga.Desc).Hint("tags_-price").Explain(ctx)
	check(err)
	fmt.Println(plan)

	err = products.CreateIndex(ctx, index.Spec{Fields: index.By("stock"), Unique: true})
	fmt.Println(errors.Is(err, virga.ErrDuplicate)) // two products have none
	// Output:
	// index tags_-price ["new", (100, +inf)] | fetch
	// true
}

func ExampleCollection_Bulk() {
	db, products := shop()
	defer db.Close()

	res, err := products.Bulk().Insert(virga.M{"_id": "jug"}).Update("cup", virga.M{"price": 45}).Remove("pot").Commit(ctx)
	fmt.Println(res.Inserted, res.Updated, res.Removed, err)
	// Output: 1 1 1 <nil>
}

func ExampleDB_RunTransaction() {
	db, products := shop()
	defer db.Close()

	sell := func(n int64) error {
		return db.RunTransaction(ctx, func(ctx context.Context, tx *virga.Tx) error {
			tea, err := tx.Collection("products").Doc("tea").Get(ctx)
			if err != nil {
				return err
			}
			if stock, _ := tea.Lookup("stock").Int64(); stock < n {
				return tx.Rollback(errors.New("sold out"))
			}
			if _, err := tx.Collection("products").Doc("tea").Update(ctx, virga.M{"stock": query.Inc(-n)}); err != nil {
				return err
			}
			_, err = tx.Collection("orders").Add(ctx, virga.M{"item": "tea", "n": n})
			return err
		})
	}
	fmt.Println(sell(5), sell(5))
	tea, err := products.Doc("tea").Get(ctx)
	fmt.Println(tea.Lookup("stock"), err)
	// Output:
	// <nil> sold out
	// 2 <nil>
}

func ExampleQuery_Watch() {
	db, products := shop()
	defer db.Close()

	stream, err := products.Where(virga.M{"price": query.Lt(100)}).Watch(ctx)
	check(err)
	defer stream.Close()
	for snap, err := range stream.All(ctx) {
		check(err)
		change := snap.Changes[0]
		fmt.Println(len(snap.Docs), change.QueueType, change.DocID)
		if snap.Type != watch.TypeInit {
			break
		}
		_, err = products.Doc("tea").Update(ctx, virga.M{"price": 99})
		check(err)
	}
	// Output:
	// 1 init "cup"
	// 2 enqueue "tea"
}

func ExampleCollection_SetSchema() {
	ctx := context.Background()
	db, err := virga.Open(virga.Memory)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	products := db.Collection("products")
	err = products.SetSchema(ctx, virga.Schema{JSON: `{
		"required": ["price"],
		"properties": {"price": {"type": "number", "minimum": 0}}
	}`})
	if err != nil {
		log.Fatal(err)
	}
	_, err = products.Add(ctx, virga.M{"price": "cheap"})
	var fit *virga.SchemaError
	if errors.As(err, &fit) {
		fmt.Println(fit.Violations[0].Pointer, "-", fit.Violations[0].Text)
	}
	// Output:
	// /price - got string, want number
}
