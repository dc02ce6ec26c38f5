package query

import (
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
)

// A Projection is a compiled choice of the fields that a query returns. It is
// immutable and safe for concurrent use.
type Projection struct {
	root       *selection
	exclusive  bool   // fields that are not named are kept
	positional string // the array whose matched element is returned, by "path.$"
}

// A ProjectionCommand says which elements of an array are returned; it stands as
// the value of a field in a projection. [Slice] makes one; [ElemMatch] may stand
// in the same place.
type ProjectionCommand struct{ bounds []int }

// CommandName returns "slice".
func (ProjectionCommand) CommandName() string { return "slice" }

// Slice returns a part of the array in the field: Slice(n) its first n elements,
// or the last n for -n; Slice(skip, n) n elements after the first skip, which
// counts from the end when negative. Values that are no array are returned whole, as
// are those that a path finds in an array inside an array.
func Slice(bounds ...int) ProjectionCommand { return ProjectionCommand{bounds} }

// CompileProjection compiles spec, an object of dotted paths.
//
// True or a number above 0 includes the field, and then only the fields named
// are returned; false or another number excludes it, and then all others are. The
// two cannot be mixed, save for _id, which is returned unless it is excluded. A
// nested object stands for the dotted paths below it. Paths lead into the objects
// of arrays, at any depth; a number in them is the name of a field. [Slice] and
// {$slice: …} return a part of an array and by themselves exclude nothing else;
// [ElemMatch] and {$elemMatch: …} return the first element that satisfies a
// condition, and leave the field out when there is none; "path.$" returns the
// element that satisfied the filter. For nil and an empty object, which leave
// nothing out, the result is nil.
//
// ErrInvalid, with the path, reports any other value, such as text, and paths that
// collide; ErrNotImplemented reports computed fields, and $jsonSchema where s of
// [CompileProjectionIn] has nothing to compile it. Each [document.ServerDate] in a
// condition becomes now plus its offset.
func CompileProjection(spec any, now time.Time) (*Projection, error) {
	return CompileProjectionIn(spec, expr.Scope{Now: now})
}

// CompileProjectionIn is [CompileProjection] with the conditions of [ElemMatch]
// compiled in s, of which the variables are of no use to them.
func CompileProjectionIn(spec any, s expr.Scope) (*Projection, error) {
	c := projectionCompiler{scope: s, root: new(selection)}
	if err := c.spec(spec); err != nil {
		return nil, err
	}
	return c.projection()
}

// NeedsFilter reports whether the projection has a path that ends in ".$", so that
// [Projection.Apply] needs the filter that the document satisfied.
func (p *Projection) NeedsFilter() bool { return p.positional != "" }

// Includes returns the dotted paths that are returned, and true, when the
// projection includes whole fields and nothing else: then those paths, of which
// _id is one unless it is excluded, are all of a document it reads.
func (p *Projection) Includes() ([]string, bool) {
	if p.exclusive {
		return nil, false
	}
	return p.root.appendPaths(nil, "")
}

// Apply returns the document of d's fields that p chooses, in the order of d and in
// memory of its own. f is the filter that d satisfied; only projections with a path
// that ends in ".$" use it. Bytes that cannot be read are ErrCorrupt.
func (p *Projection) Apply(d document.Doc, f *Filter) (document.Doc, error) {
	w := projecting{doc: d, filter: f, p: p}
	out, err := w.object(make([]byte, 0, len(d.Raw())), p.root, d.Value(), 1)
	if err != nil {
		return document.Doc{}, err
	}
	return document.FromRaw(out), nil
}
