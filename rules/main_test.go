package rules

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// noon is the time of every call in the tests.
var noon = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// shelf is a Getter over documents written as JSON, by "collection.id", or
// "collection.#id" where the id is a number.
type shelf map[string]string

func (s shelf) Get(_ context.Context, collection string, id document.ID) (document.Doc, error) {
	text, ok := id.Value().Text()
	if !ok {
		text = "#" + id.String()
	}
	source, ok := s[collection+"."+text]
	if !ok {
		return document.Doc{}, nil
	}
	return document.Encode(mustJSON(source), noon)
}

func mustJSON(text string) document.Value {
	v, err := document.ParseJSON([]byte(text))
	if err != nil {
		panic(text + ": " + err.Error())
	}
	return v
}

func mustDoc(t testing.TB, text string) document.Doc {
	t.Helper()
	if text == "" {
		return document.Doc{}
	}
	d, err := document.Encode(mustJSON(text), noon)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func mustFilter(t testing.TB, cond any) *query.Filter {
	t.Helper()
	f, err := query.CompileFilter(cond, noon)
	if err != nil {
		t.Fatalf("%v: %v", cond, err)
	}
	return f
}

// mustRules returns rules whose read rule is source.
func mustRules(t testing.TB, source string) *Rules {
	t.Helper()
	r, err := Parse(`{"read": ` + strconv.Quote(source) + `}`)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return r
}

// denied returns err as a Denial and fails when it is none.
func denied(t testing.TB, err error) *Denial {
	t.Helper()
	d := (*Denial)(nil)
	if !errors.As(err, &d) || !errors.Is(err, fault.ErrDenied) {
		t.Fatalf("%v is no denial", err)
	}
	return d
}
