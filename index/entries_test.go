package index_test

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
)

// reach returns the values that a path leads to in a Go value, as a condition of a
// query walks it: elements of an array at its end, each for itself.
func reach(v any, path []string) []any {
	var found []any
	if list, ok := v.([]any); ok {
		if len(path) == 0 {
			return list
		}
		for _, e := range list {
			if d, ok := e.(document.D); ok {
				found = append(found, reach(d, path)...)
			}
		}
		if i, err := strconv.Atoi(path[0]); err == nil && i < len(list) {
			found = append(found, reach(list[i], path[1:])...)
		}
		return found
	}
	if len(path) == 0 {
		return []any{v}
	}
	if d, ok := v.(document.D); ok {
		for _, f := range d {
			if f.Key == path[0] {
				found = append(found, reach(f.Value, path[1:])...)
			}
		}
	}
	return found
}

// fieldsOf cuts the fields of an entry apart.
func fieldsOf(t *testing.T, x *index.Index, e index.Entry) [][]byte {
	t.Helper()
	p, err := x.Split(e.Key, e.Value)
	if err != nil {
		t.Fatal(err)
	}
	rest := p.Fields
	var fields [][]byte
	for _, f := range x.Spec().Fields {
		n, err := keys.Skip(rest, f.Desc)
		if err != nil || n > index.MaxValue {
			n = index.MaxValue + 8 // the value was cut
		}
		fields, rest = append(fields, rest[:n]), rest[n:]
	}
	if len(rest) > 0 {
		t.Fatalf("entry %x ends in %x", e.Key, rest)
	}
	return fields
}

// Every value that a condition can reach is in an entry, and an entry without one
// of them stands for a missing value or an array without elements.
func TestEntriesHoldWhatPathsReach(t *testing.T) {
	indexed, refused := 0, 0
	cases(t, 4000, func(m maker) {
		data, x := m.document(3), compile(t, m.spec(3))
		doc := encode(t, data)
		list, traits, err := x.Entries(doc, encodedID(doc))
		if err != nil {
			refused++
			if !errors.Is(err, fault.ErrInvalid) && !errors.Is(err, fault.ErrTooLarge) {
				t.Errorf("%v of %v: %v", x.Spec(), doc, err)
			}
			return
		}
		indexed++
		none := true
		for i, f := range x.Spec().Fields {
			have := map[string]bool{}
			for _, e := range list {
				have[string(fieldsOf(t, x, e)[i])] = true
			}
			spare := map[string]bool{string(keys.AppendEmpty(nil, f.Desc)): true, string(keys.Append(nil, document.Value{}, f.Desc)): true}
			for _, v := range reach(data, strings.Split(f.Path, ".")) {
				none = false
				key, cut := x.AppendValue(nil, i, of(t, v))
				if len(list) > 0 && !have[string(key)] || cut && !traits.Cut {
					t.Errorf("%s of %v: no entry for %v", f.Path, doc, v)
				}
				spare[string(key)] = true
			}
			for key := range have {
				if !spare[key] {
					t.Errorf("%s of %v: entry %x for a value that is not there", f.Path, doc, key)
				}
			}
		}
		if len(list) == 0 && (!x.Spec().Sparse || !none) {
			t.Errorf("%+v of %v: no entries", x.Spec(), doc)
		}
	})
	t.Logf("%d documents indexed, %d refused", indexed, refused)
}

// Fields of one element stay together, beside the fields outside the array.
func TestEntriesOfElements(t *testing.T) {
	x := compile(t, index.Spec{Fields: index.By("a.b", "x", "-a.c")})
	cases(t, 2000, func(m maker) {
		list := make([]any, m.IntN(5))
		for i := range list {
			list[i] = pick[any](m, document.D{{Key: "b", Value: m.IntN(3)}, {Key: "c", Value: []any{m.IntN(3)}[0]}},
				document.D{{Key: "c", Value: m.IntN(3)}}, document.D{}, m.IntN(3))
		}
		data := document.D{{Key: "_id", Value: 1}, {Key: "x", Value: m.IntN(3)}, {Key: "a", Value: list}}
		want := map[string]bool{}
		tuple := func(e any) {
			b, c := append(reach(e, []string{"b"}), nil)[0], append(reach(e, []string{"c"}), nil)[0]
			key, _ := x.AppendValue(nil, 0, of(t, b))
			key, _ = x.AppendValue(key, 1, of(t, data[1].Value))
			key, _ = x.AppendValue(key, 2, of(t, c))
			want[string(key)] = true
		}
		for _, e := range list {
			tuple(e)
		}
		if len(list) == 0 {
			tuple(nil)
		}
		got, _ := entries(t, x, data)
		for _, e := range got {
			if key := bytes.Join(fieldsOf(t, x, e), nil); !want[string(key)] {
				t.Errorf("%v: entry %x is of no element", data, key)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%v: %d entries, %d different elements", data, len(got), len(want))
		}
	})
}

// Entries are in order and each once, they name their document, and their memory
// is their own.
func TestEntriesAreSortedAndDistinct(t *testing.T) {
	cases(t, 3000, func(m maker) {
		x := compile(t, m.spec(2))
		doc := encode(t, m.document(3))
		id := encodedID(doc)
		list, _, err := x.Entries(doc, id)
		if err != nil {
			return
		}
		span := x.Span()
		for i, e := range list {
			if i > 0 && bytes.Compare(list[i-1].Key, e.Key) >= 0 {
				t.Errorf("%v: entry %x behind %x", doc, e.Key, list[i-1].Key)
			}
			if bytes.Compare(e.Key, span.Lo) < 0 || bytes.Compare(e.Key, span.Hi) >= 0 {
				t.Errorf("entry %x is outside the index", e.Key)
			}
			if p, err := x.Split(e.Key, e.Value); err != nil || !bytes.Equal(p.ID, id) {
				t.Errorf("%v: the _id of %x is read as %x, %v, want %x", doc, e.Key, p.ID, err, id)
			}
		}
		for i := range list {
			before := string(bytes.Join([][]byte{list[max(i-1, 0)].Key, list[max(i-1, 0)].Value}, nil))
			_ = append(list[i].Key, 'x')
			if i > 0 && before != string(list[i-1].Key)+string(list[i-1].Value) {
				t.Errorf("appending to a key changes another entry")
			}
		}
	})
}

// What only one of two documents has, and what both have, makes the other's.
func TestDiff(t *testing.T) {
	cases(t, 3000, func(m maker) {
		x := compile(t, m.spec(2))
		var lists [2][]index.Entry
		for i := range lists {
			data := m.document(2)
			data[0].Value = pick[any](m, 1, 2)
			doc := encode(t, data)
			list, _, err := x.Entries(doc, encodedID(doc))
			if err != nil {
				return
			}
			lists[i] = list
		}
		removed, added := index.Diff(lists[0], lists[1])
		stored := map[string]string{}
		for _, e := range lists[0] {
			stored[string(e.Key)] = string(e.Value)
		}
		for _, e := range removed {
			if _, ok := stored[string(e.Key)]; !ok {
				t.Errorf("%x is removed and was not there", e.Key)
			}
			delete(stored, string(e.Key))
		}
		for _, e := range added {
			if _, ok := stored[string(e.Key)]; ok {
				t.Errorf("%x is added and is there", e.Key)
			}
			stored[string(e.Key)] = string(e.Value)
		}
		for _, e := range lists[1] {
			if v, ok := stored[string(e.Key)]; !ok || v != string(e.Value) {
				t.Errorf("%x is not there afterwards", e.Key)
			}
		}
		if len(stored) != len(lists[1]) {
			t.Errorf("%d entries afterwards, want %d", len(stored), len(lists[1]))
		}
		byKey := func(a, b index.Entry) int { return bytes.Compare(a.Key, b.Key) }
		if !slices.IsSortedFunc(removed, byKey) || !slices.IsSortedFunc(added, byKey) {
			t.Errorf("out of order: %x, %x", removed, added)
		}
	})
}
