// Package index describes composite B-tree indexes.
//
// A [Spec] says which fields of a collection an index holds and in which order:
//
//	err := products.CreateIndex(ctx, index.Spec{Fields: index.By("category", "-price")})
//
// An index serves conditions on its first field, or its first fields, and an
// order that runs along them, in both directions. A field that holds an array has
// an entry for each element. One array may run through an index: two fields may
// be inside the same array, not inside different ones. A unique index refuses a
// second document with the same values, where a missing field counts as null; a
// sparse one leaves out documents that have none of its fields.
//
// With Geo one of the fields is indexed by where on the Earth it is: it holds GeoJSON,
// as package geo has it, or an array of it. What is none makes the write fail.
// Documents whose geo field is missing, null or an empty array are not in the index.
// It serves near, within and intersects on that field, where conditions say what the
// fields before it equal:
//
//	err := shops.CreateIndex(ctx, index.Spec{Fields: index.By("category"), Geo: "place"})
//
// Points are found by their H3 cells, other geometries by up to 8 cells that cover
// them. Making entries needs a program built with cgo; searching does not.
//
// An index has at most 31 fields, and a document at most 10,000 different entries
// in it, of 4 MiB together. Of values longer than 1,024 bytes it tells no order,
// and a unique index refuses them.
//
// The other names are for the database's own use: an [Index] is a compiled Spec,
// its [Entry] values are what the store holds for a document, a [Span] is one
// unbroken stretch of them.
package index
