package query

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

type (
	M = document.M
	D = document.D
)

var noon = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

func mustParse(t testing.TB, text string) document.Doc {
	t.Helper()
	v, err := document.ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("parse %s: %v", text, err)
	}
	return mustEncode(t, v)
}

func mustCompile(t testing.TB, cond any) *Filter {
	t.Helper()
	f, err := CompileFilter(cond, noon)
	if err != nil {
		t.Fatalf("compile %v: %v", cond, err)
	}
	return f
}

// meets compiles cond and asks it of the document in text.
func meets(t testing.TB, cond any, text string) bool {
	t.Helper()
	ok, err := mustCompile(t, cond).Match(mustParse(t, text))
	if err != nil {
		t.Fatalf("%v on %s: %v", cond, text, err)
	}
	return ok
}

func TestCommands(t *testing.T) {
	for _, c := range []struct {
		cond any
		yes  []string // documents that meet cond
		no   []string
	}{
		// Nested objects flatten, Eq does not.
		{M{"a": M{"b": 1}}, []string{`{"a":{"b":1,"c":2}}`}, []string{`{"a":{"c":2}}`}},
		{M{"a": M{"b": 1, "c": Gt(2)}}, []string{`{"a":{"b":1,"c":3}}`}, []string{`{"a":{"b":1,"c":2}}`}},
		{M{"a": Eq(M{"b": 1})}, []string{`{"a":{"b":1}}`}, []string{`{"a":{"b":1,"c":2}}`}},
		{M{"a": Eq(D{{"c", 2}, {"b", 1}})}, []string{`{"a":{"c":2,"b":1}}`}, []string{`{"a":{"b":1,"c":2}}`}},
		{Raw(M{"a": M{"b": 1}}), []string{`{"a":{"b":1}}`}, []string{`{"a":{"b":1,"c":2}}`}},
		{M{"a": Raw(M{"b": 1})}, []string{`{"a":{"b":1}}`}, []string{`{"a":{"b":1,"c":2}}`}},
		{M{"$or": []M{{"a": M{"b": 1}}}}, []string{`{"a":{"b":1}}`}, []string{`{"a":{"b":1,"c":2}}`}},
		{Or(M{"a": M{"b": 1}}, M{"d": 1}), []string{`{"a":{"b":1,"c":2}}`, `{"d":1}`}, []string{`{}`}},
		{M{"a": struct{ B int }{1}}, []string{`{"a":{"B":1,"c":2}}`}, []string{`{"a":{"B":2}}`}},
		{struct {
			B any `json:"b"`
		}{2}, []string{`{"b":2}`}, []string{`{"b":1}`}},

		// An empty object is exactly that, never everything.
		{M{}, []string{`{}`, `{"a":1}`}, nil},
		{M{"a": M{}}, []string{`{"a":{}}`, `{"a":[{}]}`}, []string{`{}`, `{"a":1}`, `{"a":{"b":1}}`}},
		{M{"a": M{"b": M{}}}, []string{`{"a":{"b":{}}}`}, []string{`{}`, `{"a":{}}`}},

		// Raw operators stand beside plain fields; one path written twice is asked twice.
		{M{"a": M{"$exists": true, "b": 2}}, []string{`{"a":{"b":2}}`}, []string{`{"a":{"b":1}}`}},
		{M{"a": M{"x": Gt(1)}, "a.x": Lt(5)}, []string{`{"a":{"x":3}}`}, []string{`{"a":{"x":1}}`, `{"a":{"x":6}}`}},
		{D{{"a", Gt(1)}, {"a", Lt(5)}}, []string{`{"a":3}`}, []string{`{"a":1}`, `{"a":6}`}},

		// Arrays.
		{M{"tags": "x"}, []string{`{"tags":["x","y"]}`, `{"tags":"x"}`}, []string{`{"tags":["y"]}`, `{"tags":[["x"]]}`}},
		{M{"tags": []string{"x"}}, []string{`{"tags":["x"]}`, `{"tags":[["x"],"y"]}`}, []string{`{"tags":["x","y"]}`}},
		{M{"tags": All([]string{"y", "x"})}, []string{`{"tags":["x","y"]}`}, []string{`{"tags":["x"]}`}},
		{M{"tags": All([]any{})}, nil, []string{`{"tags":[]}`, `{}`}},
		{M{"tags": All([]any{Regex("^x"), "y"})}, []string{`{"tags":["xx","y"]}`}, []string{`{"tags":["y"]}`}},
		{M{"s": Gt(25).And(Lt(15))}, []string{`{"s":[10,30]}`}, []string{`{"s":[20]}`}},
		{M{"s": ElemMatch(Gt(25).Lt(15))}, nil, []string{`{"s":[10,30]}`}},
		{M{"s": ElemMatch(Gt(10).Lt(25))}, []string{`{"s":[20,40]}`}, []string{`{"s":[10,30]}`, `{"s":20}`}},
		{M{"s": ElemMatch(M{"x": Gt(1).Lt(9)})}, []string{`{"s":[{"x":5}]}`}, []string{`{"s":[{"x":1},{"x":9}]}`}},
		{M{"s": ElemMatch(M{"x": M{"y": 1}})}, []string{`{"s":[{"x":{"y":1}}]}`}, []string{`{"s":[{"x":{"y":1,"z":1}}]}`}},
		{M{"s": ElemMatch(Or(M{"x": 1}, M{"y": 2}))}, []string{`{"s":[{"y":2}]}`}, []string{`{"s":[{"y":1}]}`, `{"s":[1]}`}},
		{M{"s": ElemMatch(Or(Lt(1), Gt(5)))}, []string{`{"s":[3,0]}`}, []string{`{"s":[3]}`}},
		{M{"s": All([]any{ElemMatch(M{"y": Gt(2).Lt(5)})})}, []string{`{"s":[{"y":3}]}`}, []string{`{"s":[{"y":1},{"y":6}]}`}},
		{M{"s": ElemMatch(M{"x": nil})}, []string{`{"s":[{}]}`}, []string{`{"s":[1]}`, `{"s":[]}`}},
		{M{"objs.k": 1}, []string{`{"objs":[{"k":0},{"k":1}]}`, `{"objs":[{"k":[1]}]}`}, []string{`{"objs":[[{"k":1}]]}`}},
		{M{"a.0": 1}, []string{`{"a":[1,2]}`, `{"a":{"0":1}}`, `{"a":[{"0":1}]}`}, []string{`{"a":[2,1]}`, `{"a":[[1]]}`}},
		{M{"a.0.b": nil}, []string{`{}`, `{"a":[{}]}`}, []string{`{"a":[5]}`, `{"a":[]}`}},
		{M{"s": Size(2)}, []string{`{"s":[1,2]}`}, []string{`{"s":[1]}`, `{"s":2}`, `{}`}},

		// Missing, null and the negative commands.
		{M{"a": nil}, []string{`{}`, `{"a":null}`, `{"a":[null]}`}, []string{`{"a":0}`, `{"a":[]}`}},
		{M{"a": Neq(1)}, []string{`{}`, `{"a":2}`}, []string{`{"a":1}`, `{"a":1.0}`, `{"a":[2,1]}`}},
		{M{"a": Neq(nil)}, []string{`{"a":0}`}, []string{`{}`, `{"a":null}`}},
		{M{"a": Nin([]int{1})}, []string{`{}`, `{"a":2}`}, []string{`{"a":1}`}},
		{M{"a": Nin([]any{1, nil})}, []string{`{"a":2}`}, []string{`{}`, `{"a":1}`}},
		{M{"a": Nin([]any{})}, []string{`{}`, `{"a":2}`}, nil},
		{M{"a": In([]string(nil))}, nil, []string{`{}`, `{"a":2}`}},
		{M{"a": Not(Gt(1))}, []string{`{}`, `{"a":1}`, `{"a":"x"}`}, []string{`{"a":2}`, `{"a":[0,2]}`}},
		{M{"a": Not(Or(Lt(1), Gt(5)))}, []string{`{"a":3}`, `{}`}, []string{`{"a":0}`, `{"a":6}`}},
		{M{"a": Not(Regex("^x"))}, []string{`{}`, `{"a":"y"}`}, []string{`{"a":"xy"}`}},
		{M{"a": Not(document.Regex{Pattern: "^X", Options: "i"})}, []string{`{"a":"y"}`}, []string{`{"a":"xy"}`}},
		{Not(Or(M{"a": 1}, M{"b": 1})), []string{`{"a":2}`}, []string{`{"a":1}`, `{"b":1}`}},
		{M{"a": Nor(Lt(1), Gt(5))}, []string{`{}`, `{"a":3}`}, []string{`{"a":0}`}},
		{M{"a": Exists()}, []string{`{"a":null}`}, []string{`{}`}},
		{M{"a": Exists(true)}, []string{`{"a":null}`}, []string{`{}`}},
		{M{"a": Exists(false)}, []string{`{}`}, []string{`{"a":null}`}},

		// Chains and logic.
		{M{"a": Or(Eq(1), Eq(2)), "b": Or(Eq(3), Eq(4))}, []string{`{"a":1,"b":4}`}, []string{`{"a":1,"b":9}`}},
		{M{"a": Eq(1).Or(Eq(2)).And(Neq(2))}, []string{`{"a":1}`}, []string{`{"a":2}`}},
		{M{"a": Eq(1).And(Eq(2)).Or(Eq(3))}, []string{`{"a":3}`}, []string{`{"a":1}`}},
		{M{"a": And([]any{Gt(1), Lt(5)})}, []string{`{"a":3}`}, []string{`{"a":5}`}},
		{M{"a": Gt(1).Gte(2).Lt(9).Lte(8).Neq(5).In([]int{2, 5, 8}).Nin([]int{8}).Eq(2)}, []string{`{"a":2}`}, []string{`{"a":5}`, `{"a":8}`}},
		{M{"a": Or(M{"b": 1}, "x", Regex("^y"))}, []string{`{"a":{"b":1}}`, `{"a":"x"}`, `{"a":"yy"}`}, []string{`{"a":1}`}},
		{Or([]M{{"a": 1}, {"b": 2}}).And(M{"c": 3}), []string{`{"b":2,"c":3}`}, []string{`{"b":2}`, `{"c":3}`}},

		// Kinds and numbers.
		{M{"a": Gt(1)}, []string{`{"a":2}`, `{"a":1.5}`}, []string{`{"a":"5"}`, `{"a":true}`, `{}`}},
		{M{"a": Gte(nil)}, []string{`{}`, `{"a":null}`}, []string{`{"a":0}`}},
		{M{"a": Gt(nil)}, nil, []string{`{}`, `{"a":null}`, `{"a":1}`}},
		{M{"a": 1 << 53}, []string{`{"a":9007199254740992.0}`}, []string{`{"a":9007199254740993}`}},
		{M{"a": Mod(4, 1)}, []string{`{"a":5}`, `{"a":5.9}`, `{"a":[2,9]}`}, []string{`{"a":-3}`, `{"a":"5"}`, `{"a":{"$numberDouble":"NaN"}}`}},
		{M{"a": Mod([]any{4.9, -1.2})}, []string{`{"a":-5}`}, []string{`{"a":5}`}},
		{M{"a": M{"$type": []any{"int", "null"}}}, []string{`{"a":5}`, `{"a":null}`}, []string{`{"a":5.0}`, `{"a":5000000000}`, `{}`}},
		{M{"a": M{"$bitsAllSet": 5}}, []string{`{"a":7}`, `{"a":5.0}`, `{"a":-1}`}, []string{`{"a":4}`, `{"a":5.5}`, `{"a":"5"}`}},
		{M{"at": Gt(document.ServerDate{Offset: -time.Hour})}, []string{`{"at":{"$date":"2024-05-01T11:30:00Z"}}`}, []string{`{"at":{"$date":"2024-05-01T10:59:00Z"}}`}},
		{M{"a": In([]any{Regex("^x"), nil, 1})}, []string{`{"a":"xy"}`, `{}`, `{"a":[1]}`}, []string{`{"a":"yx"}`, `{"a":2}`}},
		{M{"$comment": "why", "a": 1}, []string{`{"a":1}`}, []string{`{"a":2}`}},
	} {
		for _, text := range c.yes {
			if !meets(t, c.cond, text) {
				t.Errorf("%v does not match %s", c.cond, text)
			}
		}
		for _, text := range c.no {
			if meets(t, c.cond, text) {
				t.Errorf("%v matches %s", c.cond, text)
			}
		}
	}
}

func TestFilterErrors(t *testing.T) {
	deep := any(M{"a": 1})
	for range 200 {
		deep = And(deep, deep)
	}
	patterns := make([]any, 2000)
	for i := range patterns {
		patterns[i] = Regex("x")
	}
	endless := M{}
	endless["a"] = endless
	for _, c := range []struct {
		cond any
		is   error
		text string // the whole message
	}{
		{nil, fault.ErrInvalid, "filter is nil: invalid argument"},
		{M(nil), fault.ErrInvalid, "filter is nil: invalid argument"},
		{Raw(nil), fault.ErrInvalid, "filter is nil: invalid argument"},
		{5, fault.ErrInvalid, "filter: needs an object or a condition, found number: invalid argument"},
		{[]int{1}, fault.ErrInvalid, "filter: needs an object or a condition, found array: invalid argument"},
		{Gt(1), fault.ErrInvalid, "filter: $gt needs a field to stand under: invalid argument"},
		{Condition{}, fault.ErrInvalid, "filter: empty condition: invalid argument"},
		{M{"tags": In("x")}, fault.ErrInvalid, "filter tags: $in needs an array, found string: invalid argument"},
		{M{"tags": M{"$in": "x"}}, fault.ErrInvalid, "filter tags: $in needs an array, found string: invalid argument"},
		{M{"a": M{"b": All(5)}}, fault.ErrInvalid, "filter a.b: $all needs an array, found number: invalid argument"},
		{M{"a": In([]any{Gt(1)})}, fault.ErrInvalid, ""},
		{M{"a": In([]any{M{"$gt": 1}})}, fault.ErrInvalid, "filter a: $in takes values, found $gt: invalid argument"},
		{M{"a": Eq(Gt(1))}, fault.ErrInvalid, ""},
		{M{"a": Neq(document.Regex{Pattern: "x"})}, fault.ErrInvalid, "filter a: $ne takes no regular expression: invalid argument"},
		{M{"a": Gt(Regex("x"))}, fault.ErrInvalid, ""},
		{M{"a": And()}, fault.ErrInvalid, "filter a: $and needs at least one condition: invalid argument"},
		{Or([]any{}), fault.ErrInvalid, "filter: $or needs at least one condition: invalid argument"},
		{Or(nil, M{}), fault.ErrInvalid, "filter: $or holds a nil condition: invalid argument"},
		{M{"a": Not(5)}, fault.ErrInvalid, "filter a: $not needs a condition or a regular expression, found number: invalid argument"},
		{M{"a": M{"$not": M{}}}, fault.ErrInvalid, "filter a: $not needs a condition or a regular expression, found object: invalid argument"},
		{M{"a": Exists(true, false)}, fault.ErrInvalid, "filter a: $exists takes one operand, found 2: invalid argument"},
		{M{"a": Mod(0, 1)}, fault.ErrInvalid, "filter a: $mod cannot divide by 0: invalid argument"},
		{M{"a": Mod(1)}, fault.ErrInvalid, "filter a: $mod needs a divisor and a remainder, found 1 values: invalid argument"},
		{M{"a": M{"$mod": 4}}, fault.ErrInvalid, "filter a: $mod needs an array of divisor and remainder, found number: invalid argument"},
		{M{"a": Mod(1, 2, 3)}, fault.ErrInvalid, "filter a: $mod needs a divisor and a remainder, found 3 values: invalid argument"},
		{M{"a": Mod("x", 2)}, fault.ErrInvalid, `filter a: $mod needs whole numbers, found "x": invalid argument`},
		{M{"a": Size(-1)}, fault.ErrInvalid, "filter a: $size needs a whole number that is not negative, found -1: invalid argument"},
		{M{"a": M{"$size": 1.5}}, fault.ErrInvalid, "filter a: $size needs a whole number that is not negative, found 1.5: invalid argument"},
		{M{"a": All([]any{ElemMatch(Gt(1)), 5})}, fault.ErrInvalid, "filter a: $all takes values or $elemMatch, not both: invalid argument"},
		{M{"a": All([]any{5, M{"$elemMatch": M{"b": 1}}})}, fault.ErrInvalid, "filter a: $all takes values or $elemMatch, not both: invalid argument"},
		{M{"a": ElemMatch(5)}, fault.ErrInvalid, "filter a: $elemMatch needs a condition or an object, found number: invalid argument"},
		{M{"a": ElemMatch(M{"b": In(1)})}, fault.ErrInvalid, "filter a: b: $in needs an array, found number: invalid argument"},
		{M{"a": ElemMatch(M{"$gt": 1, "b": 1})}, fault.ErrInvalid, `filter a: unknown operator "b": invalid argument`},
		{Raw(M{"a": M{"$gt": 1, "b": 1}}), fault.ErrInvalid, `filter a: unknown operator "b": invalid argument`},
		{M{"a": M{"$foo": 1}}, fault.ErrInvalid, `filter a: unknown operator "$foo": invalid argument`},
		{M{"a": M{"$or": []any{M{"b": 1}}}}, fault.ErrInvalid, `filter a: unknown operator "$or": invalid argument`},
		{M{"": 1}, fault.ErrInvalid, `filter: the name of a field is empty: invalid argument`},
		{M{"": M{"a": 1}}, fault.ErrInvalid, `filter: the name of a field is empty: invalid argument`},
		{M{"a": M{"": 1}}, fault.ErrInvalid, `filter a: the name of a field is empty: invalid argument`},
		{M{"a": ElemMatch(M{"": 1})}, fault.ErrInvalid, `filter a: the name of a field is empty: invalid argument`},
		{M{"a\xff": 1}, fault.ErrInvalid, "filter a\xff: path \"a\\xff\" is not UTF-8: invalid argument"},
		{M{"$foo": 1}, fault.ErrInvalid, `filter: unknown operator "$foo": invalid argument`},
		{M{"$gt": 1}, fault.ErrInvalid, "filter: $gt needs a field to stand under: invalid argument"},
		{M{"a": ElemMatch(M{"$or": []any{M{"$gt": 1}}})}, fault.ErrInvalid, "filter a: $gt needs a field to stand under: invalid argument"},
		{M{"a": ElemMatch(M{"$nor": []any{Gt(1)}})}, fault.ErrInvalid, "filter a: $gt needs a field to stand under: invalid argument"},
		{M{"$and": M{}}, fault.ErrInvalid, "filter: $and needs an array, found object: invalid argument"},
		{M{"a": M{"$type": "text"}}, fault.ErrInvalid, `filter a: $type knows no type "text": invalid argument`},
		{M{"a": M{"$bitsAnySet": -1}}, fault.ErrInvalid, "filter a: $bitsAnySet needs a number, binary or list of positions, found -1: invalid argument"},
		{M{"a": Regex("(")}, fault.ErrInvalid, ""},
		{M{"a": Regex("x", "q")}, fault.ErrInvalid, `filter a: regex has no option 'q': invalid argument`},
		{M{"a": Regex("x", "i", "m")}, fault.ErrInvalid, "filter a: $regex has options twice: invalid argument"},
		{M{"a": M{"$options": "i"}}, fault.ErrInvalid, "filter a: $options needs a $regex beside it: invalid argument"},
		{M{"a": M{"$regex": 5}}, fault.ErrInvalid, "filter a: $regex needs a string, found number: invalid argument"},
		{M{"a": Regex(strings.Repeat("x", 40000))}, fault.ErrTooLarge, ""},
		{M{"a..b": 1}, fault.ErrInvalid, ""},
		{M{"": 1}, fault.ErrInvalid, ""},
		{M{"a": make(chan int)}, fault.ErrInvalid, ""},
		{M{"a": document.Value{}}, fault.ErrInvalid, ""},
		{M{"a" + strings.Repeat(".0", 20): 1}, fault.ErrInvalid, ""},
		{M{"loc": M{"$near": 1}}, fault.ErrInvalid, "filter loc: $near needs an object with $geometry, found number: invalid argument"},
		{M{"loc": M{"$geoWithin": 1}}, fault.ErrInvalid, "filter loc: $geoWithin needs an object with $geometry, found number: invalid argument"},
		{M{"$expr": M{"$nope": 1}}, fault.ErrInvalid, "filter $expr: $nope: unknown operator: invalid argument"},
		{M{"$expr": M{"$function": M{}}}, fault.ErrNotImplemented, "filter $expr: $function: not implemented"},
		{M{"$expr": M{"$add": []any{1, "$$x"}}}, fault.ErrInvalid, "filter $expr.$add.1: unknown variable $$x: invalid argument"},
		{M{"a": M{"$expr": true}}, fault.ErrInvalid, "filter a: unknown operator \"$expr\": invalid argument"},
		{M{"a": Expr(true)}, fault.ErrInvalid, "filter a: $expr does not stand under a field: invalid argument"},
		{M{"a": ElemMatch(M{"$expr": true})}, fault.ErrInvalid, "filter a: $expr does not stand under a field: invalid argument"},
		{M{"$jsonSchema": M{}}, fault.ErrNotImplemented, "filter: $jsonSchema: not implemented"},
		{M{"a": In(patterns)}, fault.ErrTooLarge, ""},
		{deep, fault.ErrTooLarge, ""},
		{endless, fault.ErrTooLarge, ""},
	} {
		_, err := CompileFilter(c.cond, noon)
		if !errors.Is(err, c.is) {
			t.Errorf("%v: error %v, want %v", c.cond, err, c.is)
		} else if c.text != "" && err.Error() != c.text {
			t.Errorf("error %q, want %q", err, c.text)
		}
	}
}

func TestErrorCarriesPath(t *testing.T) {
	_, err := CompileFilter(M{"a": M{"b": In(5)}}, noon)
	if at := (*fault.PathError)(nil); !errors.As(err, &at) || at.Path != "a.b" {
		t.Errorf("error %v does not carry the path a.b", err)
	}
}

// A chain copies: two chains that go on from one condition do not meet.
func TestChainCopies(t *testing.T) {
	base := Gt(1).Lt(100)
	low, high := base.Lt(5), base.Gt(50)
	if meets(t, M{"a": low}, `{"a":60}`) || !meets(t, M{"a": high}, `{"a":60}`) || !meets(t, M{"a": base}, `{"a":20}`) {
		t.Error("chains from one condition share their operands")
	}
	args := []any{Gt(1), Lt(5)}
	c := And(args...).Neq(3)
	args[0] = Gt(100)
	if !meets(t, M{"a": c}, `{"a":2}`) {
		t.Error("a chain shares the caller's slice")
	}
}

func TestFilterID(t *testing.T) {
	for _, c := range []struct {
		cond any
		want any // nil: not pinned
	}{
		{M{"_id": "x", "a": 1}, "x"},
		{M{"_id": Eq(5)}, 5},
		{M{"$and": []any{M{"a": 1}, M{"$and": []any{M{"_id": "x"}}}}}, "x"},
		{And(M{"a": 1}, M{"_id": In([]any{"x"})}), "x"},
		{M{"_id": In([]any{"x", "y"})}, nil},
		{M{"_id": Gt(1)}, nil},
		{M{"_id": Neq("x")}, nil},
		{M{"_id": nil}, nil},
		{M{"_id": []any{1}}, nil},
		{Or(M{"_id": "x"}, M{"a": 1}), nil},
		{Not(M{"_id": "x"}), nil},
		{M{"_id.a": 1}, nil},
		{M{"_id": document.Regex{Pattern: "x"}}, nil},
	} {
		id, ok := mustCompile(t, c.cond).ID()
		if ok != (c.want != nil) {
			t.Errorf("%v pins _id: %v", c.cond, ok)
			continue
		}
		if want, _ := document.Of(c.want); ok && !document.Equal(id, want) {
			t.Errorf("%v pins _id to %s, want %s", c.cond, id, want)
		}
	}
}

func TestPosition(t *testing.T) {
	for _, c := range []struct {
		cond  any
		text  string
		array string
		want  int // -1: none
	}{
		{M{"s": 2}, `{"s":[1,2,3]}`, "s", 1},
		{M{"s": In([]int{3, 9})}, `{"s":[1,2,3]}`, "s", 2},
		{M{"s": Gte(2)}, `{"s":[1,2,3]}`, "s", 1},
		{M{"s": ElemMatch(Gt(1).Lt(3))}, `{"s":[1,2,3]}`, "s", 1},
		{M{"s": ElemMatch(M{"x": 1, "y": 2})}, `{"s":[{"x":1},{"x":1,"y":2}]}`, "s", 1},
		{M{"s.x": 1, "s.y": 2}, `{"s":[{"x":1},{"x":1,"y":2}]}`, "s", 1},
		{M{"s.x": 1, "s.y": 2}, `{"s":[{"z":1},{"x":1},{"y":2}]}`, "s", 1},
		{M{"s": Gt(25).Lt(15)}, `{"s":[20,10,30]}`, "s", 2},
		{M{"s.x": Regex("^b")}, `{"s":[{"x":"a"},{"x":"b"}]}`, "s", 1},
		{M{"d.s": 2}, `{"d":{"s":[1,2]}}`, "d.s", 1},
		{M{"d.0.s": 2}, `{"d":[{"s":[1,2]}]}`, "d.0.s", 1},
		{Or(M{"s": 9}, M{"s": 3}), `{"s":[1,2,3]}`, "s", 2},
		{And(M{"a": 1}, Or(M{"s": 9}, M{"s": 3})), `{"a":1,"s":[1,2,3]}`, "s", 2},
		{M{"s": Neq(9)}, `{"s":[1,2,3]}`, "s", -1},
		{M{"s": Size(3)}, `{"s":[1,2,3]}`, "s", -1},
		{M{"s": Exists()}, `{"s":[1,2,3]}`, "s", -1},
		{M{"s": []int{1, 2}}, `{"s":[1,2]}`, "s", -1},
		{M{"st": 1}, `{"s":[1],"st":1}`, "s", -1},
		{M{"s": 1}, `{"s":1}`, "s", -1},
		{M{}, `{"s":[1]}`, "s", -1},
	} {
		i, ok := mustCompile(t, c.cond).Position(mustParse(t, c.text), c.array)
		if !ok {
			i = -1
		}
		if i != c.want {
			t.Errorf("%v on %s: position %d, want %d", c.cond, c.text, i, c.want)
		}
	}
}

func TestElement(t *testing.T) {
	for _, c := range []struct {
		cond    any
		yes, no string // arrays of elements
	}{
		{2, `[2,2.0]`, `[1,"2",[2]]`},
		{nil, `[null]`, `[0]`},
		{[]int{1, 2}, `[[1,2]]`, `[1,[2,1]]`},
		{Gt(5).Lt(9), `[6,[6],[1,6]]`, `[5,9,[5],[[6]]]`},
		{M{"$in": []int{1, 2}}, `[1,2,[1]]`, `[3,[3],[[1]]]`},
		{M{"x": 1}, `[{"x":1,"y":1},{"x":1}]`, `[{"x":2},1,[{"x":1}]]`},
		{M{"x": M{"y": 1}}, `[{"x":{"y":1}}]`, `[{"x":{"y":1,"z":1}}]`},
		{M{"x": nil}, `[{},{"x":null}]`, `[1,[],{"x":1}]`},
		{M{}, `[{},{"x":1}]`, `[1,[]]`},
		{Or(M{"x": 1}, M{"y": 1}), `[{"y":1}]`, `[{},1,[{"y":1}]]`},
		{Regex("^a"), `["ab",["b","ab"]]`, `["b",1,[["ab"]]]`},
		{document.Regex{Pattern: "^A", Options: "i"}, `["ab"]`, `["b",1]`},
	} {
		e, err := compileElement(c.cond, expr.Scope{Now: noon})
		if err != nil {
			t.Fatalf("compile %v: %v", c.cond, err)
		}
		for text, want := range map[string]bool{c.yes: true, c.no: false} {
			list := mustParse(t, `{"a":`+text+`}`).Lookup("a").Elements()
			for list.Next() {
				if got, err := e.match(list.Value()); got != want || err != nil {
					t.Errorf("%v on element %s: %v, %v, want %v", c.cond, list.Value(), got, err, want)
				}
			}
		}
	}
	if _, err := compileElement(In(5), expr.Scope{Now: noon}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("element with a bad operand: %v", err)
	}
}

// Many fields, many members: the ways for few and for many agree.
func TestManyFieldsAndMembers(t *testing.T) {
	cond, members := M{}, []any{"x", 2.5, nil, true, M{"a": 1}}
	for i := range 20 {
		cond["f"+string(rune('a'+i))] = i
		members = append(members, i, "s"+string(rune('a'+i)), float64(i)+0.25)
	}
	whole := document.M{}
	for k, v := range cond {
		whole[k] = v
	}
	f := mustCompile(t, cond)
	if ok, err := f.Match(mustEncode(t, whole)); !ok || err != nil {
		t.Errorf("twenty fields: %v, %v", ok, err)
	}
	whole["fc"] = 99
	if ok, _ := f.Match(mustEncode(t, whole)); ok {
		t.Error("twenty fields match with one changed")
	}
	for text, want := range map[string]bool{
		`{"v":7}`: true, `{"v":7.0}`: true, `{"v":"sc"}`: true, `{"v":2.5}`: true, `{"v":3.25}`: true, `{"v":{"a":1.0}}`: true,
		`{"v":true}`: true, `{}`: true, `{"v":[0.1,"sd"]}`: true, `{"v":20}`: false, `{"v":"s"}`: false, `{"v":false}`: false, `{"v":7.5}`: false,
	} {
		if got := meets(t, M{"v": In(members)}, text); got != want {
			t.Errorf("in of %d members on %s: %v, want %v", len(members), text, got, want)
		}
	}
}
