// Package query is the language of filters and updates: the commands users
// write, and the compiled forms the engine runs on stored bytes.
//
// A filter is an object of paths and what each must hold. A plain value asks
// for equality, a command asks for anything else:
//
//	virga.M{"price": query.Gt(100).Lt(500), "tags": "new"}
//	query.Or(virga.M{"stock": 0}, virga.M{"spec": virga.M{"colour": "green"}})
//
// # Two doors
//
// A plain nested object in a filter stands for the dotted paths below it:
// {"spec": {"colour": "green"}} is {"spec.colour": "green"}, whatever else spec
// holds. The same object inside [Eq], [ElemMatch], or a key that starts with
// "$", is one exact value, in which the order of the fields counts, as it is
// everywhere in MongoDB. [Raw] makes a whole filter or update of that form. An
// empty nested object is always exactly that.
//
// # Matching
//
// A path walks through objects. At an array it goes on into each element that
// is an object, and a segment that is a number also takes the element at that
// place. A condition holds when one of the values so reached meets it; an array
// at the end of the path is met by itself or by one of its elements. The
// negative commands ([Neq], [Nin], [Not], [Nor]) hold exactly when the positive
// form does not, hence also for a missing field. Ranges only compare values of
// one kind. null asks for null or missing.
//
// # Places
//
// [GeoWithin] and [GeoIntersects] ask of the geometries that package geo describes,
// and hold for none that is malformed. [GeoNear] asks for a distance, and orders the
// documents of a query by it, the nearest first and ties by _id, unless the query has
// an order of its own. Counting, updating and removing take it as a condition. Distances
// are metres. [H3Within] asks for points in cells of the H3 grid. An operand that breaks
// a rule of GeoJSON is ErrInvalid when the query runs.
//
// # Limits
//
// A filter nests at most 100 levels, has at most 65,536 conditions and 16 MiB
// of operands, of which at most 1,000 are regular expressions of together 64 KiB.
// A path has at most 16 segments that are numbers, because each of them may be
// read in two ways. A regular expression that needs backtracking has a second to
// match one string. The loops of an expression ([Expr]) may turn some four million
// times for one document.
package query
