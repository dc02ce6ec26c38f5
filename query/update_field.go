package query

import (
	"fmt"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A setter is $set.
type setter struct {
	value    document.Value
	identity bool // it sets _id, which may only be what it is
}

func makeSet(c *updateCompiler, path string, operand any) (operator, error) {
	v, err := c.value(path, operand, 0)
	return &setter{value: v, identity: path == "_id"}, err
}

func (s *setter) revise(e *edit, t target) (bool, error) {
	if s.identity && document.Equal(t.value, s.value) {
		return false, nil
	}
	return e.set(t, s.value)
}

func (s *setter) fresh(*edit, bool) (document.Value, error) { return s.value, nil }
func (s *setter) tolerant(*edit) bool                       { return false }

// An unsetter is $unset.
type unsetter struct{}

func makeUnset(*updateCompiler, string, any) (operator, error) { return unsetter{}, nil }

func (unsetter) revise(e *edit, t target) (bool, error)    { return e.remove(t) }
func (unsetter) fresh(*edit, bool) (document.Value, error) { return document.Value{}, nil }
func (unsetter) tolerant(*edit) bool                       { return true }

// An extremum is $min, with sign 1, or $max, with sign -1.
type extremum struct {
	value document.Value
	sign  int
}

func makeMin(c *updateCompiler, path string, operand any) (operator, error) {
	v, err := c.value(path, operand, 0)
	return &extremum{value: v, sign: 1}, err
}

func makeMax(c *updateCompiler, path string, operand any) (operator, error) {
	v, err := c.value(path, operand, 0)
	return &extremum{value: v, sign: -1}, err
}

func (x *extremum) revise(e *edit, t target) (bool, error) {
	if x.sign*document.Compare(x.value, t.value) < 0 {
		return e.set(t, x.value)
	}
	return false, nil
}

func (x *extremum) fresh(*edit, bool) (document.Value, error) { return x.value, nil }
func (x *extremum) tolerant(*edit) bool                       { return false }

// rename compiles $rename: an operator that takes the value away at from, and one
// that puts it at to.
func (c *updateCompiler) rename(from string, operand any) error {
	to, ok := textOf(operand)
	if !ok {
		return invalidAt(from, "$rename needs the new path as text, found %s", describe(operand))
	}
	if to == from {
		return invalidAt(from, "$rename: the old and the new path are the same")
	}
	for _, path := range []string{from, to} {
		if strings.Contains("."+path, ".$") {
			return invalidAt(path, "$rename: a path must not stand for array elements")
		}
	}
	if err := c.put(from, renamed{}); err != nil {
		return err
	}
	source, err := document.ParsePath(from)
	if err != nil {
		return fault.At(from, err)
	}
	return c.put(to, &renamer{from: source, depth: strings.Count(to, ".") + 1})
}

// textOf returns the text that an operand is, in any form.
func textOf(operand any) (string, bool) {
	if _, ok := operand.(document.Command); ok {
		return "", false
	}
	v, err := document.Of(operand)
	if err != nil {
		return "", false
	}
	return v.Text()
}

// renamed is $rename at the old path.
type renamed struct{}

func (renamed) revise(e *edit, t target) (bool, error) {
	if t.inArray {
		return false, fmt.Errorf("$rename: the path leads through an array: %w", fault.ErrInvalid)
	}
	return e.remove(t)
}

func (renamed) fresh(*edit, bool) (document.Value, error) { return document.Value{}, nil }
func (renamed) tolerant(*edit) bool                       { return false }

// A renamer is $rename at the new path. It reads the document as it was.
type renamer struct {
	from  document.Path
	depth int // of the new path
}

func (r *renamer) revise(e *edit, t target) (bool, error) {
	v, err := r.fresh(e, t.inArray)
	if err != nil || !v.Exists() {
		return false, err
	}
	return e.set(t, v)
}

func (r *renamer) fresh(e *edit, inArray bool) (document.Value, error) {
	v := r.from.Lookup(e.doc.Value())
	switch {
	case !v.Exists():
		return v, nil
	case inArray:
		return v, fmt.Errorf("$rename: the path leads through an array: %w", fault.ErrInvalid)
	case r.depth+depthOf(v) > document.MaxDepth:
		return v, tooDeep()
	}
	return v, nil
}

func (r *renamer) tolerant(e *edit) bool { return !r.from.Lookup(e.doc.Value()).Exists() }
