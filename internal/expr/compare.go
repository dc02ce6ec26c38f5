package expr

import "github.com/virgadb/virga/document"

// comparisons holds the operators that compare, by the order of all values.
var comparisons = table{
	"$cmp": {min: 2, max: 2, fn: func(e *Env, args []document.Value) (document.Value, error) {
		return e.integer(int64(document.Compare(args[0], args[1]))), nil
	}},
	"$eq":  {min: 2, max: 2, fn: equality(true)},
	"$ne":  {min: 2, max: 2, fn: equality(false)},
	"$gt":  {min: 2, max: 2, fn: order(func(c int) bool { return c > 0 })},
	"$gte": {min: 2, max: 2, fn: order(func(c int) bool { return c >= 0 })},
	"$lt":  {min: 2, max: 2, fn: order(func(c int) bool { return c < 0 })},
	"$lte": {min: 2, max: 2, fn: order(func(c int) bool { return c <= 0 })},
}

func equality(wanted bool) function {
	return func(_ *Env, args []document.Value) (document.Value, error) {
		return boolean(document.Equal(args[0], args[1]) == wanted), nil
	}
}

func order(holds func(int) bool) function {
	return func(_ *Env, args []document.Value) (document.Value, error) {
		return boolean(holds(document.Compare(args[0], args[1]))), nil
	}
}
