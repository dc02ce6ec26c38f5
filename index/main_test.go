package index_test

import (
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/trial"
)

// cases runs f on n random cases of a seed that no run had before.
func cases(t *testing.T, n int, f func(maker)) {
	t.Helper()
	n, rnd := trial.Cases(t, n)
	m := maker{rnd}
	for range n {
		if f(m); t.Failed() {
			return
		}
	}
}

// compile returns the index of a spec that must be valid.
func compile(t testing.TB, s index.Spec) *index.Index {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	x, err := index.Compile(7, s.Named(), index.Traits{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// entries returns what x holds for a document, and x with the traits it gets.
func entries(t testing.TB, x *index.Index, data any) ([]index.Entry, *index.Index) {
	t.Helper()
	doc := encode(t, data)
	list, traits, err := x.Entries(doc, encodedID(doc))
	if err != nil {
		t.Fatalf("%v: %v", doc, err)
	}
	return list, x.WithTraits(x.Traits().Union(traits))
}

// refusal returns the error of indexing a document.
func refusal(t testing.TB, x *index.Index, data any) error {
	t.Helper()
	doc := encode(t, data)
	list, traits, err := x.Entries(doc, encodedID(doc))
	if err != nil && (list != nil || traits != index.Traits{}) {
		t.Errorf("%v beside %d entries, %+v", err, len(list), traits)
	}
	return err
}

func encode(t testing.TB, data any) document.Doc {
	t.Helper()
	doc, err := document.Encode(data, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func encodedID(doc document.Doc) []byte {
	return keys.Append(nil, doc.Value().Field("_id"), false)
}

func of(t testing.TB, v any) document.Value {
	t.Helper()
	value, err := document.Of(v)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
