//go:build cgo

package virga_test

import (
	"fmt"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// A heat map: how many shops there are in each hexagon of some five square kilometres,
// and the hexagon itself for the map.
func ExampleAggregation_H3Bucket() {
	db, shops := places()
	defer db.Close()
	check(shops.CreateIndex(ctx, index.Spec{Geo: "place"}))
	heat, err := shops.Aggregate().H3Bucket("place", 7).All(ctx)
	check(err)
	for _, row := range heat {
		text, _ := row.Lookup("_id").Text()
		cell, err := geo.ParseCell(text)
		check(err)
		hexagon, err := cell.MapBoundary()
		check(err)
		fmt.Println(cell, row.Lookup("count"), hexagon.Type())
	}
	// Output:
	// 87411caa0ffffff 1 Polygon
	// 87411caa6ffffff 2 Polygon
	// 87411cb36ffffff 1 Polygon
}

// Shops in the cell of a place, and in those around it.
func ExampleCollection_Where_cells() {
	db, shops := places()
	defer db.Close()
	cell, err := geo.CellOf(geo.Point{114.06, 22.54}, 9)
	check(err)
	disk, err := cell.Disk(1)
	check(err)
	docs, err := shops.Where(virga.M{"place": query.H3Within(disk...)}).Get(ctx)
	check(err)
	for _, doc := range docs {
		fmt.Println(doc.ID())
	}
	// Output:
	// "pots"
}
