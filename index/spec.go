package index

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/internal/fault"
)

// MaxFields is the most fields an index may have.
const MaxFields = 31

// maxName is the longest name of an index, in bytes.
const maxName = 200

// A Spec says what an index holds. The zero value of everything but Fields, or Geo,
// is ready to use.
type Spec struct {
	Name   string  // unique in its collection; made of the fields when empty: "category_-price"
	Fields []Field // 1 to 31, each path once
	Unique bool    // two documents may not have the same values
	Sparse bool    // documents that have none of the fields are left out
	Geo    string  // the path of the geo field, one of Fields or else put behind them; see the package comment
}

// A Field is one field of an index.
type Field struct {
	Path string // dotted
	Desc bool   // from the largest value to the smallest
}

// By returns fields by their paths, a leading "-" meaning descending:
// By("category", "-price").
func By(paths ...string) []Field {
	fields := make([]Field, len(paths))
	for i, p := range paths {
		fields[i].Path, fields[i].Desc = strings.CutPrefix(p, "-")
	}
	return fields
}

// String returns the field as [By] takes it.
func (f Field) String() string {
	if f.Desc {
		return "-" + f.Path
	}
	return f.Path
}

// Keys returns the fields as [By] takes them, joined by commas.
func (s Spec) Keys() string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.String()
		if f.Path == s.Geo {
			names[i] = "geo " + names[i]
		}
	}
	return strings.Join(names, ", ")
}

// Named returns the spec in full: with the geo field among its fields, and with a
// name, made of the fields if it has none.
func (s Spec) Named() Spec {
	if s.Geo != "" && s.geoField() < 0 {
		s.Fields = append(slices.Clone(s.Fields), Field{Path: s.Geo})
	}
	if s.Name == "" {
		names := make([]string, len(s.Fields))
		for i, f := range s.Fields {
			names[i] = f.String()
			if f.Path == s.Geo {
				names[i] += "_geo"
			}
		}
		s.Name = strings.Join(names, "_")
	}
	return s
}

// geoField returns the place of the geo field among the fields, -1 when there is none.
func (s Spec) geoField() int {
	if s.Geo == "" {
		return -1
	}
	return slices.IndexFunc(s.Fields, func(f Field) bool { return f.Path == s.Geo })
}

// Same reports whether the two specs ask for the same index, whatever its name.
func (s Spec) Same(t Spec) bool {
	s, t = s.Named(), t.Named()
	return slices.Equal(s.Fields, t.Fields) && s.Unique == t.Unique && s.Sparse == t.Sparse && s.Geo == t.Geo
}

// Validate reports everything that is wrong with the spec, as [fault.ErrInvalid]; of one
// with too many fields only that.
func (s Spec) Validate() error {
	if n := len(s.Fields); n > MaxFields {
		return fmt.Errorf("index of %d fields, the limit is %d: %w", n, MaxFields, fault.ErrInvalid)
	}
	given := s.Name != ""
	s = s.Named()
	var faults []error
	label := strings.TrimSpace("index " + s.Name)
	refuse := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: %s: %w", label, fmt.Sprintf(format, args...), fault.ErrInvalid))
	}
	if n := len(s.Fields); n == 0 || n > MaxFields { // with the geo field
		refuse("%d fields, 1 to %d are possible", n, MaxFields)
	}
	for i, f := range s.Fields {
		if _, err := document.ParsePath(f.Path); err != nil {
			faults = append(faults, fmt.Errorf("%s: field %d: %w", label, i, err))
		} else if strings.HasPrefix(f.Path, "$") || strings.Contains(f.Path, ".$") {
			refuse("field %s: a name cannot begin with $", f.Path)
		}
		if slices.ContainsFunc(s.Fields[:i], func(g Field) bool { return g.Path == f.Path }) {
			refuse("field %s is given twice", f.Path)
		}
	}
	if at := s.geoField(); at >= 0 && s.Fields[at].Desc {
		refuse("the geo field %s has no direction", s.Geo)
	}
	if s.Geo != "" && s.Unique {
		refuse("a geo index cannot be unique")
	}
	if len(s.Fields) == 1 && s.Fields[0].Path == "_id" {
		refuse("_id is always indexed")
	}
	switch name := s.Name; {
	case name == "_id_":
		refuse("the name _id_ is taken")
	case len(name) > maxName && given:
		refuse("the name has %d bytes, the limit is %d", len(name), maxName)
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		refuse("the name %q is not UTF-8 or contains NUL", name)
	}
	return fault.Join(faults...)
}

// Buildable refuses a geo index in a program that cannot make entries of it, as
// [fault.ErrNotImplemented]: one that was built without cgo. Such a program may still
// search an index that is there.
func (s Spec) Buildable() error {
	if s.Geo != "" && !geo.HasCells {
		return fmt.Errorf("index %s: a geo index needs a program built with cgo; without, geo queries read the whole collection: %w", s.Named().Name, fault.ErrNotImplemented)
	}
	return nil
}
