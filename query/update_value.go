package query

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// value compiles a value that will be stored at path, with below levels of array
// between.
func (c *updateCompiler) value(path string, v any, below int) (document.Value, error) {
	switch v.(type) {
	case nil, bool, int, int64, float64, string, time.Time:
		// What most updates set needs no look at keys and depth.
		value, err := document.OfAt(v, c.scope.Now)
		if err == nil {
			err = fits(path, below)
		}
		return value, err
	}
	doc, err := document.Encode(document.D{{Key: "v", Value: v}}, c.scope.Now)
	if err != nil {
		return document.Value{}, underPath(err)
	}
	value := doc.Lookup("v")
	if !value.Exists() {
		value = document.NullValue()
	}
	return value, fits(path, below+depthOf(value))
}

// fits reports as an error that a value of the given depth at path would be
// nested too deeply.
func fits(path string, depth int) error {
	if strings.Count(path, ".")+1+depth > document.MaxDepth {
		return tooDeep()
	}
	return nil
}

// depthOf returns how many objects and arrays are inside one another in v, counted
// to one more than a document may have: bytes that are malformed may have millions.
func depthOf(v document.Value) int { return depthWithin(v, document.MaxDepth+1) }

func depthWithin(v document.Value, limit int) int {
	k := v.Kind()
	if limit == 0 || k != document.Object && k != document.Array {
		return 0
	}
	deepest := 0
	for f := v.Fields(); f.Next(); {
		deepest = max(deepest, depthWithin(f.Value(), limit-1))
	}
	for e := v.Elements(); e.Next(); {
		deepest = max(deepest, depthWithin(e.Value(), limit-1))
	}
	return deepest + 1
}

func tooDeep() error {
	return fmt.Errorf("more than %d levels: %w", document.MaxDepth, fault.ErrTooLarge)
}

func notDone(what string) error {
	return fmt.Errorf("%s: %w", what, fault.ErrNotImplemented)
}

// values compiles the elements of a list that will be stored in the array at path.
func (c *updateCompiler) values(path string, list any) ([]document.Value, error) {
	items, ok := document.List(list)
	if !ok {
		return nil, fmt.Errorf("needs an array, found %s: %w", describe(list), fault.ErrInvalid)
	}
	if err := fits(path, 1); err != nil {
		return nil, err
	}
	values := make([]document.Value, len(items))
	for i, item := range items {
		var err error
		if values[i], err = c.value(path, item, 1); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// underPath returns an error about the field v of the document that a value was
// wrapped in as one about the value, with the path inside it.
func underPath(err error) error {
	at := (*fault.PathError)(nil)
	if !errors.As(err, &at) {
		return err
	}
	if rest := strings.TrimPrefix(at.Path, "v"); rest != "" {
		return fmt.Errorf("%s: %w", strings.TrimPrefix(rest, "."), at.Err)
	}
	return at.Err
}
