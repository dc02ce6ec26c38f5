package virga

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/virgadb/virga/internal/fault"
)

// A SchemaError says in which places a document does not meet the schema of its
// collection. It is an [ErrInvalid].
type SchemaError struct {
	Violations []Violation // in the order of their places; at most 20
	More       int         // violations left out
}

// A Violation is one place in which a document does not meet a schema.
type Violation struct {
	Pointer string // a JSON pointer to the place: "/tags/0"; empty for the document
	Text    string // "got string, want number"
}

const maxViolations = 20

// Error lists the violations: "#/price: got string, want number".
func (e *SchemaError) Error() string {
	list := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		list[i] = fmt.Sprintf("#%s: %s", v.Pointer, v.Text)
	}
	text := "document does not meet the schema: " + strings.Join(list, "; ")
	if e.More > 0 {
		text += fmt.Sprintf("; and %d more", e.More)
	}
	return text
}

// Unwrap returns [ErrInvalid].
func (e *SchemaError) Unwrap() error { return fault.ErrInvalid }

func newSchemaError(failed *jsonschema.ValidationError) *SchemaError {
	e := &SchemaError{}
	e.gather(failed)
	slices.SortFunc(e.Violations, func(a, b Violation) int {
		return cmp.Or(strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Text, b.Text))
	})
	e.Violations = slices.Compact(e.Violations)
	if n := len(e.Violations); n > maxViolations {
		e.Violations, e.More = e.Violations[:maxViolations:maxViolations], n-maxViolations
	}
	return e
}

// gather adds what failed at the ends of the tree of causes.
func (e *SchemaError) gather(failed *jsonschema.ValidationError) {
	if len(failed.Causes) > 0 {
		for _, cause := range failed.Causes {
			e.gather(cause)
		}
		return
	}
	var at strings.Builder
	for _, name := range failed.InstanceLocation {
		at.WriteString("/" + escapePointer(name))
	}
	text := "does not fit"
	if out := failed.BasicOutput(); out.Error != nil {
		text = out.Error.String()
	}
	e.Violations = append(e.Violations, Violation{at.String(), text})
}
