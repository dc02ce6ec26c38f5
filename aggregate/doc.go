// Package aggregate has the stages and operators of aggregation pipelines, and runs
// them. A pipeline begins with the documents of a collection; each stage makes
// other documents of those that come:
//
//	rows, err := products.Aggregate().
//		Match(virga.M{"price": query.Gt(0)}).
//		Group("$category", virga.M{"revenue": aggregate.Sum(aggregate.Multiply("$price", "$sold"))}).
//		Sort(virga.D{{"revenue", -1}}).
//		All(ctx)
//
// In expressions a string that begins with $ is the value of a field, by its dotted
// path, and one that begins with $$ a variable: "$$ROOT" is the whole document,
// "$$REMOVE" no value. The functions of this package make operators; every other
// value stands for itself, as [Literal] makes strings do. An object is computed
// field by field. A [Pipeline] is a pipeline without a collection, for the stages
// that contain one.
//
// # Meaning
//
// Stages and operators mean what MongoDB's of the same name do. Beyond that: groups
// come in the order of their keys, those of an object field by field, ties of a sort
// in the order in which they come, and documents of a collection by _id. The _id of
// a group of equal numbers is written as the integer, where one of them is. A sum or
// average of floats is the exact one, rounded once: neither order nor the number of
// processors matters. What a field path reads
// beyond an array is the array of what its objects have there; numbers in paths of
// expressions are names of fields.
//
// # Limits
//
// What an index has is not read from documents, and of documents that are held only
// those fields that later stages look at. A $group whose documents an index has in
// the order of the key yields each group when it is complete, and then a $sort by
// _id is left out; Explain tells of all this.
//
// Stages stream where they can. One that cannot (sort, group, buckets, facet) holds
// up to 100 MiB, or a quarter of the memory of the database when that is less, and
// goes on in temporary files in the folder of the database, in that of the system
// for one in memory. They end with the pipeline; what a killed process leaves on a
// system that cannot remove open files goes when the database is opened again. A document, and so a
// group with [Push], has at most 16 MiB. A pipeline has at most 1000 stages, and
// pipelines are nested at most 20 levels. Stages that belong to a server ($collStats
// and the like), $setWindowFields, $densify and $fill are
// ErrNotImplemented.
package aggregate
