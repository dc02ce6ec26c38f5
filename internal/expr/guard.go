package expr

import (
	"errors"

	"github.com/virgadb/virga/document"
)

// A guarded is a call that says what to yield for null and, perhaps, in place of
// an error of conversion.
type guarded struct {
	call
	onNull, onError node // nil when not given
}

// errNull is what a guarded function returns for an input that is null.
var errNull = errors.New("null input")

// A conversionError is one that onError stands in for.
type conversionError struct{ error }

func (c conversionError) Unwrap() error { return c.error }

// unconvertible returns the error of a value that cannot be converted.
func unconvertible(format string, args ...any) error {
	return conversionError{invalid(format, args...)}
}

// buildGuarded returns what compiles an operator with the given parameters, onNull
// and, where errors may be caught, onError.
func buildGuarded(params []string, fn function, catches bool) func(*compiler, place, any) (node, error) {
	return func(c *compiler, at place, v any) (node, error) {
		all := append(append([]string{}, params...), "onNull?")
		if catches {
			all = append(all, "onError?")
		}
		args, err := c.parameters(at, v, all)
		if err != nil {
			return nil, err
		}
		n := len(params)
		g := &guarded{call: call{name: at.name, at: at.at, fn: fn, args: args[:n:n]}, onNull: args[n]}
		if catches {
			g.onError = args[n+1]
		}
		return c.fold(g, args), nil
	}
}

func (g *guarded) eval(e *Env) (document.Value, error) {
	base := len(e.stack)
	if err := e.push(g.args); err != nil {
		return missing, err
	}
	v, err := g.fn(e, e.stack[base:])
	e.stack = e.stack[:base]
	if err == nil {
		return v, nil
	}
	if err == errNull {
		if g.onNull == nil {
			return null, nil
		}
		return g.onNull.eval(e)
	}
	if caught := (conversionError{}); g.onError != nil && errors.As(err, &caught) {
		return g.onError.eval(e)
	}
	return missing, failAt(g.at, g.name, err)
}
