package index_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
)

func fields(n int) []index.Field {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("f", i)
	}
	return index.By(names...)
}

func TestValidate(t *testing.T) {
	for name, s := range map[string]index.Spec{
		"one field":          {Fields: index.By("a")},
		"31 fields":          {Fields: fields(31)},
		"_id and another":    {Fields: index.By("_id", "a")},
		"a field of _id":     {Fields: index.By("_id.a")},
		"a number":           {Fields: index.By("a.0.b")},
		"a path and below":   {Fields: index.By("a", "a.b")},
		"a dollar inside":    {Fields: index.By("a$b")},
		"a minus":            {Fields: index.By("--a")},
		"a name of 200":      {Name: strings.Repeat("n", 200), Fields: index.By("a")},
		"everything":         {Name: "x", Fields: index.By("a", "-b"), Unique: true, Sparse: true},
		"a path as its name": {Fields: index.By(strings.Repeat("p", 300))},
	} {
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		spec index.Spec
		want string
	}{
		"nothing":         {index.Spec{}, "index: 0 fields, 1 to 31 are possible"},
		"32 fields":       {index.Spec{Fields: fields(32)}, "32 fields"},
		"empty path":      {index.Spec{Fields: index.By("")}, "field 0: path \"\" has an empty segment"},
		"a minus alone":   {index.Spec{Fields: index.By("a", "-")}, "field 1: path \"\" has an empty segment"},
		"empty segment":   {index.Spec{Fields: index.By("a..b")}, "field 0"},
		"a dot behind":    {index.Spec{Fields: index.By("a.")}, "field 0"},
		"a NUL":           {index.Spec{Fields: index.By("a\x00")}, "field 0"},
		"no UTF-8":        {index.Spec{Fields: index.By("a\xff")}, "UTF-8"},
		"a dollar":        {index.Spec{Fields: index.By("$a")}, "cannot begin with $"},
		"a dollar behind": {index.Spec{Fields: index.By("a.$")}, "cannot begin with $"},
		"twice":           {index.Spec{Fields: index.By("a", "b", "-a")}, "field a is given twice"},
		"_id":             {index.Spec{Fields: index.By("-_id")}, "_id is always indexed"},
		"the name _id_":   {index.Spec{Name: "_id_", Fields: index.By("a")}, "the name _id_ is taken"},
		"_id_ by itself":  {index.Spec{Fields: index.By("_id_")}, "the name _id_ is taken"},
		"a name of 201":   {index.Spec{Name: strings.Repeat("n", 201), Fields: index.By("a")}, "the name has 201 bytes, the limit is 200"},
		"NUL in the name": {index.Spec{Name: "a\x00", Fields: index.By("a")}, "NUL"},
		"name, no UTF-8":  {index.Spec{Name: "a\xff", Fields: index.By("a")}, "UTF-8"},
	} {
		if err := c.spec.Validate(); !errors.Is(err, fault.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, s := range []index.Spec{{Geo: "at"}, {Fields: index.By("at"), Geo: "at"}, {Fields: index.By("a", "-b"), Geo: "at.where", Sparse: true}} {
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	err := index.Spec{Name: "_id_", Fields: index.By("a", "-a", "$b", "c..d")}.Validate()
	for _, want := range []string{"_id_ is taken", "a is given twice", "$b", "field 3"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("all faults together: %v, without %s", err, want)
		}
	}
}

func TestNames(t *testing.T) {
	s := index.Spec{Fields: index.By("category", "-price", "a.b")}
	if got := s.Named().Name; got != "category_-price_a.b" || s.Name != "" {
		t.Errorf("named %s, the spec itself %q", got, s.Name)
	}
	if got := s.Keys(); got != "category, -price, a.b" {
		t.Errorf("keys %s", got)
	}
	if s.Name = "mine"; s.Named().Name != "mine" || !s.Same(index.Spec{Fields: s.Fields}) {
		t.Errorf("a name is not kept, or makes another index: %+v", s.Named())
	}
	for _, other := range []index.Spec{
		{Fields: index.By("category", "price", "a.b")}, {Fields: index.By("category", "-price")}, {Fields: s.Fields, Unique: true}, {Fields: s.Fields, Sparse: true},
	} {
		if s.Same(other) {
			t.Errorf("%+v is taken for %+v", other, s)
		}
	}
}
