package document

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/virgadb/virga/internal/fault"
)

// touch reads raw in every way there is. None may panic, whatever the bytes.
func touch(raw []byte) {
	v := Value{raw}
	touchValue(v)
	for f := v.Fields(); f.Next(); {
		touchValue(f.Value())
		v.Field(string(f.Key()))
	}
	for e := v.Elements(); e.Next(); {
		touchValue(e.Value())
	}
	d := FromRaw(raw)
	d.ID().Any()
	d.Map()
	d.Lookup("a.b.0.c")
	d.Lookup("0")
	var (
		s struct {
			ID any `json:"_id"`
			A  struct{ B []any }
			T  map[string]any
		}
		ordered D
		other   Doc
	)
	for _, p := range []any{&s, &ordered, &other, new(any), new(M), new([]any), new(map[string]int)} {
		d.Decode(p)
	}
	d.WithID(Int(1))
	Encode(d, now)
	Of(M{"a": v})
	Pairs(v)
	List(v)
	var b Builder
	b.Value(v)
	b.Doc()
	Validate(raw)
	d.MarshalJSON()
}

func touchValue(v Value) {
	v.Kind()
	v.IsInt()
	v.Int64()
	v.Float64()
	v.Bool()
	v.Text()
	v.Bytes()
	AppendPositions([][2]float64(nil), v)
	AppendLines([][][2]float64(nil), v)
	v.Millis()
	v.Time()
	v.Regex()
	v.Element(v.Len() - 1)
	v.Field("a")
	v.Any()
	_ = v.String()
	v.Clone()
	Compare(v, Int(1))
	Compare(v, v.Element(0))
	Compare(v, v)
}

// TestDamagedBytes reads documents in which bytes were changed, or that were cut.
func TestDamagedBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := bytes.Clone(encoded(t, anyDocument().Draw(t, "document")).raw)
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			raw[rapid.IntRange(0, len(raw)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		raw = raw[:rapid.IntRange(0, len(raw)).Draw(t, "length")]
		touch(raw)
	})
}

// TestDeepDamage reads bytes that are nested without end.
func TestDeepDamage(t *testing.T) {
	for _, unit := range []string{"\x91", "\x81\xa1a", "\xdd\xff\xff\xff\xff", "\xdf\x00\x00\xff\xff\xa1a", "\xdc\xff\xff", "\xde\xff\xff\xa1a"} {
		for _, end := range []string{"", "\xc0"} {
			touch(append(bytes.Repeat([]byte(unit), 1<<12), end...))
			touch(append(append([]byte("\x81\xa1a"), bytes.Repeat([]byte(unit), 1<<12)...), end...))
		}
	}
}

// TestCursorsSayCorrupt holds that a cursor that ends early says so.
func TestCursorsSayCorrupt(t *testing.T) {
	for _, raw := range []string{"\x82\xa1a\x01", "\x81\x01\x01", "\x81\xa1a\xc1", "\xde\x00", "\xc1"} {
		f := Value{[]byte(raw)}.Fields()
		for f.Next() {
		}
		if err := f.Err(); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("fields of %x: %v", raw, err)
		}
	}
	for _, raw := range []string{"\x92\x01", "\x91\xa5a", "\xdc\x00"} {
		e := Value{[]byte(raw)}.Elements()
		for e.Next() {
		}
		if err := e.Err(); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("elements of %x: %v", raw, err)
		}
	}
	if f, e := NullValue().Fields(), (Value{}).Elements(); f.Err() != nil || e.Err() != nil {
		t.Error("no container is no corruption")
	}
	if err := FromRaw([]byte("\x82\xa1a\x01")).Decode(new(D)); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("decode: %v", err)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, v := range []any{M{"a": 1}, D{{"b", []any{1.5, now, Regex{"a", "i"}}}, {"_id", "x"}}, M{"n": uint64(1 << 40), "b": []byte{1}, "d": M{"e": nil}}} {
		f.Add(must2(Encode(v, now)).Raw())
	}
	f.Add([]byte("\x82\xa1a\xca\x00\x00\x00\x00\xa3_id\xd1\x00\x01"))
	f.Add([]byte("\x91\x82\xa3000000")) // keys that are no strings, inside
	f.Fuzz(func(t *testing.T, raw []byte) {
		touch(raw)
		d, err := Canonical(raw)
		if err != nil {
			if !errors.Is(err, fault.ErrInvalid) && !errors.Is(err, fault.ErrTooLarge) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if err := Validate(d.Raw()); err != nil {
			t.Fatalf("not idempotent: %x: %v", d.Raw(), err)
		}
		var back D
		if err := d.Decode(&back); err != nil {
			t.Fatal(err)
		}
		again, err := Encode(back, now)
		if err != nil || !bytes.Equal(again.Raw(), d.Raw()) {
			t.Fatalf("decoded and encoded: %v\n got %x\nwant %x", err, again.Raw(), d.Raw())
		}
	})
}
