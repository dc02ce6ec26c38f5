package document

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// rewritten is the meaning of isCanonical: writing raw anew gives raw.
func rewritten(raw []byte) bool {
	d, err := Canonical(raw)
	return err == nil && bytes.Equal(d.raw, raw)
}

func holdsValidate(t interface{ Fatalf(string, ...any) }, raw []byte) {
	raw = append(make([]byte, 0, len(raw)), raw...) // nothing behind the end to read by mistake
	raw = raw[:len(raw):len(raw)]
	if got, want := isCanonical(raw), rewritten(raw); got != want {
		t.Fatalf("%x: canonical at a look %v, by writing anew %v", raw, got, want)
	}
	if got, want := Validate(raw) == nil, rewritten(raw); got != want {
		t.Fatalf("%x: valid %v, canonical %v", raw, got, want)
	}
}

// TestValidateIsCanonical holds the look at a document against writing it anew,
// for documents, and for documents with bytes changed, put in or taken out.
func TestValidateIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := bytes.Clone(encoded(t, anyDocument().Draw(t, "document")).raw)
		holdsValidate(t, raw)
		if !isCanonical(raw) {
			t.Fatalf("%x is not canonical", raw)
		}
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
			b := rapid.OneOf(rapid.SampledFrom([]byte{0, '$', '.', 0x80, 0x81, 0xc1, 0xca, 0xcb, 0xcc, 0xcf, 0xd0, 0xd6, 0xd7, 0xd9, 0xff}), rapid.Byte()).Draw(t, "byte")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				raw[at] = b
			case 1:
				raw = append(raw[:at], append([]byte{b}, raw[at:]...)...)
			case 2:
				raw = append(raw[:at], raw[at+1:]...)
			}
			holdsValidate(t, raw)
			if len(raw) == 0 {
				return
			}
		}
	})
}

// TestValidateEveryByte changes every byte of a document of all kinds to every
// other.
func TestValidateEveryByte(t *testing.T) {
	raw := bytes.Clone(must2(Encode(D{{"_id", "x"}, {"i", []any{-1, 200, -200, 70000, -70000, int64(1) << 40, -int64(1) << 40}}, {"f", 1.5}, {"s", "longer than the short form of strings"},
		{"b", []byte{1, 2}}, {"d", []any{time.Unix(1, 0), time.Unix(1, 5e6), time.Unix(1<<34, 0)}}, {"r", Regex{"a", "im"}}, {"o", D{{"a", nil}, {"é", true}}}}, now)).raw)
	for i, was := range raw {
		for b := range 256 {
			raw[i] = byte(b)
			holdsValidate(t, raw)
		}
		raw[i] = was
	}
}

// TestValidateForms holds what random changes seldom make.
func TestValidateForms(t *testing.T) {
	field := func(v string) string { return "\x81\xa1a" + v }
	long := string(bytes.Repeat([]byte("k"), 40))
	many := M{}
	for i := range 300 {
		many[string(rune('a'+i%26))+string(rune('a'+i/26))] = i
	}
	whole := must2(Encode(many, now)).raw
	double := append([]byte("\xde\x01\x2d"), whole[3:]...)
	double = append(double, "\xa2aa\x00"...)
	for _, c := range []struct {
		raw   string
		sound bool
	}{
		{"", false}, {"\x80", true}, {"\x90", false}, {"\x80\x80", false}, {"\xde\x00\x00", false}, {"\xc0", false},
		{"\x82\xa1a\x01\xa3_id\x02", false}, {"\x82\xa3_id\x02\xa1a\x01", true}, {"\x81\xa3_id\x90", false}, {"\x81\xa3_id\xd6\x01ab\x00i", false},
		{"\x82\xa3_id\x01\xa3_id\x01", false}, {"\x82\xa1a\x01\xa1a\x02", false}, {field("\x82\xa1a\x01\xa1a\x02"), false}, {field("\x81\xa3_id\x90"), true},
		{"\x81\xd9\x01a\x01", false}, {"\x81\xd9\x28" + long + "\x01", true}, {"\x81\xda\x00\x28" + long + "\x01", false}, {"\x81\xd9\x28" + long[1:] + "\xff\x01", false},
		{"\x81\xa0\x01", false}, {"\x81\xa2$a\x01", false}, {"\x81\xa2a$\x01", true}, {"\x81\xa3a.b\x01", false}, {"\x81\xa3a\x00b\x01", false}, {"\x81\xaaabcdefghi.\x01", false}, {"\x81\xaaabcdefghi\x00\x01", false},
		{field("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), true}, {field("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01"), false}, {field("\xcb\xff\xf8\x00\x00\x00\x00\x00\x00"), false}, {field("\xcb\x80\x00\x00\x00\x00\x00\x00\x00"), true},
		{field("\xca\x00\x00\x00\x00"), false}, {field("\xcc\x7f"), false}, {field("\xcc\x80"), true}, {field("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), false}, {field("\xd0\xe0"), false}, {field("\xd0\xdf"), true},
		{field("\xc1"), false}, {field("\xc4\x00"), true}, {field("\xc5\x00\x01a"), false}, {field("\xdc\x00\x01\x01"), false}, {field("\xde\x00\x00"), false}, {field("\xd4\x02a"), false},
		{field("\xd7\xff\x00\x00\x00\x00\x00\x00\x00\x01"), false}, {field("\xd7\xff\x00\x00\x00\x01\x00\x00\x00\x01"), true}, {field("\xc7\x0c\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"), false},
		{field("\xc7\x05\x01ab\x00mi"), false}, {field("\xc7\x05\x01ab\x00im"), true}, {field("\xc7\x03\x01a\x00i"), true}, {field("\xd6\x01ab\x00i"), true}, {field("\xc7\x04\x01ab\x00i"), false}, {field("\xd6\x01abcd"), false},
		{string(bytes.Repeat([]byte("\x81\xa1a"), MaxDepth)) + "\x01", true}, {string(bytes.Repeat([]byte("\x81\xa1a"), MaxDepth+1)) + "\x01", false},
		{string(bytes.Repeat([]byte("\x81\xa1a"), MaxDepth)) + "\x90", false}, {string(whole), true}, {string(double), false},
	} {
		holdsValidate(t, []byte(c.raw))
		if got := Validate([]byte(c.raw)) == nil; got != c.sound {
			t.Errorf("%x: sound %v", c.raw, got)
		}
	}
}

func TestValidateDoesNotAllocate(t *testing.T) {
	raw := must2(Encode(benchFields, now)).raw
	if n := testing.AllocsPerRun(100, func() { _ = Validate(raw) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzValidate holds that a look finds what writing anew finds.
func FuzzValidate(f *testing.F) {
	f.Add(must2(Encode(benchFields, now)).Raw())
	f.Fuzz(func(t *testing.T, raw []byte) { holdsValidate(t, raw) })
}
