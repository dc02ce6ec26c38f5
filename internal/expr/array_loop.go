package expr

import "github.com/virgadb/virga/document"

// loops holds the operators that evaluate a body for each element of an array.
var loops = table{
	"$map":    {build: buildMap},
	"$filter": {build: buildFilter},
	"$reduce": {build: buildReduce},
}

// A loop is what such operators have in common.
type loop struct {
	place
	input, body node
	this        int // the variable that holds the element
}

// elements evaluates the input. It reports false when there is none.
func (l *loop) elements(e *Env) (document.Elements, bool, error) {
	v, err := l.input.eval(e)
	if err != nil || nullish(v) {
		return document.Elements{}, false, err
	}
	if err := array(v); err != nil {
		return document.Elements{}, false, l.fail(err)
	}
	return v.Elements(), true, nil
}

// turn evaluates the body for an element.
func (l *loop) turn(e *Env, v document.Value) (document.Value, error) {
	if err := e.turn(); err != nil {
		return missing, err
	}
	e.vars[l.this] = v
	return l.body.eval(e)
}

// build compiles an input and a body in which the element is called as.
func (l *loop) build(c *compiler, input given, as given, body given, name string) (err error) {
	if l.input, err = c.compile(input.value, l.under("input")); err != nil {
		return err
	}
	variable := "this"
	if as.ok {
		value, err := c.value(as.value, l.under("as"))
		if err != nil {
			return err
		}
		var ok bool
		if variable, ok = value.Text(); !ok {
			return needs("a name as as", value)
		}
		if err := checkVariable(variable); err != nil {
			return err
		}
	}
	l.this = c.bind(variable)
	defer c.unbind(1)
	l.body, err = c.compile(body.value, l.under(name))
	return err
}

// A mapping is the array of what the body yields, null where it yields nothing.
type mapping struct{ loop }

func buildMap(c *compiler, at place, v any) (node, error) {
	given, err := pick(v, []string{"input", "as?", "in"})
	if err != nil {
		return nil, err
	}
	m := &mapping{loop{place: at}}
	return m, m.build(c, given[0], given[1], given[2], "in")
}

func (m *mapping) eval(e *Env) (document.Value, error) {
	elements, ok, err := m.elements(e)
	if err != nil || !ok {
		return null, err
	}
	b := e.open()
	b.BeginArray()
	for elements.Next() {
		v, err := m.turn(e, elements.Value())
		if err != nil {
			return missing, err
		}
		b.Value(v)
		if err := fits(b); err != nil {
			return missing, m.fail(err)
		}
	}
	b.End()
	if err := elements.Err(); err != nil {
		return missing, err
	}
	return e.close(b)
}

// A filter is the array of the elements for which the body counts as true.
type filter struct {
	loop
	limit node // nil: as many as there are
}

func buildFilter(c *compiler, at place, v any) (node, error) {
	given, err := pick(v, []string{"input", "as?", "cond", "limit?"})
	if err != nil {
		return nil, err
	}
	f := &filter{loop: loop{place: at}}
	if err := f.build(c, given[0], given[1], given[2], "cond"); err != nil {
		return nil, err
	}
	if given[3].ok {
		if f.limit, err = c.compile(given[3].value, at.under("limit")); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *filter) eval(e *Env) (document.Value, error) {
	elements, ok, err := f.elements(e)
	if err != nil || !ok {
		return null, err
	}
	left, err := f.most(e)
	if err != nil {
		return missing, err
	}
	b := e.open()
	b.BeginArray()
	for left != 0 && elements.Next() {
		v, err := f.turn(e, elements.Value())
		if err != nil {
			return missing, err
		}
		if truth(v) {
			b.Value(elements.Value())
			left--
		}
	}
	b.End()
	if err := elements.Err(); err != nil {
		return missing, err
	}
	return e.close(b)
}

// most returns how many elements the filter may yield, -1 for any number.
func (f *filter) most(e *Env) (int, error) {
	if f.limit == nil {
		return -1, nil
	}
	v, err := f.limit.eval(e)
	if err != nil || nullish(v) {
		return -1, err
	}
	n, ok := integer32(v)
	if !ok || n <= 0 {
		return 0, f.fail(invalid("needs a positive whole number as limit"))
	}
	return n, nil
}

// A reduction folds an array from the left.
type reduction struct {
	loop
	initial node
	value   int // the variable that holds the result so far
}

func buildReduce(c *compiler, at place, v any) (node, error) {
	params, err := pick(v, []string{"input", "initialValue", "in"})
	if err != nil {
		return nil, err
	}
	r := &reduction{loop: loop{place: at}}
	if r.initial, err = c.compile(params[1].value, at.under("initialValue")); err != nil {
		return nil, err
	}
	// The name is in reach of the input too, where it means the one around.
	if r.input, err = c.compile(params[0].value, at.under("input")); err != nil {
		return nil, err
	}
	r.value, r.this = c.bind("value"), c.bind("this")
	defer c.unbind(2)
	r.body, err = c.compile(params[2].value, at.under("in"))
	return r, err
}

func (r *reduction) eval(e *Env) (document.Value, error) {
	elements, ok, err := r.elements(e)
	if err != nil || !ok {
		return null, err
	}
	v, err := r.initial.eval(e)
	if err != nil {
		return missing, err
	}
	for i := 1; elements.Next(); i++ {
		e.vars[r.value] = v
		if v, err = r.turn(e, elements.Value()); err != nil {
			return missing, err
		}
		// Each turn may nest the result deeper: look now and then.
		if i%32 == 0 && tooDeep(v, document.MaxDepth) {
			return missing, r.fail(tooLarge("a value of more than %d levels", document.MaxDepth))
		}
	}
	if err := elements.Err(); err != nil {
		return missing, err
	}
	return v, nil
}

// tooDeep reports whether v has more than the given number of levels.
func tooDeep(v document.Value, levels int) bool {
	switch v.Kind() {
	case document.Object:
		for f := v.Fields(); f.Next(); {
			if levels == 0 || tooDeep(f.Value(), levels-1) {
				return true
			}
		}
	case document.Array:
		for el := v.Elements(); el.Next(); {
			if levels == 0 || tooDeep(el.Value(), levels-1) {
				return true
			}
		}
	}
	return false
}
