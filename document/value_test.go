package document

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/virgadb/virga/internal/fault"
)

func TestAccessors(t *testing.T) {
	if i, ok := Float(2).Int64(); !ok || i != 2 {
		t.Error("2.0 is no int64")
	}
	if _, ok := Float(2.5).Int64(); ok {
		t.Error("2.5 is an int64")
	}
	if _, ok := Float(1 << 63).Int64(); ok {
		t.Error("2^63 is an int64")
	}
	if f, ok := Int(3).Float64(); !ok || f != 3 {
		t.Error("3 is no float64")
	}
	if Float(2).IsInt() || !Int(2).IsInt() || Text("2").IsInt() {
		t.Error("IsInt")
	}
	if b, ok := Boolean(true).Bool(); !b || !ok {
		t.Error("true")
	}
	if _, ok := Int(1).Bool(); ok {
		t.Error("1 is a bool")
	}
	if _, ok := NullValue().Bool(); ok {
		t.Error("null is a bool")
	}
	if tm, ok := DateMillis(-1).Time(); !ok || !tm.Equal(time.UnixMilli(-1)) || tm.Location() != time.UTC {
		t.Error("date")
	}
	if s, ok := Text(strings.Repeat("é", 40)).Text(); !ok || len(s) != 80 {
		t.Error("text")
	}
	if _, ok := Int(1).Text(); ok || Int(1).Bytes() != nil || Text("").Bytes() == nil {
		t.Error("bytes")
	}
	if r, ok := must2(Of(Regex{"a", "xi"})).Regex(); !ok || r != (Regex{"a", "ix"}) {
		t.Error("regex")
	}
	list := must2(Of([]any{1, "a", []int{1, 2}}))
	if list.Len() != 3 || list.Element(2).Len() != 2 || list.Element(3).Exists() || list.Element(-1).Exists() || list.Field("0").Exists() {
		t.Error("list")
	}
}

func TestKinds(t *testing.T) {
	for want, v := range []any{Value{}, nil, 1, "", D{}, []int{}, []byte{}, true, now, Regex{}} {
		if got := must2(Of(v)).Kind(); got != Kind(want) {
			t.Errorf("%v is %s, want %s", v, got, Kind(want))
		}
	}
	if Regexp.String() != "regex" || Missing.String() != "missing" {
		t.Error("names")
	}
}

func TestPath(t *testing.T) {
	doc := must2(Encode(M{"a": M{"b": []any{M{"c": 1}, M{"c": 2}}, "0": "zero"}, "01": []any{1}, "x": nil}, now))
	for path, want := range map[string]any{
		"a.b.1.c": 2, "a.b.c": Value{}, "a.0": "zero", "a.b.01": Value{}, "01.0": 1, "x": nil, "x.y": Value{}, "a.b.2": Value{}, "a.b.-1": Value{}, "q": Value{}, "a.b.99999999999": Value{},
	} {
		p := must(t, must2(ParsePath(path)), nil)
		if got := p.Lookup(doc.Value()); !Equal(got, must2(Of(want))) || got.Exists() != must2(Of(want)).Exists() {
			t.Errorf("%s: %s, want %v", path, got, want)
		}
		if got := doc.Lookup(path); !Equal(got, must2(Of(want))) {
			t.Errorf("Lookup(%s): %s, want %v", path, got, want)
		}
	}
	for _, bad := range []string{"", ".", "a.", ".a", "a..b", "a\x00", "a\xff"} {
		if _, err := ParsePath(bad); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	deepest := strings.Repeat("a.", MaxDepth-1) + "a"
	if _, err := ParsePath(deepest); err != nil {
		t.Error(err)
	}
	if _, err := ParsePath(deepest + ".a"); !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("one segment too many: %v", err)
	}
	p := must2(ParsePath("a.10.b"))
	if i, ok := p.Index(1); !ok || i != 10 || p.String() != "a.10.b" || !slices.Equal(p.Segments(), []string{"a", "10", "b"}) {
		t.Error("segments")
	}
	if _, ok := p.Index(0); ok {
		t.Error("a is an index")
	}
}

// selfMade is a slice that is stored as an object.
type selfMade []int

func (s *selfMade) MarshalValue() (Value, error) { return Of(D{{"a", (*s)[0]}, {"b", (*s)[1]}}) }

func TestPairsAndList(t *testing.T) {
	want := []E{{"a", 1}, {"b", 2}}
	inner := must2(Of(D{{"a", 1}, {"b", 2}}))
	for _, v := range []any{D(want), M{"b": 2, "a": 1}, map[string]any{"b": 2, "a": 1}, map[string]int{"b": 2, "a": 1}, &M{"b": 2, "a": 1}, inner, Doc(inner),
		json.RawMessage(`{"a": 1, "b": 2}`), selfMade{1, 2},
		struct {
			A int `json:"a"`
			B int `json:"b"`
		}{1, 2}} {
		got, ok := Pairs(v)
		if !ok || !Equal(must2(Of(D(got))), inner) || got[0].Key != "a" {
			t.Errorf("%T: %v", v, got)
		}
	}
	for _, v := range []any{nil, 1, "a", []any{1}, []D{want}, json.RawMessage("[1]"), M(nil), now, Regex{}, fakeCommand{}, Int(1), Doc{}, map[int]int{}, (*M)(nil), (*product)(nil)} {
		if got, ok := Pairs(v); ok {
			t.Errorf("%T: %v", v, got)
		}
	}
	for _, v := range []any{[]any{1, 2}, []int{1, 2}, [2]int{1, 2}, must2(Of([]int{1, 2})), &[]int{1, 2}} {
		got, ok := List(v)
		if !ok || !Equal(must2(Of(got)), must2(Of([]int{1, 2}))) {
			t.Errorf("%T: %v", v, got)
		}
	}
	for _, v := range []any{nil, 1, "a", []byte{1}, [2]byte{}, D{}, M{}, []int(nil), inner, (*[]int)(nil)} {
		if got, ok := List(v); ok {
			t.Errorf("%T: %v", v, got)
		}
	}
}

// TestReadsAllocateNothing holds the promise that filters and sorts build on.
func TestReadsAllocateNothing(t *testing.T) {
	doc := benchDoc(t)
	other := must2(Encode(append(D{}, benchFields...), now)).Value()
	p := must2(ParsePath("address.lines.1.street"))
	v := doc.Value()
	sink := 0
	for name, read := range map[string]func(){
		"path":    func() { sink += len(p.Lookup(v).raw) },
		"lookup":  func() { sink += len(doc.Lookup("address.lines.1.street").raw) },
		"field":   func() { sink += len(v.Field("score").raw) },
		"compare": func() { sink += Compare(v, other) },
		"equal": func() {
			if Equal(v, other) {
				sink++
			}
		},
		"cursor": func() {
			for f := v.Fields(); f.Next(); {
				sink += len(f.Key()) + int(f.Value().Kind())
			}
		},
		"elements": func() {
			for e := v.Field("tags").Elements(); e.Next(); {
				sink += len(e.Value().Bytes())
			}
		},
		"numbers": func() {
			i, _ := v.Field("age").Int64()
			f, _ := v.Field("score").Float64()
			ms, _ := v.Field("created").Millis()
			sink += int(i) + int(f) + int(ms)
		},
	} {
		if n := testing.AllocsPerRun(100, read); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if sink == 0 || len(p.Lookup(v).raw) == 0 {
		t.Error("nothing was read")
	}
}

// TestAnyLikeMsgpack holds the decoder against the generic one, for plain JSON kinds.
func TestAnyOwnsItsValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := slices.Clone(encoded(t, anyDocument().Draw(t, "document")).raw)
		first, second := FromRaw(raw).Map(), FromRaw(slices.Clone(raw)).Map()
		for i := range raw {
			raw[i] = 0xc1
		}
		if !Equal(must2(Of(first)), must2(Of(second))) {
			t.Fatalf("decoded values share the document's bytes")
		}
	})
	big := D{}
	for i := range 2000 {
		big = append(big, E{"k" + string(rune('a'+i%26)) + strings.Repeat("x", i/26), M{"name": "n", "v": i}})
	}
	doc := must2(Encode(big, now))
	m := doc.Map()
	if len(m) != 2000 || !reflect.DeepEqual(m["kb"], map[string]any{"name": "n", "v": int64(1)}) {
		t.Errorf("a large document: %d fields, %v", len(m), m["kb"])
	}
}
