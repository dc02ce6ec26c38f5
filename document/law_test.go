package document

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"
)

// TestOneFormWhoeverWrites holds that a value has the same bytes written as a D, as
// JSON, as a struct, as foreign msgpack, and as an M when its keys are sorted.
func TestOneFormWhoeverWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDocument().Draw(t, "document")
		want := encoded(t, d)
		again := func(by string, v any) {
			if got := encoded(t, v); !bytes.Equal(got.raw, want.raw) {
				t.Fatalf("%s:\n got %x %s\nwant %x %s", by, got.raw, got, want.raw, want)
			}
		}
		again("D, by pointer", &d)
		again("value", want.Value())
		again("document", want)
		again("struct", asStruct(d).Interface())
		again("struct, by pointer", asStruct(d).Addr().Interface())
		parsed, err := ParseJSON(AppendJSON(nil, want.Value()))
		if err != nil {
			t.Fatal(err)
		}
		again("json", parsed)
		canonical, err := Canonical(want.raw)
		if err != nil || !bytes.Equal(canonical.raw, want.raw) {
			t.Fatalf("canonical: %v %x, want %x", err, canonical.raw, want.raw)
		}
		if err := Validate(want.raw); err != nil {
			t.Fatal(err)
		}
		sorted := asSorted(d).(D)
		want = encoded(t, sorted)
		again("M", asMap(d))
		again("foreign", canonicalOf(t, asMap(d)))
	})
}

func encoded(t *rapid.T, v any) Doc {
	doc, err := Encode(v, now)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// canonicalOf encodes m with msgpack itself.
func canonicalOf(t *rapid.T, m M) Doc {
	var buf bytes.Buffer
	enc := msgpack.NewEncoder(&buf)
	enc.SetSortMapKeys(true)
	if err := enc.Encode(asPlain(m)); err != nil {
		t.Fatal(err)
	}
	doc, err := Canonical(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// asPlain turns every M within v into a plain map.
func asPlain(v any) any {
	switch x := v.(type) {
	case M:
		m := map[string]any{}
		for k, v := range x {
			m[k] = asPlain(v)
		}
		return m
	case []any:
		list := []any{}
		for _, v := range x {
			list = append(list, asPlain(v))
		}
		return list
	}
	return v
}

func asMap(v any) M { return asMaps(v).(M) }

// asMaps turns every D within v into an M.
func asMaps(v any) any {
	switch x := v.(type) {
	case D:
		m := M{}
		for _, e := range x {
			m[e.Key] = asMaps(e.Value)
		}
		return m
	case []any:
		list := []any{}
		for _, v := range x {
			list = append(list, asMaps(v))
		}
		return list
	}
	return v
}

// asSorted sorts the fields of every D within v.
func asSorted(v any) any {
	switch x := v.(type) {
	case D:
		d := D{}
		for _, e := range x {
			d = append(d, E{e.Key, asSorted(e.Value)})
		}
		slices.SortFunc(d, func(a, b E) int { return strings.Compare(a.Key, b.Key) })
		return d
	case []any:
		list := []any{}
		for _, v := range x {
			list = append(list, asSorted(v))
		}
		return list
	}
	return v
}

// asStruct makes a struct that has the fields of d.
func asStruct(d D) reflect.Value {
	anything := reflect.TypeFor[any]()
	fields := make([]reflect.StructField, len(d))
	for i, e := range d {
		typ := anything
		if e.Value != nil && i%2 == 0 {
			typ = reflect.TypeOf(e.Value)
		}
		tag := []string{"msgpack", "json"}[i%2]
		fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: typ, Tag: reflect.StructTag(fmt.Sprintf("%s:%q", tag, e.Key))}
	}
	s := reflect.New(reflect.StructOf(fields)).Elem()
	for i, e := range d {
		if e.Value != nil {
			s.Field(i).Set(reflect.ValueOf(e.Value))
		}
	}
	return s
}

// TestDecodedAgain holds that what was decoded is encoded to an equal document.
func TestDecodedAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDocument().Draw(t, "document")
		doc := encoded(t, d)
		var back D
		if err := doc.Decode(&back); err != nil {
			t.Fatal(err)
		}
		if got := encoded(t, back); !bytes.Equal(got.raw, doc.raw) {
			t.Fatalf("by D: %s, want %s", got, doc)
		}
		if got, want := encoded(t, doc.Map()), encoded(t, asMap(d)); !bytes.Equal(got.raw, want.raw) {
			t.Fatalf("by map: %s, want %s", got, want)
		}
		s := reflect.New(asStruct(d).Type())
		if err := doc.Decode(s.Interface()); err != nil {
			t.Fatal(err)
		}
		got, err := Encode(s.Interface(), now)
		if err != nil {
			t.Fatal(err)
		}
		if !Equal(asSortedDoc(t, got).Value(), asSortedDoc(t, doc).Value()) {
			t.Fatalf("by struct: %s, want %s", got, doc)
		}
	})
}

// asSortedDoc returns d with all keys sorted: an any in a struct holds a Go map.
func asSortedDoc(t *rapid.T, d Doc) Doc { return encoded(t, d.Map()) }

// TestWithID holds that an id is put in front, once.
func TestWithID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDocument().Draw(t, "document")
		id := must2(Of(rapid.SampledFrom([]any{"x", 7, 2.5, nil, M{"a": 1}, []byte{1}, true}).Draw(t, "id")))
		got, err := encoded(t, d).WithID(id)
		if err != nil {
			t.Fatal(err)
		}
		rest := slices.DeleteFunc(slices.Clone(d), func(e E) bool { return e.Key == "_id" })
		want := encoded(t, append(D{{"_id", id}}, rest...))
		if !bytes.Equal(got.raw, want.raw) {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
	for _, bad := range []any{[]any{1}, Regex{}, Value{}} {
		if _, err := (Doc{}).WithID(must2(Of(bad))); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestBuilder holds that a builder makes the bytes Encode makes.
func TestBuilder(t *testing.T) {
	var b Builder
	rapid.Check(t, func(t *rapid.T) {
		d := anyDocument().Draw(t, "document")
		b.Reset()
		build(&b, encoded(t, d).Value())
		doc, err := b.Doc()
		if err != nil {
			t.Fatal(err)
		}
		if want := encoded(t, d); !bytes.Equal(doc.raw, want.raw) {
			t.Fatalf("got %s, want %s", doc, want)
		}
	})
}

func build(b *Builder, v Value) {
	switch v.Kind() {
	case Object:
		b.BeginObject()
		for f := v.Fields(); f.Next(); {
			b.KeyBytes(f.Key())
			build(b, f.Value())
			b.Key("gone")
			b.Value(Value{})
		}
		b.End()
	case Array:
		b.BeginArray()
		for e := v.Elements(); e.Next(); {
			build(b, e.Value())
		}
		b.End()
	default:
		b.Value(v)
	}
}
