package query

import (
	"math"

	"github.com/virgadb/virga/document"
)

// A numeric is one of the stored forms of a number that $type tells apart.
type numeric uint8

const (
	numericInt    numeric = 1 << iota // an integer of 32 bits
	numericLong                       // an integer beyond that
	numericDouble                     // a floating-point number
)

// types is what a $type asks for.
type types struct {
	kinds    uint16 // a bit for each document.Kind except Number
	numerics numeric
}

// typeNames holds the types by name, with the numbers they also go by. Some
// belong to no value that is stored here; asking for them is right and finds
// nothing.
var typeNames = []struct {
	name     string
	number   int64
	kind     document.Kind
	numerics numeric
}{
	{"double", 1, document.Missing, numericDouble},
	{"string", 2, document.String, 0},
	{"object", 3, document.Object, 0},
	{"array", 4, document.Array, 0},
	{"binData", 5, document.Binary, 0},
	{"undefined", 6, document.Missing, 0},
	{"objectId", 7, document.Missing, 0},
	{"bool", 8, document.Bool, 0},
	{"date", 9, document.Date, 0},
	{"null", 10, document.Null, 0},
	{"regex", 11, document.Regexp, 0},
	{"dbPointer", 12, document.Missing, 0},
	{"javascript", 13, document.Missing, 0},
	{"symbol", 14, document.Missing, 0},
	{"javascriptWithScope", 15, document.Missing, 0},
	{"int", 16, document.Missing, numericInt},
	{"timestamp", 17, document.Missing, 0},
	{"long", 18, document.Missing, numericLong},
	{"decimal", 19, document.Missing, 0},
	{"minKey", -1, document.Missing, 0},
	{"maxKey", 127, document.Missing, 0},
	{"number", noNumber, document.Missing, numericInt | numericLong | numericDouble},
}

// noNumber marks a type that only goes by its name.
const noNumber = math.MinInt64

// add lets t also admit the type that v names, and reports whether there is one.
func (t *types) add(v document.Value) bool {
	number, isNumber := v.Int64()
	for _, n := range typeNames {
		byNumber := isNumber && n.number == number && number != noNumber
		if byNumber || v.Kind() == document.String && string(v.Bytes()) == n.name {
			if n.kind != document.Missing {
				t.kinds |= 1 << n.kind
			}
			t.numerics |= n.numerics
			return true
		}
	}
	return false
}

// has reports whether v is of one of the types of t.
func (t *types) has(v document.Value) bool {
	kind := v.Kind()
	if kind != document.Number {
		return t.kinds>>kind&1 != 0
	}
	if !v.IsInt() {
		return t.numerics&numericDouble != 0
	}
	if n, _ := v.Int64(); n == int64(int32(n)) {
		return t.numerics&numericInt != 0
	}
	return t.numerics&numericLong != 0
}
