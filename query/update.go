package query

import (
	"fmt"
	"strings"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// An Update is a compiled update: what to change in a document, and where. It is
// immutable and safe for concurrent use.
type Update struct {
	root       branch
	paths      []string // in memory of their own: records of changes keep them
	positional bool     // a path has the segment $
	identity   bool     // a path leads to _id
}

// CompileUpdate compiles the data of an update.
//
// Data is an object of fields and their new values. A nested plain object (a map,
// D, Doc or object Value) is merged: each of its fields is set on its own dotted
// path. An empty nested object therefore changes nothing; to store one use [Set].
// Arrays, dates, structs and all other values are set as a whole. An update
// command such as [Inc] stands in the place of a value. Raw operators, as in
// M{"$set": …}, stand beside fields; their operands have MongoDB's form, in which
// nothing is merged. Data wrapped in [Raw] has raw operators only.
//
// Paths are dotted. A segment that is a number is an index where it meets an
// array, "$" is the element that satisfied the filter, "$[]" is every element.
//
// ErrInvalid reports data that is empty or no object, an unknown operator, a path
// or an operand that can never be right, _id among the data, and two commands for
// one path or for a path and one below it. ErrNotImplemented reports array filters
// ("$[name]") and pipelines, and $jsonSchema where s of [CompileUpdateIn] has
// nothing to compile it. Each [document.ServerDate] becomes now plus its offset.
func CompileUpdate(data any, now time.Time) (*Update, error) {
	return CompileUpdateIn(data, expr.Scope{Now: now})
}

// CompileUpdateIn is [CompileUpdate] with the conditions of [Pull] compiled in s, of
// which the variables are of no use to them.
func CompileUpdateIn(data any, s expr.Scope) (*Update, error) {
	c := updateCompiler{scope: s}
	c.update.root.index = -1
	if err := c.data(data); err != nil {
		return nil, err
	}
	return &c.update, nil
}

// NeedsFilter reports whether the update has the positional segment "$", so that
// [Update.Apply] needs the filter that the document satisfied.
func (u *Update) NeedsFilter() bool { return u.positional }

// Paths returns the dotted paths the update may change, as written, in the order
// given. They must not be modified.
func (u *Update) Paths() []string { return u.paths }

// EachChange calls f for each dotted path the update may change, as written, in no
// particular order: with the value it sets there, or with missing where the value
// follows from what the document holds, or the field goes away.
func (u *Update) EachChange(f func(path string, v document.Value)) { u.root.eachChange(f) }

func (b *branch) eachChange(f func(path string, v document.Value)) {
	if set, ok := b.op.(*setter); ok {
		f(b.path, set.value)
	} else if b.op != nil {
		f(b.path, document.Value{})
	}
	for _, c := range b.children {
		c.eachChange(f)
	}
}

// Touches reports whether the update may change what is found at path, a dotted
// path as a filter or an index has it. Array positions count for nothing on either
// side: "lines.$[].price" touches "lines.price", "lines", and "lines.price.net".
func (u *Update) Touches(path string) bool {
	for _, p := range u.paths {
		if overlap(p, path) {
			return true
		}
	}
	return false
}

// overlap reports whether one of two paths without their positions leads to, or
// through, the place where the other ends.
func overlap(a, b string) bool {
	for {
		var x, y string
		x, a = nextName(a)
		y, b = nextName(b)
		if x == "" || y == "" {
			return true
		}
		if x != y {
			return false
		}
	}
}

// nextName cuts the first segment that is no array position off path.
func nextName(path string) (name, rest string) {
	for path != "" {
		name, path, _ = strings.Cut(path, ".")
		if _, digits := indexOf(name); !digits && name[0] != '$' {
			return name, path
		}
	}
	return "", ""
}

// Apply returns d changed by the update, and whether that differs from d; without
// a difference it is d itself. Fields keep their order, new ones follow at the end
// in the order the update gives. f is the filter that d satisfied; only updates
// with the segment "$" use it.
//
// ErrInvalid, with the path, reports a value the update does not fit, such as text
// to be increased, and any change of _id. ErrTooLarge reports a result over the
// limits of a document, ErrCorrupt a document that cannot be read.
func (u *Update) Apply(d document.Doc, f *Filter) (out document.Doc, changed bool, err error) {
	e := edit{doc: d, raw: d.Raw(), filter: f}
	e.splices = e.few[:0]
	if err := e.object(&u.root, 0, d.Value(), false); err != nil {
		return d, false, err
	}
	if len(e.splices) == 0 {
		return d, false, nil
	}
	raw := e.result()
	if len(raw) > document.MaxSize {
		return d, false, fmt.Errorf("the update makes a document of %d bytes, the limit is %d: %w", len(raw), document.MaxSize, fault.ErrTooLarge)
	}
	out = document.FromRaw(raw)
	if u.identity && string(out.Lookup("_id").Raw()) != string(d.Lookup("_id").Raw()) {
		return d, false, invalidAt("_id", "the update would change _id")
	}
	return out, true, nil
}
