package document

import (
	"errors"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/fault"
)

// A span is stored as an object that its fields do not show.
type span [2]int

func (s span) MarshalValue() (Value, error) {
	if s[0] > s[1] {
		return Value{}, fault.ErrInvalid
	}
	return Of(D{{"to", s[1]}, {"from", s[0]}})
}

func (s *span) UnmarshalValue(v Value) error {
	from, _ := v.Field("from").Int64()
	to, ok := v.Field("to").Int64()
	if !ok {
		return fault.ErrInvalid
	}
	*s = span{int(from), int(to)}
	return nil
}

func TestTypesSayWhichValueTheyStandFor(t *testing.T) {
	type holder struct {
		One  span
		Ref  *span
		Many []span
		Key  map[string]span
	}
	in := holder{span{1, 2}, &span{3, 4}, []span{{5, 6}}, map[string]span{"a": {7, 8}}}
	doc, err := Encode(in, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"One":{"to":2,"from":1},"Ref":{"to":4,"from":3},"Many":[{"to":6,"from":5}],"Key":{"a":{"to":8,"from":7}}}`
	if doc.String() != want {
		t.Errorf("stored %s, expected %s", doc, want)
	}
	var out holder
	if err := doc.Decode(&out); err != nil || out.One != in.One || *out.Ref != *in.Ref || out.Many[0] != in.Many[0] || out.Key["a"] != in.Key["a"] {
		t.Errorf("decoded %+v, %v", out, err)
	}
	var at *fault.PathError
	if _, err := Encode(M{"a": []span{{1, 2}, {2, 1}}}, time.Time{}); !errors.As(err, &at) || at.Path != "a.1" {
		t.Errorf("what the type refuses: %v", err)
	}
	bad, _ := Encode(M{"One": M{"to": "x"}}, time.Time{})
	if err := bad.Decode(&out); !errors.As(err, &at) || at.Path != "One" || !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("what the type does not read: %v", err)
	}
	if _, ok := Pairs(span{1, 2}); ok {
		t.Error("taken apart as an object")
	}
	if _, ok := List(span{1, 2}); ok {
		t.Error("taken apart as an array")
	}
}
