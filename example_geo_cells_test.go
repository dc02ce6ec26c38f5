//go:build cgo

package virga_test

import (
	"encoding/json"
	"fmt"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// A heat map: how many shops there are in each hexagon of some five square kilometres,
// as GeoJSON for a map viewer.
func ExampleAggregation_H3Bucket() {
	db, shops := places()
	defer db.Close()
	check(shops.CreateIndex(ctx, index.Spec{Geo: "place"}))
	heat, err := shops.Aggregate().H3Bucket("place", 7).All(ctx)
	check(err)
	var features []virga.M
	for _, row := range heat {
		var bucket struct {
			Cell  geo.Cell `json:"_id"`
			Count int      `json:"count"`
		}
		check(row.Decode(&bucket))
		fmt.Println(bucket.Cell, bucket.Count)
		hexagon, err := bucket.Cell.MapBoundary()
		check(err)
		features = append(features, virga.M{"type": "Feature", "geometry": hexagon, "properties": bucket})
	}
	text, err := json.Marshal(virga.M{"type": "FeatureCollection", "features": features})
	check(err)
	fmt.Println(string(text[:44]), "…")
	// Output:
	// 87411caa0ffffff 1
	// 87411caa6ffffff 2
	// 87411cb36ffffff 1
	// {"features":[{"geometry":{"type":"Polygon"," …
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
