package document

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// picked is the meaning of Pick.
func picked(v Value, names []string, into []Value) error {
	if v.Kind() != Object {
		return errMalformed
	}
	f := v.Fields()
	for f.Next() {
		for j, name := range names {
			if string(f.Key()) == name {
				into[j] = f.Value()
			}
		}
	}
	return f.Err()
}

// TestPick holds Pick against a loop over the fields, of sound and damaged bytes.
func TestPick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := bytes.Clone(encoded(t, anyDocument().Draw(t, "document")).raw)
		var names []string
		for f := (Value{raw}).Fields(); f.Next(); {
			if rapid.Bool().Draw(t, "take") {
				names = append(names, string(f.Key()))
			}
		}
		names = append(names, "nowhere")
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			raw[rapid.IntRange(0, len(raw)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		raw = raw[:rapid.IntRange(len(raw)/2, len(raw)).Draw(t, "length")]
		got, want := make([]Value, len(names)), make([]Value, len(names))
		err, wantErr := Value{raw}.Pick(names, got), picked(Value{raw}, names, want)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%x: %v, want %v", raw, err, wantErr)
		}
		for i := range got {
			if err == nil && !bytes.Equal(got[i].raw, want[i].raw) {
				t.Fatalf("%x: %s is %x, want %x", raw, names[i], got[i].raw, want[i].raw)
			}
		}
	})
}

// TestSizes holds the table of sizes against the forms it is drawn from.
func TestSizes(t *testing.T) {
	for i := range sizes {
		b := make([]byte, 20)
		b[0] = byte(0xc0 + i)
		want := 0
		if forms[i].width == 0 {
			want, _ = extent(b)
		}
		if int(sizes[i]) != want {
			t.Errorf("%x: size %d, want %d", b[0], sizes[i], want)
		}
	}
}
