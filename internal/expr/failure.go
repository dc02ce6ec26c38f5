package expr

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// invalid returns an ErrInvalid that says what is wrong.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), fault.ErrInvalid)
}

// tooLarge returns an ErrTooLarge that says what is.
func tooLarge(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), fault.ErrTooLarge)
}

// needs returns an ErrInvalid for a value of a kind that does not do.
func needs(what string, found document.Value) error {
	return invalid("needs %s, found %s", what, found.Kind())
}

// failAt names the operator at fault and its place in the expression.
func failAt(at, operator string, err error) error {
	if operator == "" {
		return mark(at, err)
	}
	return mark(at, fmt.Errorf("%s: %w", operator, err))
}

func notImplemented(what string) error { return fmt.Errorf("%s: %w", what, fault.ErrNotImplemented) }

// mark returns err marked with the place in the expression where it happened.
func mark(at string, err error) error {
	if at == "" || err == nil {
		return err
	}
	return fault.At(at, err)
}
