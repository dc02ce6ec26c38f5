package expr

import (
	"strings"

	"github.com/virgadb/virga/document"
)

// objects holds the operators on objects.
var objects = table{
	"$mergeObjects":  {max: many, fn: mergeObjects},
	"$objectToArray": {min: 1, max: 1, fn: objectToArray},
	"$arrayToObject": {min: 1, max: 1, fn: arrayToObject},
	"$getField":      {build: buildGetField},
	"$setField":      {build: buildSetField},
	"$unsetField":    {build: buildSetField},
	"$bsonSize":      {min: 1, max: 1, fn: bsonSize},
}

// A merging is an object being made of fields that may come more than once. The
// last value counts, at the place of the first.
type merging struct {
	names  []string
	values []document.Value
	index  map[string]int
	size   int // bytes of names and values
}

func (m *merging) set(name []byte, v document.Value) {
	m.size += len(v.Raw())
	if i, ok := m.index[string(name)]; ok {
		m.size -= len(m.values[i].Raw())
		m.values[i] = v
		return
	}
	m.size += len(name)
	if m.index == nil {
		m.index = map[string]int{}
	}
	m.index[string(name)] = len(m.names)
	m.names, m.values = append(m.names, string(name)), append(m.values, v)
}

// merge sets all the fields of an object.
func (m *merging) merge(object document.Value) error {
	fields := object.Fields()
	for fields.Next() {
		m.set(fields.Key(), fields.Value())
	}
	return fields.Err()
}

func (m *merging) object(e *Env) (document.Value, error) {
	b := e.open()
	b.BeginObject()
	for i, name := range m.names {
		b.Field(name, m.values[i])
		if err := fits(b); err != nil {
			return missing, err
		}
	}
	b.End()
	return e.close(b)
}

func mergeObjects(e *Env, args []document.Value) (document.Value, error) {
	var m merging
	for _, v := range args {
		switch {
		case nullish(v):
		case v.Kind() != document.Object:
			return missing, needs("objects", v)
		default:
			if err := m.merge(v); err != nil {
				return missing, err
			}
		}
	}
	return m.object(e)
}

func objectToArray(e *Env, args []document.Value) (document.Value, error) {
	if nullish(args[0]) {
		return null, nil
	}
	if args[0].Kind() != document.Object {
		return missing, needs("an object", args[0])
	}
	b := e.open()
	b.BeginArray()
	fields := args[0].Fields()
	for fields.Next() {
		key, err := e.str(fields.Key())
		if err != nil {
			return missing, err
		}
		b.BeginObject()
		b.Field("k", key)
		b.Field("v", fields.Value())
		b.End()
	}
	b.End()
	if err := fields.Err(); err != nil {
		return missing, err
	}
	return e.close(b)
}

func arrayToObject(e *Env, args []document.Value) (document.Value, error) {
	if nullish(args[0]) {
		return null, nil
	}
	if err := array(args[0]); err != nil {
		return missing, err
	}
	var m merging
	form := document.Missing
	elements := args[0].Elements()
	for elements.Next() {
		pair := elements.Value()
		if form == document.Missing {
			form = pair.Kind()
		}
		key, value, err := keyAndValue(pair, form)
		if err != nil {
			return missing, err
		}
		m.set(key, value)
	}
	if err := elements.Err(); err != nil {
		return missing, err
	}
	return m.object(e)
}

// keyAndValue returns what a pair of the given form, [k, v] or {k, v}, holds.
func keyAndValue(pair document.Value, form document.Kind) ([]byte, document.Value, error) {
	var k, v document.Value
	switch {
	case form != document.Array && form != document.Object:
		return nil, missing, invalid("needs an array of pairs, found one of %s", form)
	case pair.Kind() != form:
		return nil, missing, invalid("needs pairs of one form, found %s and %s", form, pair.Kind())
	case pair.Len() != 2:
		return nil, missing, invalid("needs pairs of a key and a value")
	case form == document.Array:
		k, v = pair.Element(0), pair.Element(1)
	default:
		k, v = pair.Field("k"), pair.Field("v")
	}
	switch {
	case !k.Exists() || !v.Exists():
		return nil, missing, invalid("needs pairs of a key k and a value v")
	case k.Kind() != document.String:
		return nil, missing, invalid("needs strings as keys, found %s", k.Kind())
	}
	name := k.Bytes()
	for _, b := range name {
		if b == 0 {
			return nil, missing, invalid("a key holds a zero byte")
		}
	}
	return name, v, nil
}

func bsonSize(e *Env, args []document.Value) (document.Value, error) {
	switch args[0].Kind() {
	case document.Missing, document.Null:
		return null, nil
	case document.Object:
		return e.integer(int64(len(args[0].Raw()))), nil
	}
	return missing, needs("an object", args[0])
}

// A getField reads a field by a name that need not be one a path can spell.
type getField struct {
	place
	name, input node
}

func buildGetField(c *compiler, at place, v any) (node, error) {
	params := []given{{v, true}, {}}
	if fields, ok := document.Pairs(v); ok && !(len(fields) == 1 && isOperator(fields[0].Key)) {
		var err error
		if params, err = pick(v, []string{"field", "input?"}); err != nil {
			return nil, err
		}
	}
	g := &getField{place: at}
	var err error
	if g.name, err = c.compile(params[0].value, at.under("field")); err != nil {
		return nil, err
	}
	name, known := g.name.(constant)
	if known && name.value.Kind() != document.String {
		return nil, needs("a string as field", name.value)
	}
	if params[1].ok {
		g.input, err = c.compile(params[1].value, at.under("input"))
		return g, err
	}
	if known {
		// The document as such is not needed when the name is known.
		if s := string(name.value.Bytes()); s != "" && !strings.Contains(s, ".") {
			return c.fieldOfCurrent(s)
		}
	}
	g.input, err = c.variable("CURRENT", at.at)
	return g, err
}

// fieldOfCurrent compiles the field of $$CURRENT called name.
func (c *compiler) fieldOfCurrent(name string) (node, error) {
	n, root, err := c.resolve("CURRENT")
	if err != nil {
		return nil, err
	}
	if root {
		return c.documentPath([]string{name}, name), nil
	}
	return &ownField{from: n, name: name}, nil
}

// An ownField is a field of an object: unlike a path it leads into no array.
type ownField struct {
	from node
	name string
}

func (f *ownField) eval(e *Env) (document.Value, error) {
	v, err := f.from.eval(e)
	if err != nil {
		return missing, err
	}
	if v.Kind() == document.Null {
		return null, nil
	}
	return v.Field(f.name), nil
}

func (g *getField) eval(e *Env) (document.Value, error) {
	name, err := g.name.eval(e)
	if err != nil {
		return missing, err
	}
	v, err := g.input.eval(e)
	switch {
	case err != nil:
		return missing, err
	case name.Kind() != document.String:
		return missing, g.fail(needs("a string as field", name))
	case v.Kind() == document.Null:
		return null, nil
	}
	return v.Field(string(name.Bytes())), nil
}

// A setField is an object with one field set, or taken away when the value is missing.
type setField struct {
	place
	name         string
	input, value node // no value: the field is taken away
}

func buildSetField(c *compiler, at place, v any) (node, error) {
	params := []string{"field", "input", "value"}
	if at.name == "$unsetField" {
		params = params[:2]
	}
	given, err := pick(v, params)
	if err != nil {
		return nil, err
	}
	name, err := c.compile(given[0].value, at.under("field"))
	if err != nil {
		return nil, err
	}
	known, ok := name.(constant)
	if !ok || known.value.Kind() != document.String {
		return nil, invalid("needs a constant string as field")
	}
	s := &setField{place: at, name: string(known.value.Bytes())}
	if s.input, err = c.compile(given[1].value, at.under("input")); err != nil {
		return nil, err
	}
	if len(given) == 3 {
		s.value, err = c.compile(given[2].value, at.under("value"))
	}
	return s, err
}

func (s *setField) eval(e *Env) (document.Value, error) {
	object, err := s.input.eval(e)
	if err != nil {
		return missing, err
	}
	value := missing
	if s.value != nil {
		if value, err = s.value.eval(e); err != nil {
			return missing, err
		}
	}
	if nullish(object) {
		return null, nil
	}
	if object.Kind() != document.Object {
		return missing, s.fail(needs("an object as input", object))
	}
	b := e.open()
	b.BeginObject()
	set := false
	fields := object.Fields()
	for fields.Next() {
		if string(fields.Key()) == s.name {
			b.Field(s.name, value)
			set = true
			continue
		}
		b.KeyBytes(fields.Key())
		b.Value(fields.Value())
	}
	if !set {
		b.Field(s.name, value)
	}
	b.End()
	if err := fields.Err(); err != nil {
		return missing, err
	}
	return e.close(b)
}
