package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/virgadb/virga/internal/fault"
)

type money int64

type address struct {
	City string `json:"city"`
	Zip  string `json:"zip,omitempty"`
}

type base struct {
	ID      string    `msgpack:"_id" json:"other"`
	Created time.Time `json:"created"`
}

type hidden struct{ Seen bool }

type product struct {
	Name  string  `json:"name"`
	Price money   `msgpack:"price,omitempty" json:"cost"`
	Ratio float32 `json:"ratio"`
	base
	*hidden
	Address   address `json:"address"`
	*Shipping `msgpack:"shipping,noinline"`
	Tags      []string          `json:"tags"`
	Counts    map[string]int    `json:"counts"`
	Labels    map[string]string `json:"labels,omitempty"`
	Raw       []byte
	Key       [4]byte
	Next      *product   `json:"next,omitempty"`
	When      *time.Time `json:"when,omitempty"`
	Empty     address    `json:",omitempty"`
	Any       any        `json:"any"`
	Skip      int        `json:"-"`
	private   int
	U8        uint8
	Matrix    [2][2]int
}

type Shipping struct{ Days int }

var full = product{
	Name: "tea", Price: 120, Ratio: 0.5, base: base{ID: "p1", Created: time.UnixMilli(1700000000123).UTC()}, hidden: &hidden{true},
	Address: address{City: "宁波"}, Shipping: &Shipping{3}, Tags: []string{"new", "hot"}, Counts: map[string]int{"b": 2, "a": 1, "c": 300},
	Raw: []byte{1}, Key: [4]byte{1, 2}, Next: &product{Name: "next"}, When: &now, Any: []any{int64(1), "x", map[string]any{"k": int64(-5)}}, Skip: 1, private: 2, U8: 200,
	Matrix: [2][2]int{{1, 2}, {3, 4}},
}

// TestStructLikeMsgpack holds that structs are written the way msgpack would.
func TestStructLikeMsgpack(t *testing.T) {
	full := full
	full.Next = nil                      // nor does it leave out what an embedded nil pointer lacks
	full.Counts = map[string]int{"a": 1} // msgpack writes such maps in random order
	type inlined struct {
		City  string
		Extra address `msgpack:",inline"`
		address
	}
	type shadowed struct {
		City    string `json:"city"`
		address `msgpack:",inline"`
	}
	for _, v := range []any{full, &full, product{hidden: &hidden{}}, address{}, base{}, inlined{"a", address{"b", "c"}, address{"d", ""}}, shadowed{"a", address{"b", "c"}},
		struct {
			_msgpack struct{} `msgpack:",omitempty"`
			A, B     int
			C        *int
		}{A: 1},
		struct{ X any }{struct {
			//lint:ignore U1000 the tag is what counts
			_msgpack struct{} `msgpack:",as_array"`
			A        int
			B        string
		}{A: 1, B: "x"}},
		struct {
			T time.Time `msgpack:"t,omitempty"`
			P *time.Time
			F float64 `msgpack:",omitempty"`
			B bool    `msgpack:",omitempty"`
			S struct {
				A int `msgpack:",omitempty"`
			} `msgpack:",omitempty"`
			I any `msgpack:",omitempty"`
			D D   `msgpack:",omitempty"`
		}{},
	} {
		var buf bytes.Buffer
		enc := msgpack.NewEncoder(&buf)
		enc.SetCustomStructTag("json")
		enc.SetSortMapKeys(true)
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		want, err := Canonical(buf.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		got, err := Encode(v, now)
		if err != nil || !bytes.Equal(got.Raw(), want.Raw()) {
			t.Errorf("%v\n got %s\nwant %s", err, got, want)
		}
	}
}

func TestStructRoundTrip(t *testing.T) {
	doc := must(t, must2(Encode(full, now)), nil)
	if first := doc.Value().Fields(); !first.Next() || string(first.Key()) != "_id" {
		t.Errorf("_id is not first: %s", doc)
	}
	back := product{hidden: &hidden{}}
	if err := doc.Decode(&back); err != nil {
		t.Fatal(err)
	}
	want := full
	cut := now.Truncate(time.Millisecond)
	want.When, want.Skip, want.private = &cut, 0, 0
	if !reflect.DeepEqual(back, want) {
		t.Errorf("\n got %+v\nwant %+v", back, want)
	}
	if back.Created.Location() != time.UTC {
		t.Errorf("the date is in %s", back.Created.Location())
	}
}

type custom struct{ n int }

func (c custom) EncodeMsgpack(enc *msgpack.Encoder) error {
	return enc.Encode(map[string]any{"n": c.n, "at": ServerDate{time.Second}, "d": D{{"z", ServerDate{}}, {"a", 2}}})
}

type pointerMarshaler struct{ n int8 }

func (p *pointerMarshaler) MarshalMsgpack() ([]byte, error) { return msgpack.Marshal(p.n) }

type fails struct{}

func (fails) MarshalMsgpack() ([]byte, error) { return nil, errors.New("no") }

type uuid [16]byte

func (u uuid) MarshalBinary() ([]byte, error)      { return u[:], nil }
func (u *uuid) UnmarshalBinary(b []byte) error     { copy(u[:], b); return nil }
func (u uuid) MarshalText() (text []byte, _ error) { return []byte("text"), nil }

// TestTypesThatDecide holds the places where a type says how it is stored.
func TestTypesThatDecide(t *testing.T) {
	type all struct {
		C  custom
		P  pointerMarshaler
		PP *pointerMarshaler
		U  uuid
		N  json.Number
		R  json.RawMessage
		S  ServerDate
		M  M
		D  D
		Do Doc
		V  Value
		I  ID
		X  Regex
	}
	v := all{C: custom{1}, P: pointerMarshaler{2}, PP: &pointerMarshaler{3}, U: uuid{7}, N: "1.50", R: json.RawMessage(`{"b":1,"a":{"$date":0}}`), S: ServerDate{-time.Second},
		M: M{"b": 1, "a": ServerDate{}}, D: D{{"b", 1}, {"a", D{}}}, Do: must2(Encode(D{{"x", 1}}, now)), V: Text("v"), I: must2(IDOf(1.0)), X: Regex{"a", "mi"}}
	at := now.Truncate(time.Millisecond)
	want := D{{"C", D{{"at", at.Add(time.Second)}, {"d", D{{"z", at}, {"a", 2}}}, {"n", 1}}}, {"P", 2}, {"PP", 3}, {"U", append([]byte{7}, make([]byte, 15)...)},
		{"N", 1.5}, {"R", D{{"b", 1}, {"a", DateMillis(0)}}}, {"S", at.Add(-time.Second)}, {"M", D{{"a", at}, {"b", 1}}}, {"D", D{{"b", 1}, {"a", D{}}}},
		{"Do", D{{"x", 1}}}, {"V", "v"}, {"I", 1}, {"X", Regex{"a", "im"}}}
	wanted := must2(Encode(want, now))
	for by, v := range map[string]any{"struct": v, "pointer": &v} {
		if got, err := Encode(v, now); err != nil || !bytes.Equal(got.Raw(), wanted.Raw()) {
			t.Errorf("%s: %v\n got %s\nwant %s", by, err, got, wanted)
		}
	}
	var back struct {
		U  uuid
		M  M
		D  D
		Do Doc
		V  Value
		I  ID
		X  Regex
		S  time.Time
	}
	if err := wanted.Decode(&back); err != nil {
		t.Fatal(err)
	}
	if back.U != v.U || back.M["b"] != any(int64(1)) || back.D[0].Key != "b" || back.Do.String() != `{"x":1}` || back.V.String() != `"v"` || back.I != v.I || back.X.Options != "im" || back.S != at.Add(-time.Second) {
		t.Errorf("%+v", back)
	}
	if _, err := Encode(M{"a": []any{fails{}}}, now); !refused(err, fault.ErrInvalid, "a.0") {
		t.Errorf("a method that fails: %v", err)
	}
	if _, err := Encode(M{"v": custom{}}, now); err != nil {
		t.Error(err)
	}
	if _, err := Of(custom{}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a server date without a time: %v", err)
	}
}

// TestMissingInside holds that what is missing is left out of objects, null in arrays.
func TestMissingInside(t *testing.T) {
	list := []any{1, Value{}, ID{}, Doc{}}
	for by, v := range map[string]any{"D": D{{"a", Value{}}, {"b", list}}, "M": M{"a": Doc{}, "b": list}, "map": map[string]Value{"a": {}, "b": must2(Of(list))},
		"struct": struct {
			A Doc `json:"a"`
			B any `json:"b"`
		}{B: list}} {
		if got := must2(Encode(v, now)).String(); got != `{"b":[1,null,null,null]}` {
			t.Errorf("%s: %s", by, got)
		}
	}
	wide := M{}
	for i := range 20 {
		wide[string(rune('a'+i))] = Value{}
	}
	wide["z"] = 1
	if got := must2(Encode(wide, now)); got.String() != `{"z":1}` || Validate(got.Raw()) != nil {
		t.Errorf("%s %x", got, got.Raw())
	}
}

// TestNumbersThatFit holds that a number goes only where it is held exactly.
func TestNumbersThatFit(t *testing.T) {
	for _, c := range []struct {
		v  any
		to any
		ok bool
	}{{2.0, new(int), true}, {2.5, new(int), false}, {300, new(int8), false}, {-128, new(int8), true}, {-1, new(uint), false}, {255, new(uint8), true}, {256, new(uint8), false},
		{0.1, new(float32), true}, {1e300, new(float32), false}, {7, new(float64), true}, {"7", new(int), false}, {1, new(bool), false}, {true, new(bool), true}, {1, new(string), false},
		{1.5, new(json.Number), true}, {[]int{1, 2}, new([2]int), true}, {[]int{1}, new([2]int), false}, {[]byte{1}, new([1]byte), true}, {"x", new(error), false}, {[]byte{1}, new(string), false}} {
		before := reflect.ValueOf(c.to).Elem().Interface()
		err := must2(Of(c.v)).Decode(c.to)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%v into %T: %v", c.v, c.to, err)
		}
		if after := reflect.ValueOf(c.to).Elem().Interface(); err != nil && !reflect.DeepEqual(before, after) {
			t.Errorf("%v changed %T to %v", c.v, c.to, after)
		}
	}
	var s struct{ A []struct{ N int8 } }
	if err := must2(Encode(M{"A": []any{M{"N": 1}, M{"N": 1000}}}, now)).Decode(&s); !refused(err, fault.ErrInvalid, "A.1.N") {
		t.Errorf("the path: %v", err)
	}
}

type letter byte

// TestNamedBytes holds that bytes of a type of their own are binary as well.
func TestNamedBytes(t *testing.T) {
	type s struct {
		A [2]letter
		B []letter
	}
	doc := must2(Encode(s{[2]letter{1, 2}, []letter{3}}, now))
	var back s
	if err := doc.Decode(&back); err != nil || back.A[1] != 2 || back.B[0] != 3 || doc.Lookup("A").Kind() != Binary {
		t.Errorf("%s: %v, %v", doc, back, err)
	}
}

// TestTagOptions holds alias, as_array and embedded pointers when reading.
func TestTagOptions(t *testing.T) {
	type row struct {
		//lint:ignore U1000 the tag is what counts
		_msgpack struct{} `msgpack:",as_array"`
		A        int
		B        string
	}
	type s struct {
		New int `msgpack:"new,alias:old"`
		Row row
		*Shipping
		*hidden
	}
	var back s
	doc := must2(Encode(D{{"old", 5}, {"Row", []any{1, "x"}}, {"Days", 2}}, now))
	if err := doc.Decode(&back); err != nil || back.New != 5 || back.Row.B != "x" || back.Days != 2 {
		t.Errorf("%+v, %v", back, err)
	}
	if err := must2(Encode(M{"Seen": true}, now)).Decode(&back); !refused(err, fault.ErrInvalid, "Seen") {
		t.Errorf("an embedded pointer that cannot be made: %v", err)
	}
}

// TestNil holds what nil is, by its type.
func TestNil(t *testing.T) {
	var p *int
	for _, v := range []any{nil, p, &p, []int(nil), []any(nil), []byte(nil), M(nil), D(nil), map[string]int(nil), (*time.Time)(nil), (*custom)(nil), error(nil), json.RawMessage(nil)} {
		if got, err := Of(v); err != nil || got.Kind() != Null {
			t.Errorf("%T: %s, %v", v, got, err)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	doc := must2(Encode(M{"a": "text", "n": 5}, now))
	for _, p := range []any{nil, product{}, new(struct {
		A int `json:"a"`
	}), new([]int), (*product)(nil), new(string), new(Regex), new(ServerDate)} {
		if err := doc.Decode(p); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("into %T: %v", p, err)
		}
	}
	for _, none := range []error{(Doc{}).Decode(new(M)), (Value{}).Decode(new(string)), doc.Lookup("nothing").Decode(new(any))} {
		if !errors.Is(none, fault.ErrInvalid) || errors.Is(none, fault.ErrCorrupt) {
			t.Errorf("nothing: %v", none)
		}
	}
	if err := Text("x").Decode(new(M)); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a string into M: %v", err)
	}
	var s string
	if err := Text("x").Decode(&s); err != nil || s != "x" {
		t.Errorf("%q, %v", s, err)
	}
	var a any
	if err := doc.Decode(&a); err != nil || !reflect.DeepEqual(a, any(map[string]any{"a": "text", "n": int64(5)})) {
		t.Errorf("%v, %v", a, err)
	}
}
