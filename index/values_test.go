package index_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
)

// plain reports whether a key can give v back.
func plain(v document.Value) bool {
	f, _ := v.Float64()
	switch v.Kind() {
	case document.Object, document.Array, document.Regexp:
		return false
	case document.Number:
		return v.IsInt() || f != 0 || !math.Signbit(f)
	}
	return len(keys.Append(nil, v, false)) <= index.MaxValue
}

// An entry gives the values of the document back, to the byte, whenever it can.
func TestValues(t *testing.T) {
	answered := 0
	cases(t, 5000, func(m maker) {
		x := compile(t, m.spec(1))
		data := m.flat()
		if m.IntN(4) == 0 {
			data = m.document(2)
		}
		doc := encode(t, data)
		list, traits, err := x.Entries(doc, encodedID(doc))
		if err != nil || len(list) == 0 {
			return
		}
		x = x.WithTraits(traits)
		p, err := x.Split(list[0].Key, list[0].Value)
		if err != nil {
			t.Fatal(err)
		}
		want := []document.Value{doc.Value().Field("_id")}
		for i := range x.Spec().Fields {
			want = append(want, x.Path(i).Lookup(doc.Value()))
		}
		values, ok := x.Values(p, nil)
		if all := !slices.ContainsFunc(want, func(v document.Value) bool { return !plain(v) }); ok != all {
			t.Errorf("%v by %v: Values reports %v", doc, x.Spec().Keys(), ok)
		}
		for i := 0; ok && i < len(want); i++ {
			if !bytes.Equal(values[i].Raw(), want[i].Raw()) {
				t.Errorf("%v by %v: value %d is %v, want %v", doc, x.Spec().Keys(), i, values[i], want[i])
			}
		}
		if ok {
			answered++
		}
	})
	t.Logf("%d answered by their entries", answered)
}

// In an index with an array or a cut value somewhere no entry speaks for its document.
func TestValuesOfTraits(t *testing.T) {
	list, x := entries(t, compile(t, index.Spec{Fields: index.By("a")}), document.M{"_id": 1, "a": 2})
	p, err := x.Split(list[0].Key, list[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	if values, ok := x.Values(p, nil); !ok || len(values) != 2 {
		t.Errorf("%v, %v", values, ok)
	}
	for _, traits := range []index.Traits{{Multikey: 1}, {Cut: true}, {Multikey: 1, Cut: true}} {
		if values, ok := x.WithTraits(traits).Values(p, nil); ok {
			t.Errorf("%+v: %v", traits, values)
		}
	}
	if u := (index.Traits{Multikey: 1}).Union(index.Traits{Multikey: 4, Cut: true}); (u != index.Traits{Multikey: 5, Cut: true}) {
		t.Errorf("union is %+v", u)
	}
}

func TestSplitRefuses(t *testing.T) {
	for _, unique := range []bool{false, true} {
		list, x := entries(t, compile(t, index.Spec{Fields: index.By("a", "-b"), Unique: unique}), document.M{"_id": "id", "a": 1, "b": "x"})
		e := list[0]
		other, err := index.Compile(8, x.Spec(), index.Traits{})
		if err != nil {
			t.Fatal(err)
		}
		long := append(bytes.Clone(e.Value), e.Value...)
		for name, bad := range map[string]index.Entry{
			"nothing":              {},
			"the prefix alone":     {Key: x.Span().Lo, Value: e.Value},
			"no tail":              {Key: e.Key[:6], Value: nil},
			"another index":        {Key: append(bytes.Clone(other.Span().Lo), e.Key[5:]...), Value: e.Value},
			"a longer value":       {Key: e.Key, Value: append(long, 1)},
			"an _id of no bytes":   {Key: append(bytes.Clone(x.Span().Lo), 1, 2, 0, 0, 0), Value: []byte{0, 0, 0}},
			"an _id of many bytes": {Key: append(bytes.Clone(e.Key), 0xFF, 0xFF), Value: append(bytes.Clone(e.Value), 0xFF, 0xFF)},
		} {
			if p, err := x.Split(bad.Key, bad.Value); !errors.Is(err, fault.ErrCorrupt) {
				t.Errorf("unique %v, %s: %+v, %v", unique, name, p, err)
			}
		}
	}
}

// FuzzSplit takes bytes apart that may be no entry.
func FuzzSplit(f *testing.F) {
	m := maker{rand.New(rand.NewPCG(1, 1))}
	for range 40 {
		x := compile(f, index.Spec{Fields: index.By("a", "-b"), Unique: m.IntN(2) == 0})
		doc := encode(f, m.flat())
		list, _, err := x.Entries(doc, encodedID(doc))
		if err != nil {
			continue
		}
		f.Add(list[0].Key, list[0].Value, x.Spec().Unique)
	}
	f.Fuzz(func(t *testing.T, key, value []byte, unique bool) {
		x := compile(t, index.Spec{Fields: index.By("a", "-b"), Unique: unique})
		p, err := x.Split(key, value)
		if err != nil {
			return
		}
		if len(p.ID) == 0 || len(p.Fields) == 0 {
			t.Errorf("%x, %x: parts %x, %x", key, value, p.Fields, p.ID)
		}
		if values, ok := x.Values(p, nil); ok && len(values) != 3 {
			t.Errorf("%x, %x: values %v", key, value, values)
		}
	})
}
