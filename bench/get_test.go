package bench

import (
	"testing"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
)

// BenchmarkGet reads documents by random ids, as they are and decoded. The floor
// is a Get of Badger with a copy of the value, and the same decoding.
func BenchmarkGet(b *testing.B) {
	for _, m := range memories {
		s := loaded(b, m, virga.Fast, false)
		s.checkGets(b)
		for _, f := range forms {
			b.Run(m.name+"/"+f.name, func(b *testing.B) {
				contest(b, 100, each(s.get(f)), floor{"floor", each(s.rawGet(f))})
			})
		}
	}
}

// BenchmarkGetParallel reads documents as they are from 8 goroutines.
func BenchmarkGetParallel(b *testing.B) {
	for _, m := range memories {
		s := loaded(b, m, virga.Fast, false)
		s.checkGets(b)
		doc := forms[0]
		b.Run(m.name, func(b *testing.B) {
			contest(b, 800, eachOf(8, s.get(doc)), floor{"floor", eachOf(8, s.rawGet(doc))})
		})
	}
}

// A form is what a document is wanted as.
type form struct {
	name   string
	decode func(d document.Doc) error
}

var forms = []form{
	{"doc", func(document.Doc) error { return nil }},
	{"map", func(d document.Doc) error {
		m := map[string]any{}
		return d.Decode(&m)
	}},
	{"struct", func(d document.Doc) error {
		var s Document
		return d.Decode(&s)
	}},
}

func (s setting) get(f form) func(i int) error {
	w := standard()
	return func(i int) error {
		doc, err := s.coll.Doc(w.ids[some(i)]).Get(background)
		if err != nil {
			return err
		}
		return f.decode(doc)
	}
}

func (s setting) rawGet(f form) func(i int) error {
	w := standard()
	return func(i int) error {
		value, err := s.raw.get(w.keys[some(i)])
		if err != nil {
			return err
		}
		return f.decode(document.FromRaw(value))
	}
}

// BenchmarkDecode is the decoding alone, of one document after another.
func BenchmarkDecode(b *testing.B) {
	var docs []document.Doc
	for i := range 1000 {
		docs = append(docs, document.FromRaw(pairOf(i).value))
	}
	for _, f := range forms[1:] {
		b.Run(f.name, func(b *testing.B) {
			contest(b, 100, each(func(i int) error { return f.decode(docs[i%len(docs)]) }))
		})
	}
}
