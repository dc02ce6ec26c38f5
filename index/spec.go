package index

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// MaxFields is the most fields an index may have.
const MaxFields = 31

// maxName is the longest name of an index, in bytes.
const maxName = 200

// A Spec says what an index holds. The zero value of everything but Fields is
// ready to use.
type Spec struct {
	Name   string  // unique in its collection; made of the fields when empty: "category_-price"
	Fields []Field // 1 to 31, each path once
	Unique bool    // two documents may not have the same values
	Sparse bool    // documents that have none of the fields are left out
	Geo    string  // the path of a geo field; not implemented yet
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
	}
	return strings.Join(names, ", ")
}

// Named returns the spec with a name, made of its fields if it has none.
func (s Spec) Named() Spec {
	if s.Name == "" {
		names := make([]string, len(s.Fields))
		for i, f := range s.Fields {
			names[i] = f.String()
		}
		s.Name = strings.Join(names, "_")
	}
	return s
}

// Same reports whether the two specs ask for the same index, whatever its name.
func (s Spec) Same(t Spec) bool {
	return slices.Equal(s.Fields, t.Fields) && s.Unique == t.Unique && s.Sparse == t.Sparse && s.Geo == t.Geo
}

// Validate reports everything that is wrong with the spec, as [fault.ErrInvalid].
func (s Spec) Validate() error {
	if s.Geo != "" {
		return fmt.Errorf("index %s: geo index on %s: %w", s.Named().Name, s.Geo, fault.ErrNotImplemented)
	}
	var faults []error
	label := strings.TrimSpace("index " + s.Named().Name)
	refuse := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: %s: %w", label, fmt.Sprintf(format, args...), fault.ErrInvalid))
	}
	if n := len(s.Fields); n == 0 || n > MaxFields {
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
	if len(s.Fields) == 1 && s.Fields[0].Path == "_id" {
		refuse("_id is always indexed")
	}
	switch name := s.Named().Name; {
	case name == "_id_":
		refuse("the name _id_ is taken")
	case len(name) > maxName && s.Name != "":
		refuse("the name has %d bytes, the limit is %d", len(name), maxName)
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		refuse("the name %q is not UTF-8 or contains NUL", name)
	}
	return fault.Join(faults...)
}
