package expr

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A node is a part of a compiled expression.
type node interface {
	// eval returns the value of the node, missing when it has none.
	eval(e *Env) (document.Value, error)
}

// A constant is a value that does not depend on anything.
type constant struct{ value document.Value }

func (c constant) eval(*Env) (document.Value, error) { return c.value, nil }

// A variable is one bound from outside or by an operator around.
type variable struct{ slot int }

func (v variable) eval(e *Env) (document.Value, error) { return e.vars[v.slot], nil }

// wholeDocument is $$ROOT.
type wholeDocument struct{}

func (wholeDocument) eval(e *Env) (document.Value, error) { return e.root, nil }

// A documentPath leads into the document, as a [fieldPath] does.
type documentPath struct {
	field  int      // which of the fields picked it begins with
	names  []string // what follows
	dotted string
}

func (p *documentPath) eval(e *Env) (document.Value, error) {
	if len(p.names) == 0 {
		return e.fields[p.field], nil
	}
	return e.walk(e.fields[p.field], p.names)
}

// A fieldPath leads into a value. Beyond an array it leads to the array of what it
// leads to in those of the elements that are objects.
type fieldPath struct {
	from  node
	names []string
}

func (p *fieldPath) eval(e *Env) (document.Value, error) {
	v, err := p.from.eval(e)
	if err != nil {
		return missing, err
	}
	return e.walk(v, p.names)
}

// walk follows names from v.
func (e *Env) walk(v document.Value, names []string) (document.Value, error) {
	for len(names) > 0 {
		switch v.Kind() {
		case document.Object:
			v, names = v.Field(names[0]), names[1:]
		case document.Array:
			return e.walkElements(v, names)
		default:
			return missing, nil
		}
	}
	return v, nil
}

func (e *Env) walkElements(array document.Value, names []string) (document.Value, error) {
	b := e.open()
	b.BeginArray()
	elements := array.Elements()
	for elements.Next() {
		if elements.Value().Kind() != document.Object {
			continue
		}
		v, err := e.walk(elements.Value(), names)
		if err != nil {
			return missing, err
		}
		if v.Exists() {
			b.Value(v)
		}
	}
	b.End()
	if err := elements.Err(); err != nil {
		return missing, err
	}
	return e.close(b)
}

// An objectNode makes an object. Fields without a value are left out.
type objectNode struct {
	names []string
	parts []node
}

func (o *objectNode) eval(e *Env) (document.Value, error) {
	b := e.open()
	b.BeginObject()
	for i, p := range o.parts {
		v, err := p.eval(e)
		if err != nil {
			return missing, err
		}
		b.Field(o.names[i], v)
		if err := fits(b); err != nil {
			return missing, err
		}
	}
	b.End()
	return e.close(b)
}

// An arrayNode makes an array. Parts without a value are null.
type arrayNode struct{ parts []node }

func (a *arrayNode) eval(e *Env) (document.Value, error) {
	b := e.open()
	b.BeginArray()
	for _, p := range a.parts {
		v, err := p.eval(e)
		if err != nil {
			return missing, err
		}
		b.Value(v)
		if err := fits(b); err != nil {
			return missing, err
		}
	}
	b.End()
	return e.close(b)
}

// A function computes the value of an operator from those of its operands, which
// it must not keep. A parameter that was not given is [absent].
type function func(e *Env, args []document.Value) (document.Value, error)

// A call is an operator all of whose operands are evaluated first.
type call struct {
	name string
	at   string
	fn   function
	args []node // of parameters, nil for one that is not given
}

func (c *call) eval(e *Env) (document.Value, error) {
	base := len(e.stack)
	if err := e.push(c.args); err != nil {
		return missing, err
	}
	v, err := c.fn(e, e.stack[base:])
	e.stack = e.stack[:base]
	if err != nil {
		return missing, failAt(c.at, c.name, err)
	}
	return v, nil
}

// push evaluates nodes and leaves their values on top of the stack.
func (e *Env) push(nodes []node) error {
	for _, n := range nodes {
		if n == nil {
			e.stack = append(e.stack, absentValue)
			continue
		}
		v, err := n.eval(e)
		if err != nil {
			return err
		}
		if v.Exists() && v.Kind() == document.Missing {
			return fmt.Errorf("a value of unknown kind: %w", fault.ErrCorrupt)
		}
		e.stack = append(e.stack, v)
	}
	return nil
}

// absentValue stands for a parameter that was not given, which is not the same as
// one without a value. Its byte begins no value.
var absentValue = asValue([]byte{0xc1})

func absent(v document.Value) bool { return v.Exists() && v.Kind() == document.Missing }

// nullish reports whether v stands for the absence of an operand.
func nullish(v document.Value) bool { return v.Kind() <= document.Null }

// truth reports whether v counts as true.
func truth(v document.Value) bool {
	switch v.Kind() {
	case document.Missing, document.Null:
		return false
	case document.Bool:
		b, _ := v.Bool()
		return b
	case document.Number:
		f, _ := v.Float64()
		return f != 0
	}
	return true
}
