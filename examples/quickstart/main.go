// Quickstart opens a database in a temporary folder, fills it with cities, asks
// it questions, changes it, and finds everything again after closing it.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/query"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "virga-quickstart-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "world.virga")

	db, err := virga.Open(path)
	if err != nil {
		return err
	}
	defer db.Close() // closing twice is harmless
	fmt.Println("opened", path)

	if err := fill(ctx, db); err != nil {
		return err
	}
	if err := ask(ctx, db); err != nil {
		return err
	}
	if err := change(ctx, db); err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	return reopen(ctx, path)
}

// fill stores all cities in one atomic step.
func fill(ctx context.Context, db *virga.DB) error {
	ids, err := db.Collection("cities").AddMany(ctx, cities)
	if err != nil {
		return err
	}
	fmt.Printf("stored %d cities, the first as %s\n", len(ids), ids[0])
	return nil
}

// ask runs three queries.
func ask(ctx context.Context, db *virga.DB) error {
	all := db.Collection("cities")

	fmt.Println("\nthe largest capitals on a coast:")
	capitals := virga.Of[city](all).Where(virga.M{"tags": query.All([]string{"capital", "coast"})})
	for c, err := range capitals.OrderBy("population", virga.Desc).Limit(5).Each(ctx) {
		if err != nil {
			return err
		}
		fmt.Printf("  %-10s %s %6d thousand\n", c.Name, c.Country, c.Population)
	}

	southern, err := all.Where(virga.M{"loc.coordinates.1": query.Lt(0)}).Count(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d of the cities lie south of the equator\n", southern)

	countries, err := all.Where(virga.M{"population": query.Gte(10000)}).Distinct(ctx, "country")
	if err != nil {
		return err
	}
	fmt.Println("countries with a city of ten millions:", countries)
	return nil
}

// change updates some documents and removes others.
func change(ctx context.Context, db *virga.DB) error {
	all := db.Collection("cities")
	updated, err := all.Where(virga.M{"country": "JP"}).Update(ctx, virga.M{
		"population": query.Inc(100),
		"tags":       query.AddToSet("island"),
		"seen":       virga.M{"by": "quickstart", "at": query.ServerDate(0)},
	})
	if err != nil {
		return err
	}
	fmt.Printf("\nupdated %d Japanese cities", updated.Updated)

	removed, err := all.Where(virga.M{"population": query.Lt(1000)}).Remove(ctx)
	if err != nil {
		return err
	}
	fmt.Printf(", removed %d small ones\n", removed.Removed)
	return nil
}

// reopen opens the database again and shows a document as it was left.
func reopen(ctx context.Context, path string) error {
	db, err := virga.Open(path)
	if err != nil {
		return err
	}
	defer db.Close()
	tokyo, err := db.Collection("cities").Where(virga.M{"name": "Tokyo"}).One(ctx)
	if err != nil {
		return err
	}
	fmt.Println("after reopening:", tokyo)
	return nil
}
