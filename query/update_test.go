package query

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

type (
	m = document.M
	d = document.D
)

var testNow = time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC)

// fromJSON returns the document that text is in extended JSON.
func fromJSON(t testing.TB, text string) document.Doc {
	t.Helper()
	v, err := document.ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return mustEncode(t, v)
}

func ptr(n int) *int { return &n }

// TestUpdate holds what data makes of a document: the document after it, or, as
// "!path: text", the path and a part of the error. An empty outcome means the
// document stays as it is.
func TestUpdate(t *testing.T) {
	tests := []struct {
		name string
		doc  string
		data any
		want string
	}{
		// The examples of the specification.
		{"nested objects merge", `{"a":{"b":1}}`, m{"a": m{"c": 2}}, `{"a":{"b":1,"c":2}}`},
		{"set replaces", `{"a":{"b":1}}`, m{"a": Set(m{"c": 2})}, `{"a":{"c":2}}`},
		{"below null", `{"a":null}`, m{"a": m{"c": 2}}, `!a.c: cannot create field "c" in element {a: null}`},
		{"missing fields", `{}`, d{{"n", Inc(2)}, {"m", Mul(3)}, {"p", Push(1)}, {"q", Max(5)}}, `{"n":2,"m":0,"p":[1],"q":5}`},
		{"missing fields in the order of their values", `{}`, d{{"n.y", Remove()}, {"p.x", Pop()}, {"a", Mul(1)}, {"n.x", Min(3)}, {"p.y", Push(1)}}, `{"a":0,"n":{"x":3},"p":{"y":[1]}}`},
		{"push spreads", `{"p":[1]}`, m{"p": Push([]int{2, 3})}, `{"p":[1,2,3]}`},
		{"push of an array", `{"p":[1]}`, m{"p": Push([][]int{{2, 3}})}, `{"p":[1,[2,3]]}`},
		{"push, sort, slice", `{"p":[3,1]}`, m{"p": PushWith(PushOptions{Each: []any{2}, Sort: 1, Slice: ptr(-2)})}, `{"p":[2,3]}`},
		{"push before the last", `{"p":[1,2]}`, m{"p": PushWith(PushOptions{Each: []any{9}, Position: ptr(-1)})}, `{"p":[1,9,2]}`},
		{"in the set already", `{"p":[1,2,2]}`, m{"p": AddToSet(2)}, ``},
		{"pull by condition", `{"p":[{"x":1,"y":1},{"x":1}]}`, m{"p": Pull(m{"x": 1})}, `{"p":[]}`},
		{"pullAll by equality", `{"p":[{"x":1,"y":1},{"x":1}]}`, m{"p": PullAll([]any{m{"x": 1}})}, `{"p":[{"x":1,"y":1}]}`},
		{"remove of an element", `{"p":[1,2]}`, m{"p.0": Remove()}, `{"p":[null,2]}`},
		{"remove in nested form", `{"arr":[{"sub":1,"x":2},3]}`, m{"arr": m{"0": m{"sub": Remove()}, "1": Remove()}}, `{"arr":[{"x":2},null]}`},

		// The door.
		{"empty object changes nothing", `{"a":{"b":1}}`, m{"a": m{}}, ``},
		{"set of an empty object", `{"a":{"b":1}}`, m{"a": Set(m{})}, `{"a":{}}`},
		{"leaves", `{}`, d{{"l", []any{m{"a": 1}}}, {"n", nil}, {"t", time.UnixMilli(0)}, {"b", []byte{1}}},
			`{"l":[{"a":1}],"n":null,"t":{"$date":"1970-01-01T00:00:00Z"},"b":{"$binary":{"base64":"AQ==","subType":"00"}}}`},
		{"structs merge", `{"a":{"X":1}}`, m{"a": struct{ Y int }{2}}, `{"a":{"X":1,"Y":2}}`},
		{"object values merge", `{"a":{"b":1}}`, m{"a": mustValue(m{"c": m{"d": 2}}), "e": fromJSON(t, `{"f":1}`)}, `{"a":{"b":1,"c":{"d":2}},"e":{"f":1}}`},
		{"types with a form of their own are set", `{"a":{"b":1}}`, m{"a": ownForm{}}, `{"a":{"own":true}}`},
		{"D keeps its order", `{}`, d{{"z", 1}, {"a", d{{"y", 1}, {"b", 2}}}}, `{"z":1,"a":{"y":1,"b":2}}`},
		{"raw operators beside fields", `{"n":1}`, m{"$inc": m{"n": 1}, "$set": m{"o": m{"x": 1}}, "b": 2}, `{"n":2,"o":{"x":1},"b":2}`},
		{"missing values are left out", `{"a":1}`, m{"a": document.Value{}, "b": 2}, `{"a":1,"b":2}`},
		{"server date", `{}`, d{{"a", document.ServerDate{}}, {"b", Set(document.ServerDate{Offset: time.Second})}, {"c", Push(document.ServerDate{})}},
			`{"a":{"$date":"2024-05-06T07:08:09.123Z"},"b":{"$date":"2024-05-06T07:08:10.123Z"},"c":[{"$date":"2024-05-06T07:08:09.123Z"}]}`},
		{"server date deep down", `{"t":{"$date":"2030-01-01T00:00:00Z"}}`,
			d{{"t", Min(document.ServerDate{})}, {"l", PushWith(PushOptions{Each: []any{m{"at": document.ServerDate{}}}})}},
			`{"t":{"$date":"2024-05-06T07:08:09.123Z"},"l":[{"at":{"$date":"2024-05-06T07:08:09.123Z"}}]}`},
		{"empty data", `{}`, m{}, `!: must not be empty`},
		{"nil data", `{}`, nil, `!: must be an object`},
		{"data that is no object", `{}`, 5, `!: must be an object, not number`},
		{"command as data", `{}`, Inc(1), `!: inc is no update data`},
		{"pipeline", `{}`, []m{{"$set": m{"a": 1}}}, `!: pipeline`},
		{"_id", `{"_id":1}`, m{"_id": 1}, `!_id: _id cannot be updated`},
		{"below _id", `{"_id":{"a":1}}`, m{"_id.a": 1}, `!_id: _id cannot be updated`},
		{"_id as it is", `{"_id":1}`, m{"$set": m{"_id": 1.0}}, ``},
		{"another _id", `{"_id":1}`, m{"$set": m{"_id": 2}}, `!_id: would change _id`},
		{"_id renamed", `{"_id":1}`, m{"$rename": m{"_id": "x"}}, `!_id: would change _id`},
		{"_id of a document without", `{}`, m{"$set": m{"_id": 2}}, `!_id: would change _id`},
		{"query command", `{}`, m{"a": Gt(1)}, `!a: gt is no update command`},
		{"query command in an array", `{}`, m{"a": []any{Gt(1)}}, `!a: gt`},
		{"query command in set", `{}`, m{"a": Set(m{"b": Gt(1)})}, `!a: gt`},
		{"update command in an operand", `{}`, m{"a": Set(m{"b": Inc(1)})}, `!a: inc`},
		{"raw query operator", `{}`, m{"a": m{"$gt": 1}}, `!a: $gt is no value`},
		{"aggregation operator", `{}`, m{"a": m{"$add": []any{1, 2}}}, `!a: $add is no value`},
		{"unknown operator", `{}`, m{"$foo": m{"a": 1}}, `!: $foo is no update operator`},
		{"currentDate", `{}`, m{"$currentDate": m{"a": true}}, `!: ServerDate`},
		{"setOnInsert", `{}`, m{"$setOnInsert": m{"a": true}}, `!: never insert`},
		{"raw without operators", `{}`, Raw(m{"a": 1}), `!a: operators only`},
		{"raw does not merge", `{"a":{"b":1}}`, Raw(m{"$set": m{"a": m{"c": 2}}}), `{"a":{"c":2}}`},
		{"empty operand", `{"a":1}`, Raw(m{"$set": m{}}), ``},
		{"operand that is no object", `{}`, Raw(m{"$set": 5}), `!: $set needs an object`},
		{"stored keys", `{}`, m{"a": Set(m{"x": m{"b.c": 1}})}, `!a: x.b.c`},
		{"stored keys of values", `{}`, m{"a": Push(document.FromRaw(mustValue(m{"$x": 1}).Raw()))}, `!a: $x`},

		// Conflicts.
		{"same path twice", `{}`, d{{"a", m{"b": 1}}, {"a.b", 2}}, `!a.b: conflict`},
		{"child after parent", `{}`, d{{"a", 1}, {"a.b", 2}}, `!a.b: conflict at "a"`},
		{"parent after child", `{}`, d{{"a.b.c", 1}, {"a.b", 2}}, `!a.b: conflict at "a.b"`},
		{"element and every element", `{"a":[1,2]}`, d{{"a.$[]", 1}, {"a.0", 2}}, `!a.0: conflict`},
		{"element and every element apart", `{"a":[{},{}]}`, d{{"a.$[].x", 1}, {"a.0.y", 2}}, `{"a":[{"x":1,"y":2},{"x":1}]}`},
		{"similar names", `{}`, d{{"a", 1}, {"ab", 2}}, `{"a":1,"ab":2}`},

		// Paths.
		{"created objects", `{}`, m{"a.b.c": 1}, `{"a":{"b":{"c":1}}}`},
		{"numbers are names in objects", `{}`, m{"a.0.1": "x"}, `{"a":{"0":{"1":"x"}}}`},
		{"padding", `{"a":[1]}`, m{"a.3": 9}, `{"a":[1,null,null,9]}`},
		{"padding with several", `{"a":[1]}`, d{{"a.4", 4}, {"a.2.x", 2}}, `{"a":[1,null,{"x":2},null,4]}`},
		{"padding to empty", `{"a":[]}`, m{"a.1": 9}, `{"a":[null,9]}`},
		{"no padding for nothing", `{"a":[1]}`, m{"a.5": Remove()}, ``},
		{"too much padding", `{"a":[1]}`, m{"a.1500002": 9}, `!a.1500002: more than 1500000 nulls`},
		{"index beyond counting", `{"a":[1]}`, m{"a.99999999999999999999": 9}, `!a.99999999999999999999: nulls`},
		{"name in an array", `{"a":[1]}`, m{"a.b": 9}, `!a.b: cannot create field "b" in element {a: array}`},
		{"leading zero in an array", `{"a":[1]}`, m{"a.00": 9}, `!a.00: cannot create`},
		{"below text", `{"a":"x"}`, m{"a.b.c": 9}, `!a.b.c: cannot create field "c"`},
		{"remove below text", `{"a":"x"}`, m{"a.b.c": Remove()}, ``},
		{"pull below text", `{"a":"x"}`, m{"a.b": Pull(1)}, `!a.b: cannot create`},
		{"pull below nothing", `{}`, m{"a.b": Pull(1)}, ``},
		{"nothing is created for nothing", `{}`, d{{"a.b", Remove()}, {"a.c", Pop()}}, ``},
		{"every element", `{"a":[1,2]}`, m{"a.$[]": Inc(1)}, `{"a":[2,3]}`},
		{"every field of elements", `{"a":[{"b":1},{}]}`, m{"a.$[].b": Inc(1)}, `{"a":[{"b":2},{"b":1}]}`},
		{"every element of every element", `{"a":[[1],[2,3]]}`, m{"a.$[].$[]": Mul(2)}, `{"a":[[2],[4,6]]}`},
		{"every element of nothing", `{}`, m{"a.$[]": 1}, `!a: must lead to an array`},
		{"every element of an object", `{"a":{}}`, m{"a.$[]": 1}, `!a.$[]: a holds object`},
		{"a field of every scalar", `{"a":[1]}`, m{"a.$[].b": 1}, `!a.$[].b: cannot create field "b" in element {$[]: 1}`},
		{"array filter", `{"a":[1]}`, m{"a.$[x]": 1}, `!a.$[x]: array filters`},
		{"position without filter", `{"a":[1]}`, m{"a.$": 1}, `!a.$: the filter has no condition`},
		{"two positions", `{"a":[1]}`, m{"a.$.b.$": 1}, `!a.$.b.$: more than one $`},
		{"position first", `{"a":[1]}`, Raw(m{"$set": m{"$.a": 1}}), `!$.a: no array before $`},
		{"dollar name", `{}`, Raw(m{"$set": m{"a.$b": 1}}), `!a.$b: dollar`},
		{"empty segment", `{}`, m{"a..b": 1}, `!a..b: empty segment`},
		{"empty path", `{}`, m{"": 1}, `!: empty segment`},
		{"zero byte", `{}`, m{"a\x00": 1}, "!a\x00: zero byte"},
		{"not UTF-8", `{}`, m{"a\xff": 1}, "!a\xff: UTF-8"},

		// Field operators.
		{"set changes the type", `{"a":1}`, m{"a": 1.0}, `{"a":1.0}`},
		{"inc by a float", `{"a":1}`, m{"a": Inc(1.0)}, `{"a":2.0}`},
		{"inc of a float", `{"a":1.5}`, m{"a": Inc(1)}, `{"a":2.5}`},
		{"inc by nothing", `{"a":1}`, m{"a": Inc(0)}, ``},
		{"inc exactly", `{"a":9007199254740993}`, m{"a": Inc(1)}, `{"a":9007199254740994}`},
		{"inc over 64 bits", `{"a":9223372036854775807}`, m{"a": Inc(1)}, `!a: $inc of 9223372036854775807 and 1 gives a number over 64 bits`},
		{"inc under 64 bits", `{"a":-9223372036854775808}`, m{"a": Inc(-1)}, `!a: over 64 bits`},
		{"inc over 64 bits as a float", `{"a":9223372036854775807}`, m{"a": Inc(1.0)}, `{"a":9223372036854775808.0}`},
		{"inc of null", `{"a":null}`, m{"a": Inc(1)}, `!a: $inc needs a number, found null`},
		{"inc by text", `{"a":1}`, m{"a": Inc("1")}, `!a: $inc: needs a number, found string`},
		{"mul", `{"a":3}`, m{"a": Mul(-4)}, `{"a":-12}`},
		{"mul over 64 bits", `{"a":4611686018427387904}`, m{"a": Mul(2)}, `!a: over 64 bits`},
		{"mul to the smallest", `{"a":4611686018427387904}`, m{"a": Mul(-2)}, `{"a":-9223372036854775808}`},
		{"mul of the smallest", `{"a":-9223372036854775808}`, m{"a": Mul(-1)}, `!a: over 64 bits`},
		{"mul by the smallest", `{"a":-1}`, m{"a": Mul(math.MinInt64)}, `!a: over 64 bits`},
		{"mul of nothing by a float", `{}`, m{"a": Mul(2.5)}, `{"a":0.0}`},
		{"mul of text", `{"a":"x"}`, m{"a": Mul(2)}, `!a: $mul needs a number, found string`},
		{"min across kinds", `{"a":5}`, m{"a": Min(nil)}, `{"a":null}`},
		{"max across kinds", `{"a":true}`, m{"a": Max("z")}, ``},
		{"max of equals", `{"a":1}`, m{"a": Max(1.0)}, ``},
		{"rename", `{"a":1,"b":2}`, m{"a": Rename("c.d")}, `{"b":2,"c":{"d":1}}`},
		{"rename over", `{"a":1,"b":2,"c":3}`, m{"c": Rename("a")}, `{"a":3,"b":2}`},
		{"rename to the same value", `{"a":1,"b":1}`, m{"a": Rename("b")}, `{"b":1}`},
		{"rename of nothing", `{"b":1}`, m{"a": Rename("b")}, ``},
		{"rename of nothing below an object", `{"a":{}}`, m{"a.b.c": Rename("d")}, ``},
		{"rename of nothing behind an array", `{"a":[1]}`, m{"a.1": Rename("d")}, ``},
		{"rename below a number", `{"a":5}`, m{"a.b": Rename("c")}, `!a.b: cannot create`},
		{"rename below null", `{"a":null}`, m{"a.b.c": Rename("d")}, `!a.b.c: cannot create`},
		{"rename by name in an array", `{"a":[{"b":1}]}`, m{"a.b": Rename("c")}, `!a.b: cannot create`},
		{"rename of nothing to nowhere", `{"b":1}`, m{"a": Rename("b.c")}, ``},
		{"rename to nowhere", `{"a":1,"b":1}`, m{"a": Rename("b.c")}, `!b.c: cannot create`},
		{"rename to itself", `{"a":1}`, m{"a": Rename("a")}, `!a: are the same`},
		{"rename to below", `{"a":1}`, m{"a": Rename("a.b")}, `!a.b: conflict`},
		{"rename from an array", `{"a":[1]}`, m{"a.0": Rename("b")}, `!a.0: leads through an array`},
		{"rename from below an array", `{"a":[{"x":1}]}`, m{"a.0.x": Rename("b")}, `!a.0.x: leads through an array`},
		{"rename into an array", `{"a":1,"l":[{}]}`, m{"a": Rename("l.0.x")}, `!l.0.x: leads through an array`},
		{"rename with a number", `{"a":1}`, Raw(m{"$rename": m{"a": 5}}), `!a: needs the new path as text`},
		{"rename of elements", `{"a":[1]}`, m{"a.$[]": Rename("b")}, `!a.$[]: array elements`},
		{"bits", `{"a":13,"b":3,"c":5}`, m{"a": BitAnd(10), "b": BitOr(5), "c": BitXor(1), "d": BitOr(6)}, `{"a":8,"b":7,"c":4,"d":6}`},
		{"bits in turn", `{"a":13}`, Raw(m{"$bit": d{{"a", d{{"and", 12}, {"or", 3}}}}}), `{"a":15}`},
		{"bits of a float", `{"a":1.0}`, m{"a": BitOr(1)}, `!a: $bit needs an integer`},
		{"bits with a float", `{"a":1}`, Raw(m{"$bit": m{"a": m{"or": 1.0}}}), `!a: or needs an integer`},
		{"bits unknown", `{"a":1}`, Raw(m{"$bit": m{"a": m{"nand": 1}}}), `!a: none of and, or, xor`},
		{"bits of no kind", `{"a":1}`, Raw(m{"$bit": m{"a": m{}}}), `!a: needs an object`},

		// Arrays.
		{"push to null", `{"a":null}`, m{"a": Push(1)}, `!a: $push needs an array, found null`},
		{"push of nothing", `{"a":[1]}`, m{"a": Push()}, ``},
		{"push of nothing to nothing", `{}`, m{"a": Push([]int{})}, `{"a":[]}`},
		{"push in the cloud's form", `{"a":[1,2]}`, m{"a": Push(m{"each": []any{3}, "position": 0, "slice": 2})}, `{"a":[3,1]}`},
		{"push of a plain object", `{}`, m{"a": Push(m{"x": 1})}, `{"a":[{"x":1}]}`},
		{"push many", `{"a":[1]}`, m{"a": Push(2, "x", nil)}, `{"a":[1,2,"x",null]}`},
		{"push over the short head", `{"a":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]}`, m{"a": Push(16)}, `{"a":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}`},
		{"push to the head", `{"a":[1]}`, m{"a": Unshift(2, 3)}, `{"a":[2,3,1]}`},
		{"push far before the head", `{"a":[1]}`, m{"a": PushWith(PushOptions{Each: []any{2}, Position: ptr(-9)})}, `{"a":[2,1]}`},
		{"push far behind the end", `{"a":[1]}`, m{"a": PushWith(PushOptions{Each: []any{2}, Position: ptr(9)})}, `{"a":[1,2]}`},
		{"sort by fields", `{"a":[{"s":1,"n":1},{"s":2},{"n":3},{"s":1,"n":2}]}`, m{"a": PushWith(PushOptions{Sort: d{{"s", -1}, {"n", 1}}})},
			`{"a":[{"s":2},{"s":1,"n":1},{"s":1,"n":2},{"n":3}]}`},
		{"sort down", `{"a":[1,"x",2]}`, m{"a": PushWith(PushOptions{Sort: -1})}, `{"a":["x",2,1]}`},
		{"sort of the sorted", `{"a":[1,2]}`, m{"a": PushWith(PushOptions{Sort: 1})}, ``},
		{"sort by a map of two", `{"a":[]}`, m{"a": PushWith(PushOptions{Sort: m{"x": 1, "y": 1}})}, `!a: use D`},
		{"sort by 2", `{"a":[]}`, m{"a": PushWith(PushOptions{Sort: 2})}, `!a: must be 1 or -1`},
		{"slice to nothing", `{"a":[1]}`, m{"a": PushWith(PushOptions{Each: []any{2}, Slice: ptr(0)})}, `{"a":[]}`},
		{"slice beyond", `{"a":[1,2]}`, m{"a": PushWith(PushOptions{Slice: ptr(-5)})}, ``},
		{"unknown push operand", `{"a":[]}`, Raw(m{"$push": m{"a": m{"$each": []any{}, "$x": 1}}}), `!a: $x: no operand of $push`},
		{"each that is no array", `{"a":[]}`, Raw(m{"$push": m{"a": m{"$each": 1}}}), `!a: needs an array`},
		{"fraction of a position", `{"a":[]}`, Raw(m{"$push": m{"a": m{"$each": []any{}, "$position": 1.5}}}), `!a: whole number`},
		{"pop", `{"a":[1,2,3]}`, m{"a": Pop()}, `{"a":[1,2]}`},
		{"shift", `{"a":[1,2,3]}`, m{"a": Shift()}, `{"a":[2,3]}`},
		{"pop of the only", `{"a":[1]}`, m{"a": Pop()}, `{"a":[]}`},
		{"pop of none", `{"a":[]}`, m{"a": Pop()}, ``},
		{"pop of nothing", `{}`, m{"a": Pop()}, ``},
		{"pop of text", `{"a":"x"}`, m{"a": Shift()}, `!a: $pop needs an array, found string`},
		{"pop by 2", `{"a":[1]}`, Raw(m{"$pop": m{"a": 2}}), `!a: needs 1 or -1`},
		{"pull a value", `{"a":[1,2,1,3]}`, m{"a": Pull(1)}, `{"a":[2,3]}`},
		{"pull null", `{"a":[1,null,{}]}`, m{"a": Pull(nil)}, `{"a":[1,{}]}`},
		{"pull by command", `{"a":[1,6,7,9]}`, m{"a": Pull(Gt(5).Lt(9))}, `{"a":[1,9]}`},
		{"pull in", `{"a":[1,2,3]}`, m{"a": Pull(In([]int{1, 3}))}, `{"a":[2]}`},
		{"pull by fields", `{"a":[{"f":6,"g":1},{"f":6,"g":2},{"f":1,"g":1},7]}`, m{"a": Pull(m{"f": Gt(5), "g": 1})}, `{"a":[{"f":6,"g":2},{"f":1,"g":1},7]}`},
		{"pull by an element's array", `{"a":[{"r":[1,2]},{"r":[3]}]}`, m{"a": Pull(m{"r": ElemMatch(Gt(2))})}, `{"a":[{"r":[1,2]}]}`},
		{"pull every object", `{"a":[{},{"x":1},[1],1]}`, m{"a": Pull(m{})}, `{"a":[[1],1]}`},
		{"pull an array", `{"a":[[1,2],1,[[1,2]]]}`, m{"a": Pull([]int{1, 2})}, `{"a":[1,[[1,2]]]}`},
		{"pull 1, no array that has one", `{"a":[[1,2],1]}`, m{"a": Pull(1)}, `{"a":[[1,2]]}`},
		{"pull arrays by an element", `{"a":[[6,1],3,7,[1]]}`, m{"a": Pull(Gt(5))}, `{"a":[3,[1]]}`},
		{"pull arrays without an element", `{"a":[[1,2],1,[3]]}`, m{"a": Pull(Neq(1))}, `{"a":[[1,2],1]}`},
		{"pull arrays by a pattern", `{"a":[["ab"],"ac","b"]}`, m{"a": Pull(document.Regex{Pattern: "^a"})}, `{"a":["b"]}`},
		{"pull arrays, not those within", `{"a":[[[6]],[[6],7]]}`, m{"a": Pull(Gt(6))}, `{"a":[[[6]]]}`},
		{"pull objects by either condition", `{"a":[[],[{"x":1}],{"x":null},{},{"x":2}]}`, m{"a": Pull(Or(m{"x": nil}, m{"x": 2}))}, `{"a":[[],[{"x":1}]]}`},
		{"pull from text", `{"a":"x"}`, m{"a": Pull("x")}, `!a: $pull needs an array`},
		{"pull by nonsense", `{"a":[]}`, m{"a": Pull(m{"$foo": 1})}, `!a: $foo`},
		{"pull by an update command", `{"a":[]}`, m{"a": Pull(Inc(1))}, `!a: inc`},
		{"pullAll", `{"a":[1,2,1.0,"x"]}`, m{"a": PullAll(1, "x")}, `{"a":[2]}`},
		{"pullAll of no array", `{"a":[]}`, Raw(m{"$pullAll": m{"a": 1}}), `!a: needs an array`},
		{"add to set", `{"a":["x"]}`, m{"a": AddToSet([]string{"x"})}, `{"a":["x",["x"]]}`},
		{"add to nothing", `{}`, m{"a": AddToSet(1)}, `{"a":[1]}`},
		{"add each", `{"a":[1,1]}`, m{"a": AddEach(1, 2, 2.0, 3)}, `{"a":[1,1,2,3]}`},
		{"add each in the cloud's form", `{"a":[1]}`, m{"a": AddToSet(m{"each": []int{1, 2}})}, `{"a":[1,2]}`},
		{"add each in MongoDB's form", `{"a":[1]}`, m{"a": AddToSet(m{"$each": []int{1, 2}})}, `{"a":[1,2]}`},
		{"add an object with each", `{"a":[1]}`, Raw(m{"$addToSet": m{"a": m{"each": []int{1, 2}}}}), `{"a":[1,{"each":[1,2]}]}`},
		{"add many", `{"a":[1,"x"]}`, m{"a": AddEach(1, 2, 3, 4, 5, 6, 7, 8, 9, "x", "x", "y")}, `{"a":[1,"x",2,3,4,5,6,7,8,9,"y"]}`},
		{"add in another order", `{"a":[{"x":1,"y":2}]}`, m{"a": AddToSet(d{{"y", 2}, {"x", 1}})}, `{"a":[{"x":1,"y":2},{"y":2,"x":1}]}`},
		{"add with other operands", `{}`, Raw(m{"$addToSet": m{"a": m{"$each": []any{}, "$slice": 1}}}), `!a: $each stands alone`},
		{"add to text", `{"a":"x"}`, m{"a": AddToSet(1)}, `!a: $addToSet needs an array`},

		// The order of fields.
		{"order kept", `{"b":1,"a":2,"c":3}`, d{{"z", 1}, {"c", 4}, {"y", 1}, {"b", Remove()}}, `{"a":2,"c":4,"z":1,"y":1}`},
		{"many fields", `{"a":1}`, manyFields(20), manyFieldsJSON(20)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := fromJSON(t, test.doc)
			out, changed, err := updated(doc, test.data, nil)
			if message, bad := strings.CutPrefix(test.want, "!"); bad {
				checkError(t, err, message)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := doc
			if test.want != "" {
				want = fromJSON(t, test.want)
			}
			if string(out.Raw()) != string(want.Raw()) || changed != (test.want != "") {
				t.Errorf("got %v, changed %v\nwant %v", out, changed, want)
			}
		})
	}
}

// ownForm is a type that says how it is stored.
type ownForm struct{}

func (ownForm) MarshalMsgpack() ([]byte, error) { return mustValue(m{"own": true}).Raw(), nil }

func mustValue(v any) document.Value {
	value, err := document.Of(v)
	if err != nil {
		panic(err)
	}
	return value
}

func manyFields(n int) document.D {
	var data document.D
	for i := range n {
		data = append(data, document.E{Key: "f" + string(rune('a'+i)), Value: i})
	}
	return data
}

func manyFieldsJSON(n int) string {
	v := mustValue(append(document.D{{Key: "a", Value: 1}}, manyFields(n)...))
	return v.String()
}

// updated compiles data and applies it to doc.
func updated(doc document.Doc, data any, f *Filter) (document.Doc, bool, error) {
	u, err := CompileUpdate(data, testNow)
	if err != nil {
		return doc, false, err
	}
	return u.Apply(doc, f)
}

// checkError checks an error against "path: part of its text".
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	path, text, _ := strings.Cut(want, ": ")
	switch {
	case err == nil:
		t.Fatalf("no error, want %q", want)
	case !errors.Is(err, fault.ErrInvalid) && !errors.Is(err, fault.ErrNotImplemented):
		t.Errorf("error %v is neither ErrInvalid nor ErrNotImplemented", err)
	case !strings.Contains(err.Error(), text):
		t.Errorf("error %q does not say %q", err, text)
	}
	at := new(fault.PathError)
	if errors.As(err, &at); at.Path != path {
		t.Errorf("error %q is at path %q, want %q", err, at.Path, path)
	}
}

func TestUpdatePosition(t *testing.T) {
	tests := []struct {
		doc          string
		filter, data any
		want         string
	}{
		{`{"s":[1,2,3]}`, m{"s": 2}, m{"s.$": 9}, `{"s":[1,9,3]}`},
		{`{"s":[1,2,3]}`, m{"s": Gte(2)}, m{"s.$": Remove()}, `{"s":[1,null,3]}`},
		{`{"s":[{"k":1,"n":0},{"k":2,"n":0}]}`, m{"s.k": 2}, m{"s.$.n": Inc(5)}, `{"s":[{"k":1,"n":0},{"k":2,"n":5}]}`},
		{`{"s":[{"k":1,"n":1},{"k":1,"n":2}]}`, m{"s": ElemMatch(m{"k": 1, "n": 2})}, m{"s": m{"$": m{"n": 7}}}, `{"s":[{"k":1,"n":1},{"k":1,"n":7}]}`},
		{`{"s":[1,2]}`, m{"s": 2}, d{{"s.$", 9}, {"s.0", 8}}, `{"s":[8,9]}`},
		{`{"s":[1,2]}`, m{"s": 1}, d{{"s.$", 9}, {"s.0", 8}}, `!s.0: conflict`},
		{`{"s":[1,2],"x":1}`, m{"x": 1}, m{"s.$": 9}, `!s.$: found an element of s`},
		{`{"s":[1,2]}`, m{"s": Neq(5)}, m{"s.$": 9}, `!s.$: found an element of s`},
		{`{"s":[1,2]}`, m{"s.1": 2}, m{"s.$": 9}, `!s.$: found an element of s`},
		{`{"s":[{"k":1}]}`, m{"s.0.k": 1}, m{"s.$.k": 9}, `!s.$: found an element of s`},
		{`{"s":[[1]]}`, m{"s.0.0": 1}, m{"s.$.0": 9}, `!s.$: found an element of s`},
		{`{"s":[{"k":[0,1]}]}`, m{"s.0.k": 1}, m{"s.0.k.$": 9}, `{"s":[{"k":[0,9]}]}`},
		{`{"s":[{"k":[0,1]}]}`, m{"s.k.1": 1}, m{"s.$.k.1": 9}, `{"s":[{"k":[0,9]}]}`},
		{`{"s":[0,1],"t":[{"k":0}]}`, m{"s": 1, "t.0.k": 0}, m{"s.$": 9}, `{"s":[0,9],"t":[{"k":0}]}`},
		{`{"s":[{"0":1}]}`, m{"s.0": 1}, m{"s.$.0": 9}, `{"s":[{"0":9}]}`},
	}
	for _, test := range tests {
		f, err := CompileFilter(test.filter, testNow)
		if err != nil {
			t.Fatal(err)
		}
		out, _, err := updated(fromJSON(t, test.doc), test.data, f)
		if message, bad := strings.CutPrefix(test.want, "!"); bad {
			checkError(t, err, message)
		} else if err != nil || string(out.Raw()) != string(fromJSON(t, test.want).Raw()) {
			t.Errorf("%s where %v, update %v: %v, %v, want %s", test.doc, test.filter, test.data, out, err, test.want)
		}
	}
}

func TestUpdateLimits(t *testing.T) {
	deep := any(1)
	for range document.MaxDepth - 1 {
		deep = []any{deep}
	}
	full := mustEncode(t, d{{"text", strings.Repeat("x", document.MaxSize-600)}, {"a", []any{}}, {"v", deep}})
	nested := func(n int) string { return strings.Repeat("a.", n-1) + "a" }
	cyclic := m{}
	cyclic["a"] = cyclic
	tests := []struct {
		name string
		data any
		ok   bool
	}{
		{"large", m{"more": strings.Repeat("x", 100)}, true},
		{"too large", m{"more": strings.Repeat("x", 700)}, false},
		{"too large by padding", m{"a.1000000": 1}, false},
		{"deepest path", m{nested(document.MaxDepth): 1}, false}, // a is an array
		{"deepest new path", m{"b." + nested(document.MaxDepth-1): 1}, true},
		{"path too deep", m{"b." + nested(document.MaxDepth): 1}, false},
		{"deepest value", m{"b": Set(deep)}, true},
		{"value too deep", m{"b.c": Set(deep)}, false},
		{"pushed too deep", m{"a": Push([]any{deep})}, false},
		{"array too deep", m{"b." + nested(document.MaxDepth-1): Push([]any{})}, false},
		{"renamed as deep", m{"v": Rename("w")}, true},
		{"renamed too deep", m{"v": Rename("w.x")}, false},
		{"cyclic data", cyclic, false},
		{"cyclic operand", m{"b": Set(cyclic)}, false},
	}
	for _, test := range tests {
		out, _, err := updated(full, test.data, nil)
		if test.ok != (err == nil) {
			t.Errorf("%s: error %v, want success %v", test.name, err, test.ok)
		} else if err == nil && document.Validate(out.Raw()) != nil {
			t.Errorf("%s: %v", test.name, document.Validate(out.Raw()))
		}
	}
}

func TestUpdatePaths(t *testing.T) {
	u, err := CompileUpdate(d{{"a", d{{"b", 1}}}, {"l.$[].x", Inc(1)}, {"r", Rename("s.t")}, {"l.3.y", 1}}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(u.Paths(), " "), "a.b l.$[].x r s.t l.3.y"; got != want {
		t.Errorf("paths %s, want %s", got, want)
	}
	for path, want := range map[string]bool{
		"a": true, "a.b": true, "a.b.c": true, "a.c": false, "ab": false, "l": true, "l.x": true, "l.0.x": true,
		"l.x.0": true, "l.z": false, "r": true, "s": true, "s.t.u": true, "s.v": false, "t": false, "l.y": true,
	} {
		if u.Touches(path) != want {
			t.Errorf("touches %s: %v, want %v", path, !want, want)
		}
	}
	if u.NeedsFilter() {
		t.Error("needs a filter without $")
	}
}

func TestUpdateOfMalformedBytes(t *testing.T) {
	u, err := CompileUpdate(d{{"a.b", 1}, {"l.$[]", Inc(1)}, {"p", Push(1)}, {"x", Rename("y.z")}}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	whole := fromJSON(t, `{"_id":1,"a":{"b":2},"l":[1,2,3],"p":[{"q":"text"}],"x":{"y":[1,[2]]}}`).Raw()
	for i := range whole {
		for _, b := range []byte{0x00, 0x80, 0x8f, 0x91, 0x9f, 0xbf, 0xc1, 0xc6, 0xd9, 0xdb, 0xdd, 0xdf, 0xff} {
			raw := append([]byte(nil), whole...)
			raw[i] = b
			u.Apply(document.FromRaw(raw), nil)
			u.Apply(document.FromRaw(raw[:i]), nil)
		}
	}
}
