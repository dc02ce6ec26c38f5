package query

import (
	"fmt"
	"reflect"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// MaxSortFields is the most fields a sort may have.
const MaxSortFields = 32

// A SortField is one field to sort by.
type SortField struct {
	Path document.Path
	Desc bool  // from the largest value to the smallest
	Near *Near // by the distance that it measures, instead; there is no Path then
}

// A Sort is a compiled order of documents: by the first field, where that is equal
// by the second, and so on. It is immutable and safe for concurrent use.
type Sort struct {
	Fields []SortField
}

// CompileSort compiles an order: a D of dotted paths, each with 1 to ascend or -1
// to descend, or a slice of [SortField]. A repeated path keeps its place and takes
// the later direction. A map of more than one field is ErrInvalid, because it has
// no order: use a D. So are other directions, and more than [MaxSortFields]. Nil and an
// empty object leave the order open.
func CompileSort(spec any) (*Sort, error) {
	s := new(Sort)
	if isNil(spec) {
		return s, nil
	}
	switch fields := spec.(type) {
	case []SortField:
		for _, f := range fields {
			s.by(f)
		}
		return s, s.check()
	case document.Command:
		return nil, fmt.Errorf("sort: %s is no order: %w", fields.CommandName(), fault.ErrInvalid)
	}
	fields, ok := document.Pairs(spec)
	if !ok {
		return nil, fmt.Errorf("sort: needs an object of paths, found %s: %w", describe(spec), fault.ErrInvalid)
	}
	if len(fields) > 1 && reflect.TypeOf(spec).Kind() == reflect.Map {
		return nil, fmt.Errorf("sort: a map of %d fields has no order, use D: %w", len(fields), fault.ErrInvalid)
	}
	for _, f := range fields {
		path, err := document.ParsePath(f.Key)
		if err != nil {
			return nil, fault.At(f.Key, fmt.Errorf("sort: %w", err))
		}
		if path.Segments()[0][0] == '$' {
			return nil, invalidAt(f.Key, "sort: a path starts with a dollar sign")
		}
		desc, err := direction(f.Value)
		if err != nil {
			return nil, fault.At(f.Key, fmt.Errorf("sort: %w", err))
		}
		s.by(SortField{Path: path, Desc: desc})
	}
	return s, s.check()
}

// by adds f, or gives its direction to the field of that path. Of fields beyond the limit
// it looks for none: they are refused as they are.
func (s *Sort) by(f SortField) {
	for i := range min(len(s.Fields), MaxSortFields) {
		if s.Fields[i].Path.String() == f.Path.String() {
			s.Fields[i].Desc = f.Desc
			return
		}
	}
	s.Fields = append(s.Fields, f)
}

func (s *Sort) check() error {
	if len(s.Fields) > MaxSortFields {
		return fmt.Errorf("sort: too many fields, the limit is %d: %w", MaxSortFields, fault.ErrInvalid)
	}
	for _, f := range s.Fields {
		if len(f.Path.Segments()) == 0 {
			return fmt.Errorf("sort: a field without a path: %w", fault.ErrInvalid)
		}
	}
	return nil
}

// direction returns whether an operand, 1 or -1, says to descend.
func direction(operand any) (desc bool, err error) {
	if fields, ok := pairsOf(operand); ok && len(fields) == 1 && fields[0].Key == "$meta" {
		return false, notDone("$meta")
	}
	v, err := document.Of(operand)
	if err != nil {
		return false, err
	}
	switch n, _ := v.Int64(); n {
	case 1:
		return false, nil
	case -1:
		return true, nil
	}
	return false, fmt.Errorf("the direction must be 1 or -1, not %s: %w", brief(v), fault.ErrInvalid)
}

// Near returns what an order by distance measures, nil for any other order.
func (s *Sort) Near() *Near {
	if s == nil || len(s.Fields) == 0 {
		return nil
	}
	return s.Fields[0].Near
}

// Compare orders two documents: below 0 when a comes before b, 0 when the order is
// indifferent to them.
func (s *Sort) Compare(a, b document.Doc) int {
	for i, f := range s.Fields {
		c := document.Compare(s.Key(a, i), s.Key(b, i))
		if f.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// Key returns the value that d is sorted by in field i. It shares d's bytes and
// takes no memory.
//
// Of an array that is the smallest element, or, when the field descends, the
// largest; the same holds for the values that a path finds in the objects of an
// array. A missing field is null. An empty array comes before null: its key is the
// missing value, which stands first in the order of [document.Compare].
func (s *Sort) Key(d document.Doc, i int) document.Value {
	f := &s.Fields[i]
	if f.Near != nil {
		return f.Near.key(d)
	}
	return f.key(d.Value(), 0)
}

// key returns the sort value of v, which segment i of the path is looked up in.
func (f *SortField) key(v document.Value, i int) document.Value {
	for names := f.Path.Segments(); i < len(names); i++ {
		switch v.Kind() {
		case document.Object:
			v = v.Field(names[i])
		case document.Array:
			n, ok := f.Path.Index(i)
			if !ok || n >= v.Len() {
				return f.inside(v, i)
			}
			v = v.Element(n)
		default:
			return nullValue
		}
	}
	if v.Kind() == document.Array {
		return f.extreme(v)
	}
	return orNull(v)
}

// inside returns the sort value among what the path from segment i on finds in the
// elements of an array. Only objects are looked into.
func (f *SortField) inside(array document.Value, i int) document.Value {
	best, any := nullValue, false
	for e := array.Elements(); e.Next(); {
		v := nullValue
		if e.Value().Kind() == document.Object {
			v = f.key(e.Value(), i)
		}
		if !any || f.before(v, best) {
			best, any = v, true
		}
	}
	return best
}

// extreme returns the element of an array that comes first, missing for none.
func (f *SortField) extreme(array document.Value) document.Value {
	var best document.Value
	for e := array.Elements(); e.Next(); {
		if v := e.Value(); !best.Exists() || f.before(v, best) {
			best = v
		}
	}
	return best
}

// before reports whether a comes before b in the direction of f.
func (f *SortField) before(a, b document.Value) bool {
	c := document.Compare(a, b)
	return c < 0 && !f.Desc || c > 0 && f.Desc
}

var nullValue = document.NullValue()

// orNull returns v, or null for a missing v.
func orNull(v document.Value) document.Value {
	if v.Exists() {
		return v
	}
	return nullValue
}
