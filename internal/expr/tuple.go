package expr

import "github.com/virgadb/virga/document"

// A Tuple is several expressions that are evaluated on the same documents. The fields
// that they begin at are looked up once for all of them. It is immutable and safe
// for concurrent use.
type Tuple struct {
	list   []*Expr
	fields []string       // that any of them begins at
	index  map[string]int // the same, when they are many
	family []int          // by expression, which of places has those of its fields
	places [][]int        // where fields are in fields; the parts of an object have the same
	direct []int          // by expression, which field it is nothing but; -1 when it is more
}

// Join returns the tuple of expressions, all compiled against the same variables.
func Join(list ...*Expr) *Tuple {
	t := &Tuple{list: list, family: make([]int, len(list)), direct: make([]int, len(list))}
	at := map[string]int{}
	for i, x := range list {
		if i == 0 || !sameFields(x, list[i-1]) {
			t.places = append(t.places, t.placesOf(x.fields, at))
		}
		t.family[i] = len(t.places) - 1
		t.direct[i] = -1
		if p, ok := x.root.(*documentPath); ok && len(p.names) == 0 {
			t.direct[i] = at[x.fields[p.field]]
		}
	}
	if len(t.fields) > fewFields {
		t.index = at
	}
	return t
}

// sameFields reports whether x and y are parts of one object.
func sameFields(x, y *Expr) bool {
	return len(x.fields) > 0 && len(x.fields) == len(y.fields) && &x.fields[0] == &y.fields[0]
}

// placesOf returns where names are among the fields of t, whose places at has, and adds
// those that are not.
func (t *Tuple) placesOf(names []string, at map[string]int) []int {
	places := make([]int, len(names))
	for i, name := range names {
		place, ok := at[name]
		if !ok {
			place = len(t.fields)
			at[name] = place
			t.fields = append(t.fields, name)
		}
		places[i] = place
	}
	return places
}

// Eval leaves in into[i] the value of expression i on doc. The values are as those of
// [Expr.Eval].
func (t *Tuple) Eval(env *Env, doc document.Value, into []document.Value) error {
	if err := t.Begin(env, doc); err != nil {
		return err
	}
	for i := range t.list {
		if at := t.direct[i]; at >= 0 {
			into[i] = env.picked[at]
			continue
		}
		v, err := t.At(env, i)
		if err != nil {
			return err
		}
		into[i] = v
	}
	return nil
}

// Begin readies env for [Tuple.At] on doc.
func (t *Tuple) Begin(env *Env, doc document.Value) error {
	env.root, env.shared = doc, -1
	return env.pick(t, doc)
}

// At returns the value of expression i, as [Expr.Eval] does, on the document of the last
// [Tuple.Begin]. Between the two, nothing else may be evaluated in env.
func (t *Tuple) At(env *Env, i int) (document.Value, error) {
	if at := t.direct[i]; at >= 0 {
		return env.picked[at], nil
	}
	x := t.list[i]
	if c, ok := x.root.(constant); ok {
		return c.value, nil
	}
	if env.shared != t.family[i] {
		env.shared = t.family[i]
		env.share(x, t.places[env.shared])
	}
	v, err := x.root.eval(env)
	if err != nil {
		env.stack = env.stack[:0]
		return missing, err
	}
	return v, nil
}

// pick looks up the fields of doc that t begins at.
func (e *Env) pick(t *Tuple, doc document.Value) error {
	if n := len(t.fields); n > len(e.picked) {
		e.picked = make([]document.Value, n)
	}
	clear(e.picked[:len(t.fields)])
	if len(t.fields) == 0 || doc.Kind() != document.Object {
		return nil
	}
	return pickFields(doc, t.fields, t.index, e.picked)
}

// share readies e for x, whose fields are among those picked.
func (e *Env) share(x *Expr, places []int) {
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
