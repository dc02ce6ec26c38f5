package query

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// rawForm marks a filter or update written in MongoDB's form.
type rawForm struct{ inner any }

// CommandName returns "raw".
func (rawForm) CommandName() string { return "raw" }

// Raw marks v, a filter or an update, as written in MongoDB's form throughout:
// nested objects in it are exact values, not dotted paths. It may stand for the
// whole, or for the value of one field of a filter.
func Raw(v any) document.Command { return rawForm{v} }

// unwrapRaw returns what a call of [Raw] was given, and whether v comes from one.
func unwrapRaw(v any) (inner any, raw bool) {
	for {
		r, ok := v.(rawForm)
		if !ok {
			return v, raw
		}
		v, raw = r.inner, true
	}
}

// isOperator reports whether a field's name is that of an operator.
func isOperator(name string) bool { return strings.HasPrefix(name, "$") }

// isNil reports whether v is nil, or a nil map, slice or pointer.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Map, reflect.Pointer, reflect.Slice:
		return r.IsNil()
	}
	return false
}

// spread returns the elements of args' only member when that is a list, else args.
func spread(args []any) []any {
	if len(args) != 1 {
		return args
	}
	if list, ok := document.List(args[0]); ok {
		return list
	}
	return args
}

// join returns the dotted path of the field called name under path.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// describe names what v is, for an error: its kind, or the command it is.
func describe(v any) string {
	if c, ok := v.(document.Command); ok {
		return c.CommandName()
	}
	value, err := document.Of(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	return value.Kind().String()
}

// invalidAt returns an ErrInvalid that says what is wrong at path.
func invalidAt(path, format string, args ...any) error {
	err := fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), fault.ErrInvalid)
	if path == "" {
		return err
	}
	return fault.At(path, err)
}

// unknownAt returns the error of an operator that does not exist.
func unknownAt(path, op string) error {
	err := fmt.Errorf("unknown operator %q: %w", op, fault.ErrOperator)
	if path == "" {
		return err
	}
	return fault.At(path, err)
}
