package query

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

func TestSubstitute(t *testing.T) {
	replace := func(text string) (string, bool) { return "alice", text == "{openid}" }
	type row struct {
		Owner string
		Tags  []string
	}
	stored, err := document.Of(document.M{"a": []any{"{openid}", "x{openid}"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ in, want any }{
		{document.M{"a": "{openid}", "b": "{openid} "}, document.D{{"a", "alice"}, {"b", "{openid} "}}},
		{document.M{"{openid}": 1}, document.M{"{openid}": 1}},
		{document.D{{"a", document.M{"b": []string{"{openid}"}}}}, document.D{{"a", document.D{{"b", []any{"alice"}}}}}},
		{Or(document.M{"a": Eq("{openid}")}, document.M{"b": In([]string{"x", "{openid}"})}),
			Or(document.D{{"a", Eq("alice")}}, document.D{{"b", In([]any{"x", "alice"})}})},
		{document.M{"a": Regex("{openid}")}, document.M{"a": Regex("{openid}")}},
		{document.M{"a": document.M{"$regex": "{openid}"}}, document.M{"a": document.M{"$regex": "{openid}"}}},
		{document.M{"a": Push("{openid}")}, document.D{{"a", Push("alice")}}},
		{document.M{"a": Set(document.M{"b": "{openid}"})}, document.D{{"a", Set(document.D{{"b", "alice"}})}}},
		{Raw(document.M{"a": "{openid}"}), Raw(document.D{{"a", "alice"}})},
		{row{"{openid}", nil}, document.D{{"Owner", "alice"}, {"Tags", document.NullValue()}}},
		{row{"x", []string{"y"}}, row{"x", []string{"y"}}},
		{stored, document.D{{"a", []any{"alice", document.Text("x{openid}")}}}},
		{5, 5}, {nil, nil}, {"{openid}", "alice"}, {[]byte("{openid}"), []byte("{openid}")},
	} {
		before := fmt.Sprint(c.in)
		got, err := Substitute(c.in, replace)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v: %#v (%v), want %#v", c.in, got, err, c.want)
		}
		if fmt.Sprint(c.in) != before {
			t.Errorf("%s was changed to %v", before, c.in)
		}
	}
	loop := document.M{}
	loop["a"] = loop
	if _, err := Substitute(loop, replace); !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("an endless object: %v", err)
	}
}

func TestEachChange(t *testing.T) {
	u, err := CompileUpdate(document.M{
		"a": 1, "b": document.M{"c": "x"}, "d": Set(document.M{"e": 1}), "n": Inc(1), "gone": Remove(), "old": Rename("new"),
		"list": document.M{"$": document.M{"x": 1}},
	}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	u.EachChange(func(path string, v document.Value) { got[path] = v.String() })
	want := map[string]string{"a": "1", "b.c": `"x"`, "d": `{"e":1}`, "n": "", "gone": "", "old": "", "new": "", "list.$.x": "1"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
