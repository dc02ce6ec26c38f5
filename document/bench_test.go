package document

import (
	"bytes"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

var benchFields = D{
	{"_id", "65f1c0a200000000000000010badcafe"}, {"name", "Charlotte Dubois"}, {"age", 41}, {"city", "Ningbo"}, {"email", "charlotte.dubois@example.com"},
	{"created", time.Date(2024, 5, 17, 9, 30, 15, 123e6, time.UTC)}, {"active", true}, {"score", 87.125}, {"tags", []any{"alpha", "beta", "gamma"}},
	{"address", D{{"zip", "315000"}, {"lines", []any{D{{"street", "West Lake 1"}}, D{{"street", "East 2"}}}}, {"geo", D{{"type", "Point"}, {"coordinates", []any{121.55, 29.88}}}}}},
}

type benchStruct struct {
	ID      string    `json:"_id"`
	Name    string    `json:"name"`
	Age     int       `json:"age"`
	City    string    `json:"city"`
	Email   string    `json:"email"`
	Created time.Time `json:"created"`
	Active  bool      `json:"active"`
	Score   float64   `json:"score"`
	Tags    []string  `json:"tags"`
	Address struct {
		Zip string `json:"zip"`
	} `json:"address"`
}

func benchDoc(t testing.TB) Doc { return must(t, must2(Encode(benchFields, now)), nil) }

func BenchmarkField(b *testing.B) {
	v := benchDoc(b).Value()
	for _, name := range []string{"_id", "city", "score", "missing"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v.Field(name)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	doc := benchDoc(b)
	v, other := doc.Value(), benchDoc(b).Value().Clone()
	flat := Doc{must2(Of(benchFields[:9])).raw}
	p := must2(ParsePath("address.zip"))
	text := AppendJSON(nil, v)
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"validate", func() { Validate(doc.raw) }},
		{"path", func() { p.Lookup(v) }},
		{"lookup", func() { doc.Lookup("address.zip") }},
		{"compare numbers", func() { Compare(Value{[]byte{1}}, Value{[]byte{2}}) }},
		{"compare documents", func() { Compare(v, other) }},
		{"cursor", func() {
			for f := v.Fields(); f.Next(); {
			}
		}},
		{"id", func() { doc.ID() }},
		{"map", func() { doc.Map() }},
		{"map by msgpack", func() {
			var m map[string]any
			msgpack.Unmarshal(doc.raw, &m)
		}},
		{"flat map", func() { flat.Map() }},
		{"flat map by msgpack", func() {
			var m map[string]any
			msgpack.Unmarshal(flat.raw, &m)
		}},
		{"struct", func() {
			var s benchStruct
			doc.Decode(&s)
		}},
		{"struct by msgpack", func() {
			var s benchStruct
			dec := msgpack.GetDecoder()
			dec.Reset(bytes.NewReader(doc.raw))
			dec.SetCustomStructTag("json")
			if err := dec.Decode(&s); err != nil {
				b.Fatal(err)
			}
			msgpack.PutDecoder(dec)
		}},
		{"json", func() { text = AppendJSON(text[:0], v) }},
		{"parse json", func() { ParseJSON(text) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.run()
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	doc := benchDoc(b)
	flat := asMap(benchFields[:9])
	var s benchStruct
	must(b, 0, doc.Decode(&s))
	m := asMap(benchFields)
	for _, c := range []struct {
		name string
		v    any
	}{{"D", benchFields}, {"M", m}, {"M of 9 scalars and a list", flat}, {"struct", &s}, {"Doc", doc}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Encode(c.v, now)
			}
		})
	}
	b.Run("Canonical", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Canonical(doc.raw)
		}
	})
	b.Run("struct by msgpack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			msgpack.Marshal(&s)
		}
	})
}
