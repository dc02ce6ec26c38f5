package virga

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/query"
)

// A door is a call that takes the same argument as others do.
type door struct {
	name string
	call func(*Collection, any) error
}

// The doors by what they take.
var (
	dataDoors = []door{
		{"add", func(c *Collection, v any) error { _, err := c.Add(ctx(), v); return err }},
		{"add many", func(c *Collection, v any) error { _, err := c.AddMany(ctx(), []any{M{"b": 1}, v}); return err }},
		{"set", func(c *Collection, v any) error { _, err := c.Doc("new").Set(ctx(), v); return err }},
		{"set what exists", func(c *Collection, v any) error { _, err := c.Doc("tea").Set(ctx(), v); return err }},
		{"typed add", func(c *Collection, v any) error { _, err := Of[any](c).Add(ctx(), v); return err }},
		{"bulk", func(c *Collection, v any) error { _, err := c.Bulk().Insert(v).Commit(ctx()); return err }},
	}
	filterDoors = []door{
		{"get", func(c *Collection, v any) error { _, err := c.Where(v).Get(ctx()); return err }},
		{"one", func(c *Collection, v any) error { _, err := c.Where(v).One(ctx()); return err }},
		{"each", func(c *Collection, v any) error {
			for _, err := range c.Where(v).Each(ctx()) {
				return err
			}
			return nil
		}},
		{"count", func(c *Collection, v any) error { _, err := c.Where(v).Count(ctx()); return err }},
		{"exists", func(c *Collection, v any) error { _, err := c.Where(v).Exists(ctx()); return err }},
		{"distinct", func(c *Collection, v any) error { _, err := c.Where(v).Distinct(ctx(), "a"); return err }},
		{"update", func(c *Collection, v any) error { _, err := c.Where(v).Update(ctx(), M{"a": 2}); return err }},
		{"update one", func(c *Collection, v any) error { _, err := c.Where(v).UpdateAndReturn(ctx(), M{"a": 2}); return err }},
		{"remove", func(c *Collection, v any) error { _, err := c.Where(v).Remove(ctx()); return err }},
		{"explain", func(c *Collection, v any) error { _, err := c.Where(v).Explain(ctx()); return err }},
		{"typed", func(c *Collection, v any) error { _, err := Of[M](c).Where(v).Get(ctx()); return err }},
	}
	updateDoors = []door{
		{"update", func(c *Collection, v any) error { _, err := c.Doc("tea").Update(ctx(), v); return err }},
		{"update where", func(c *Collection, v any) error { _, err := c.Where(M{"_id": "tea"}).Update(ctx(), v); return err }},
		{"update one", func(c *Collection, v any) error {
			_, err := c.Where(M{"_id": "tea"}).UpdateAndReturn(ctx(), v)
			return err
		}},
	}
	fieldDoors = []door{
		{"fields", func(c *Collection, v any) error { _, err := c.Where(nil).Field(v).Get(ctx()); return err }},
		{"fields of one", func(c *Collection, v any) error { _, err := c.Doc("tea").Field(v).Get(ctx()); return err }},
	}
	idDoors = []door{
		{"get", func(c *Collection, v any) error { _, err := c.Doc(v).Get(ctx()); return err }},
		{"set", func(c *Collection, v any) error { _, err := c.Doc(v).Set(ctx(), M{"a": 1}); return err }},
		{"update", func(c *Collection, v any) error { _, err := c.Doc(v).Update(ctx(), M{"a": 2}); return err }},
		{"remove", func(c *Collection, v any) error { _, err := c.Doc(v).Remove(ctx()); return err }},
		{"typed get", func(c *Collection, v any) error { _, err := Of[M](c).Get(ctx(), v); return err }},
	}
)

// A refusal is an argument and the error it must lead to.
type refusal struct {
	name string
	arg  any
	is   error
	path string // of the *Error; empty when none is at fault
	text string // part of the message
}

// teaShop returns a collection of one document.
func teaShop(t *testing.T, path ...string) *Collection {
	t.Helper()
	c := openTest(t, path...).Collection("shop")
	if _, err := c.Add(ctx(), D{{Key: "_id", Value: "tea"}, {Key: "a", Value: 1}, {Key: "s", Value: "text"}, {Key: "list", Value: []int{1, 2}}, {Key: "o", Value: M{"p": 1}}}); err != nil {
		t.Fatal(err)
	}
	return c
}

// refuse takes every argument to every door: each must refuse it and change nothing.
func refuse(t *testing.T, doors []door, list []refusal) {
	t.Helper()
	c := teaShop(t)
	before := contentsOf(t, c)
	for _, r := range list {
		for _, d := range doors {
			within(t, r.name, func() { mustRefuse(t, d.name+": "+r.name, d.call(c, r.arg), r) })
		}
		if after := contentsOf(t, c); !slices.Equal(before, after) {
			t.Fatalf("%s: the collection is now %s", r.name, after)
		}
	}
}

func contentsOf(t *testing.T, c *Collection) []string {
	t.Helper()
	docs, err := c.Where(nil).Get(ctx())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, doc := range docs {
		list = append(list, doc.String())
	}
	return list
}

// mustRefuse checks that err is what r says and reads well.
func mustRefuse(t *testing.T, name string, err error, r refusal) {
	t.Helper()
	e := (*Error)(nil)
	switch {
	case err == nil:
		t.Errorf("%s: accepted", name)
		return
	case !errors.Is(err, r.is):
		t.Errorf("%s: %v, want %v", name, err, r.is)
	case !errors.As(err, &e) || e.Op == "" || e.Collection != "shop":
		t.Errorf("%s: %v names no operation and collection", name, err)
	case r.path != "*" && e.Path != r.path:
		t.Errorf("%s: %v has the path %q, want %q", name, err, e.Path, r.path)
	case !strings.Contains(err.Error(), r.text):
		t.Errorf("%s: %v, want %s", name, err, r.text)
	}
	mustRead(t, err)
}

// mustRead checks that a message is of the form "op collection/id: path: reason: class".
func mustRead(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	parts := strings.Split(text, ": ")
	for i, p := range parts {
		if p == "" || i > 0 && p == parts[i-1] || strings.TrimSpace(p) != p {
			t.Errorf("%q has an empty or a repeated part", text)
		}
	}
	for _, bad := range []string{"%!", "0x", "runtime error", "\n", "  ", "map[a"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q holds %q", text, bad)
		}
	}
	if len(text) > 800 {
		t.Errorf("a message of %d bytes: %.200s…", len(text), text)
	}
}

// levelsOf returns an array, or object, of so many levels around a number.
func levelsOf(levels int, object bool) any {
	v := any(1)
	for range levels {
		if object {
			v = M{"a": v}
		} else {
			v = []any{v}
		}
	}
	return v
}

type chain struct{ Next *chain }

// endless are values that hold themselves.
func endless() (M, []any, *chain) {
	m, list, node := M{}, []any{nil}, &chain{}
	m["m"], list[0], node.Next = m, list, node
	return m, list, node
}

func TestBadDocuments(t *testing.T) {
	object, list, node := endless()
	noMap, noPointer := M(nil), (*struct{ A int })(nil)
	refuse(t, dataDoors, []refusal{
		{"nil", nil, ErrInvalid, "", "nil"},
		{"nil map", noMap, ErrInvalid, "", "an object, not null"},
		{"pointer to nil map", &noMap, ErrInvalid, "", "an object, not null"},
		{"nil pointer", noPointer, ErrInvalid, "", "an object, not null"},
		{"zero doc", Doc{}, ErrInvalid, "", ""},
		{"number", 5, ErrInvalid, "", "an object, not number"},
		{"string", "x", ErrInvalid, "", "an object, not string"},
		{"array", []any{1}, ErrInvalid, "", "an object, not array"},
		{"keys of numbers", map[int]int{1: 1}, ErrInvalid, "", "keys"},
		{"command", query.Inc(1), ErrInvalid, "", "command inc"},
		{"command inside", M{"a": M{"b": query.Push(1)}}, ErrInvalid, "a.b", "command push"},
		{"condition inside", M{"a": query.Gt(1)}, ErrInvalid, "a", "command gt"},
		{"raw", query.Raw(M{"a": 1}), ErrInvalid, "", "command raw"},
		{"channel", M{"a": []any{make(chan int)}}, ErrInvalid, "a.0", "chan int"},
		{"function", M{"a": func() {}}, ErrInvalid, "a", "func()"},
		{"complex", struct{ A complex128 }{1i}, ErrInvalid, "A", "complex128"},
		{"error", M{"a": errPlanned}, ErrInvalid, "a", "error"},
		{"uint64", M{"a": uint64(math.MaxInt64) + 1}, ErrInvalid, "a", "9223372036854775808"},
		{"empty key", M{"": 1}, ErrInvalid, "", "empty"},
		{"empty key inside", M{"a": M{"": 1}}, ErrInvalid, "a.", "empty"},
		{"dollar", M{"a": M{"$set": 1}}, ErrInvalid, "a.$set", "$"},
		{"dotted key", M{"a.b": 1}, ErrInvalid, "a.b", "dot"},
		{"NUL", M{"a\x00": 1}, ErrInvalid, "a\x00", "zero byte"},
		{"key, no UTF-8", M{"\xff": 1}, ErrInvalid, "\xff", "UTF-8"},
		{"string, no UTF-8", M{"a": []any{1, M{"b": "\xff"}}}, ErrInvalid, "a.1.b", "UTF-8"},
		{"key twice", D{{Key: "a", Value: 1}, {Key: "a", Value: 2}}, ErrInvalid, "a", "duplicate key"},
		{"101 levels", M{"a": levelsOf(100, false)}, ErrTooLarge, "*", "more than 100 levels"},
		{"101 objects", levelsOf(101, true), ErrTooLarge, "*", "more than 100 levels"},
		{"100,000 levels", levelsOf(100_000, true), ErrTooLarge, "*", "more than 100 levels"},
		{"a map in itself", object, ErrTooLarge, "*", "more than 100 levels"},
		{"a slice in itself", M{"a": list}, ErrTooLarge, "*", "more than 100 levels"},
		{"a pointer to itself", node, ErrTooLarge, "*", "more than 100 levels"},
		{"_id an array", M{"_id": []int{1}}, ErrInvalid, "_id", "array"},
		{"_id a regex", M{"_id": D{}, "a": query.Regex("x")}, ErrInvalid, "a", "regex"},
	})
	for _, v := range []any{M{"a": levelsOf(99, false)}, levelsOf(100, true), M{}, D{}, struct{}{}, map[string]int{}} {
		c := openTest(t).Collection("shop")
		if _, err := c.Add(ctx(), v); err != nil {
			t.Errorf("%.50v: %v", v, err)
		}
	}
}

func TestBadFilters(t *testing.T) {
	object, list, node := endless()
	refuse(t, filterDoors, []refusal{
		{"number", 5, ErrInvalid, "", "found number"},
		{"array", []M{{"a": 1}}, ErrInvalid, "", "found array"},
		{"nil map", M(nil), ErrInvalid, "", "nil"},
		{"nil pointer", (*chain)(nil), ErrInvalid, "", "nil"},
		{"update command", M{"a": query.Inc(1)}, ErrInvalid, "a", "inc is no condition"},
		{"condition on nothing", query.Gt(1), ErrInvalid, "", "$gt"},
		{"unknown operator", M{"a": M{"$foo": 1}}, ErrInvalid, "a", "$foo"},
		{"unknown at the top", M{"$foo": 1}, ErrInvalid, "", "filter: unknown operator"},
		{"expression", M{"a": M{"$add": []int{1, 2}}}, ErrInvalid, "a", "$add"},
		{"unknown in an expression", M{"$expr": M{"$foo": []any{"$a", 1}}}, ErrInvalid, "*", "$foo"},
		{"bad path in an expression", M{"$expr": M{"$gt": []any{"$a..b", 1}}}, ErrInvalid, "*", ""},
		{"expression in itself", M{"$expr": object}, ErrTooLarge, "*", ""},
		{"and of nothing", query.And(), ErrInvalid, "", "$and"},
		{"or of a number", M{"$or": []any{1}}, ErrInvalid, "", "found number"},
		{"in of a number", M{"a": query.In(5)}, ErrInvalid, "a", "needs an array"},
		{"negative size", M{"a": query.Size(-1)}, ErrInvalid, "a", "-1"},
		{"mod 0", M{"a": query.Mod(0, 1)}, ErrInvalid, "a", "divide by 0"},
		{"bad pattern", M{"a": query.Regex("(")}, ErrInvalid, "a", "missing closing"},
		{"bad option", M{"a": query.Regex("x", "q")}, ErrInvalid, "a", "'q'"},
		{"pattern of 100 KiB", M{"a": query.Regex(strings.Repeat("x", 100<<10))}, ErrTooLarge, "", "65536 bytes"},
		{"channel", M{"a": M{"b": query.In([]any{make(chan int)})}}, ErrInvalid, "a.b", "chan int"},
		{"string, no UTF-8", M{"a": "\xff"}, ErrInvalid, "a", "UTF-8"},
		{"path, no UTF-8", M{"\xff": 1}, ErrInvalid, "\xff", "UTF-8"},
		{"path with NUL", M{"a\x00": 1}, ErrInvalid, "a\x00", "zero byte"},
		{"empty path", M{"": M{"a": 1}}, ErrInvalid, "", "empty"},
		{"empty segment", M{"a..b": 1}, ErrInvalid, "a..b", "empty segment"},
		{"dot behind", M{"a.": 1}, ErrInvalid, "a.", "empty segment"},
		{"uint64", M{"a": query.Gt(uint64(math.MaxUint64))}, ErrInvalid, "a", "int64"},
		{"101 levels", levelsOf(101, true), ErrTooLarge, "", "more than 100 levels"},
		{"a map in itself", object, ErrTooLarge, "", "more than 100 levels"},
		{"a list in itself", M{"$and": []any{M{"$or": list}}}, ErrInvalid, "", ""},
		{"a pointer to itself", M{"a": node}, ErrTooLarge, "a", "more than 100 levels"},
		{"operands of 17 MiB", M{"a": query.In([]string{strings.Repeat("x", 17<<20)})}, ErrTooLarge, "a", ""},
		{"70,000 conditions", query.Or(slices.Repeat([]M{{"a": query.Gt(5)}}, 70_000)), ErrTooLarge, "", "conditions"},
		{"40 positions", M{"a" + strings.Repeat(".0", 40): 1}, ErrInvalid, "*", ""},
	})
}

func TestBadUpdates(t *testing.T) {
	object, list, _ := endless()
	refuse(t, updateDoors, []refusal{
		{"nil", nil, ErrInvalid, "", "not null"},
		{"nil map", M(nil), ErrInvalid, "", "not null"},
		{"empty", M{}, ErrInvalid, "", "empty"},
		{"number", 5, ErrInvalid, "", "not number"},
		{"pipeline", []any{M{"$set": M{"a": 1}}}, ErrNotImplemented, "", "pipeline"},
		{"command on nothing", query.Inc(1), ErrInvalid, "", "inc"},
		{"condition", M{"a": query.Gt(1)}, ErrInvalid, "a", "gt is no update command"},
		{"operator as value", M{"b": M{"$gt": 1}}, ErrInvalid, "b", "$gt"},
		{"unknown operator", M{"$foo": M{"a": 1}}, ErrInvalid, "", "$foo"},
		{"insert only", M{"$setOnInsert": M{"a": 1}}, ErrInvalid, "", "never insert"},
		{"_id", M{"_id": 5}, ErrInvalid, "_id", "_id"},
		{"the same _id", M{"_id": "tea"}, ErrInvalid, "_id", "_id"},
		{"inside _id", M{"_id.a": 5}, ErrInvalid, "*", "_id"},
		{"removing _id", M{"_id": query.Remove()}, ErrInvalid, "_id", "_id"},
		{"renaming _id", M{"_id": query.Rename("b")}, ErrInvalid, "_id", "_id"},
		{"renaming to _id", M{"a": query.Rename("_id")}, ErrInvalid, "_id", "_id"},
		{"renaming to itself", M{"a": query.Rename("a")}, ErrInvalid, "a", "same"},
		{"adding to text", M{"s": query.Inc(1)}, ErrInvalid, "s", "needs a number"},
		{"adding text", M{"a": query.Inc("x")}, ErrInvalid, "a", "needs a number"},
		{"over 64 bits", M{"a": query.Inc(math.MaxInt64)}, ErrInvalid, "a", "64 bits"},
		{"pushing to a number", M{"a": query.Push(1)}, ErrInvalid, "a", "needs an array"},
		{"through a number", M{"a.b": 1}, ErrInvalid, "a.b", "cannot create field"},
		{"through an array", M{"list.x": 1}, ErrInvalid, "list.x", "cannot create field"},
		{"negative position", M{"list.-1": 1}, ErrInvalid, "list.-1", "cannot create field"},
		{"distant position", M{"list.2000000000": 1}, ErrInvalid, "list.2000000000", "nulls"},
		{"two of one field", M{"o": 1, "o.p": 2}, ErrInvalid, "o.p", "conflict"},
		{"position without filter", M{"list.$": 1}, ErrInvalid, "*", "filter"},
		{"empty path", M{"": 1}, ErrInvalid, "", "empty"},
		{"empty segment", M{"o..p": 1}, ErrInvalid, "o..p", "empty segment"},
		{"path, no UTF-8", M{"\xff": 1}, ErrInvalid, "\xff", "UTF-8"},
		{"string, no UTF-8", M{"a": M{"b": "\xff"}}, ErrInvalid, "*", "UTF-8"},
		{"key with dollar", M{"o": query.Set(M{"$x": 1})}, ErrInvalid, "o", "$x"},
		{"101 levels", M{"o": query.Set(levelsOf(100, false))}, ErrTooLarge, "o", "more than 100 levels"},
		{"101 levels in all", M{"o.p": query.Set(levelsOf(99, false))}, ErrTooLarge, "o.p", "more than 100 levels"},
		{"a map in itself", object, ErrTooLarge, "*", ""},
		{"a list in itself", M{"a": query.Push(list)}, ErrTooLarge, "a", ""},
		{"bad sort", M{"list": query.PushWith(query.PushOptions{Sort: "x"})}, ErrInvalid, "list", "$sort"},
	})
}

func TestBadFields(t *testing.T) {
	object, _, _ := endless()
	refuse(t, fieldDoors, []refusal{
		{"number", 5, ErrInvalid, "", "found number"},
		{"list", []string{"a"}, ErrInvalid, "", "found array"},
		{"text", M{"a": "x"}, ErrInvalid, "a", "found string"},
		{"null", M{"a": nil}, ErrInvalid, "a", "found null"},
		{"mixed", M{"a": 1, "b": 0}, ErrInvalid, "b", "mixed"},
		{"collision", M{"a": 1, "a.b": 1}, ErrInvalid, "a.b", "collides"},
		{"empty path", M{"": 1}, ErrInvalid, "", "empty segment"},
		{"dollar", M{"$a": 1}, ErrInvalid, "$a", "dollar"},
		{"no UTF-8", M{"\xff": 1}, ErrInvalid, "\xff", "UTF-8"},
		{"condition", M{"a": query.Gt(1)}, ErrInvalid, "a", "gt"},
		{"bad slice", M{"a": query.Slice(1, -1)}, ErrInvalid, "a", "$slice"},
		{"slice of nothing", M{"a": query.Slice()}, ErrInvalid, "a", "$slice"},
		{"a map in itself", object, ErrTooLarge, "*", "100 levels"},
	})
}

func TestBadIDs(t *testing.T) {
	refuse(t, idDoors, []refusal{
		{"nil", nil, ErrInvalid, "_id", "string or a number"},
		{"empty", "", ErrInvalid, "_id", "empty"},
		{"zero ID", ID{}, ErrInvalid, "_id", "empty"},
		{"bool", true, ErrInvalid, "_id", "found bool"},
		{"array", []int{1}, ErrInvalid, "_id", "found array"},
		{"object", M{"a": 1}, ErrInvalid, "_id", "found object"},
		{"regex", query.Regex("x"), ErrInvalid, "_id", "regex"},
		{"channel", make(chan int), ErrInvalid, "_id", "chan int"},
		{"no UTF-8", "\xff", ErrInvalid, "_id", "UTF-8"},
		{"uint64", uint64(math.MaxUint64), ErrInvalid, "_id", "int64"},
	})
}
