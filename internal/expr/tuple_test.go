package expr

import (
	"testing"

	"github.com/virgadb/virga/document"
)

// TestTuple evaluates expressions together and by themselves.
func TestTuple(t *testing.T) {
	var list []*Expr
	for _, text := range []string{`"$a"`, `"$b.c"`, `1`, `"$$ROOT"`, `{"$add":["$a","$n"]}`, `"$none"`, `{"x":"$b","y":"$none","z":{"w":"$a"}}`, `"$a"`} {
		v, err := document.ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		x, err := Compile(v, Scope{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, x)
	}
	names, parts, ok := list[6].Object()
	if !ok || len(names) != 3 || names[2] != "z" {
		t.Fatalf("the object has the fields %q", names)
	}
	list = append(list, parts...)
	if _, _, ok := list[0].Object(); ok {
		t.Error("a path is an object")
	}
	tuple := Join(list...)
	env := NewEnv(Options{})
	into := make([]document.Value, len(list))
	for _, text := range []string{`{"a":1,"b":{"c":2},"n":3}`, `{"n":1}`, `{"b":[{"c":1},{"c":2}],"a":2}`, `{}`} {
		doc, err := document.ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := tuple.Eval(env, doc, into); err != nil {
			t.Fatal(err)
		}
		for i, x := range list {
			want, err := x.Eval(NewEnv(Options{}), doc)
			if err != nil || string(want.Raw()) != string(into[i].Raw()) {
				t.Errorf("%s, expression %d: %s, want %s, %v", text, i, into[i], want, err)
			}
		}
	}
}

// TestTupleFails ends with the error of an expression.
func TestTupleFails(t *testing.T) {
	bad, err := Compile(document.D{{"$size", "$a"}}, Scope{})
	if err != nil {
		t.Fatal(err)
	}
	tuple := Join(bad)
	if err := tuple.Eval(NewEnv(Options{}), document.FromRaw([]byte{0x80}).Value(), make([]document.Value, 1)); err == nil {
		t.Error("no error")
	}
}
