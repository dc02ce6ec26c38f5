package expr

import "github.com/virgadb/virga/document"

// A Tuple is several expressions that are evaluated on the same documents. The fields
// that they begin at are looked up once for all of them. It is immutable and safe
// for concurrent use.
type Tuple struct {
	list   []*Expr
	fields []string // that any of them begins at
	places [][]int  // by expression, where its fields are in fields
	direct []int    // by expression, which field it is nothing but; -1 when it is more
}

// Join returns the tuple of expressions, all compiled against the same variables.
func Join(list ...*Expr) *Tuple {
	t := &Tuple{list: list, places: make([][]int, len(list)), direct: make([]int, len(list))}
	at := map[string]int{}
	for i, x := range list {
		for _, name := range x.fields {
			if _, ok := at[name]; !ok {
				at[name] = len(t.fields)
				t.fields = append(t.fields, name)
			}
			t.places[i] = append(t.places[i], at[name])
		}
		t.direct[i] = -1
		if p, ok := x.root.(*documentPath); ok && len(p.names) == 0 {
			t.direct[i] = at[x.fields[p.field]]
		}
	}
	return t
}

// Eval leaves in into[i] the value of expression i on doc. The values are as those of
// [Expr.Eval].
func (t *Tuple) Eval(env *Env, doc document.Value, into []document.Value) error {
	if err := env.pick(t.fields, doc); err != nil {
		return err
	}
	for i, x := range t.list {
		if at := t.direct[i]; at >= 0 {
			into[i] = env.picked[at]
			continue
		}
		if c, ok := x.root.(constant); ok {
			into[i] = c.value
			continue
		}
		env.share(x, t.places[i], doc)
		v, err := x.root.eval(env)
		if err != nil {
			env.stack = env.stack[:0]
			return err
		}
		into[i] = v
	}
	return nil
}

// pick looks up fields of doc for a tuple.
func (e *Env) pick(names []string, doc document.Value) error {
	if n := len(names); n > len(e.picked) {
		e.picked = make([]document.Value, n)
	}
	clear(e.picked[:len(names)])
	if len(names) == 0 || doc.Kind() != document.Object {
		return nil
	}
	return doc.Pick(names, e.picked)
}

// share readies e for x on doc, whose fields are among those picked.
func (e *Env) share(x *Expr, places []int, doc document.Value) {
	e.root = doc
	if x.slots > len(e.vars) {
		e.grow(x.slots)
	}
	if n := len(places); n > len(e.fields) {
		e.fields = make([]document.Value, n)
	}
	for i, at := range places {
		e.fields[i] = e.picked[at]
	}
}

// Object returns the names and expressions of the fields when x makes an object of
// them. The names are in order, each once.
func (x *Expr) Object() (names []string, parts []*Expr, ok bool) {
	o, ok := x.root.(*objectNode)
	if !ok {
		return nil, nil, false
	}
	for i, p := range o.parts {
		part := *x
		part.root = p
		names, parts = append(names, o.names[i]), append(parts, &part)
	}
	return names, parts, true
}
