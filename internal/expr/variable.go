package expr

import (
	"slices"

	"github.com/virgadb/virga/document"
)

// variables holds the operators about names and values as they are.
var variables = table{
	"$let":     {build: buildLet},
	"$literal": {build: buildLiteral},
	"$const":   {build: buildLiteral},
}

// A let binds variables and evaluates a body.
type let struct {
	slots []int
	names []string
	binds []node
	body  node
}

func (l *let) eval(e *Env) (document.Value, error) {
	base := len(e.stack)
	if err := e.push(l.binds); err != nil { // in the scope around: all at once
		return missing, err
	}
	for i, slot := range l.slots {
		e.vars[slot] = e.stack[base+i]
	}
	e.stack = e.stack[:base]
	return l.body.eval(e)
}

func buildLet(c *compiler, at place, v any) (node, error) {
	given, err := pick(v, []string{"vars", "in"})
	if err != nil {
		return nil, err
	}
	vars, ok := document.Pairs(given[0].value)
	if !ok {
		return nil, invalid("needs an object of variables")
	}
	l := &let{}
	for _, b := range vars {
		if err := checkVariable(b.Key); err != nil {
			return nil, err
		}
		n, err := c.compile(b.Value, at.under(joinPath("vars", b.Key)))
		if err != nil {
			return nil, err
		}
		l.names, l.binds = append(l.names, b.Key), append(l.binds, n)
	}
	for _, name := range l.names {
		l.slots = append(l.slots, c.bind(name))
	}
	defer c.unbind(len(l.slots))
	if l.body, err = c.compile(given[1].value, at.under("in")); err != nil {
		return nil, err
	}
	if body, ok := l.body.(constant); ok && !slices.ContainsFunc(l.binds, mayFail) {
		return body, nil
	}
	return l, nil
}

// mayFail reports whether evaluating n may yield an error.
func mayFail(n node) bool {
	switch n.(type) {
	case constant, variable, wholeDocument, *documentPath:
		return false
	}
	return true
}

func buildLiteral(c *compiler, at place, v any) (node, error) {
	value, err := c.value(v, at.under(""))
	return constant{value}, err
}
