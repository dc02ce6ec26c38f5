package document

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/virgadb/virga/internal/fault"
)

// layouts remembers the plan of each struct type that was met. It is a memo of a
// pure function of types, as reflect and encoding/json keep them: finding the tags
// again costs more than encoding or decoding the struct.
var layouts sync.Map // reflect.Type to *plan

// A plan is how structs of one type are written and read. The rules are those of
// vmihailenco's msgpack: the tag msgpack, else json, as
// "name,omitempty,inline,noinline,alias:name"; embedded structs inline unless a
// name clashes; as_array and omitempty for all on a field _msgpack. It does not
// do the work itself, because it knows no limit of depth, writes generic maps in
// random order, cannot read a float64 into a float32 or 2.0 into an int, lets
// integers overflow in silence, and names no paths.
type plan struct {
	fields  []planned
	asArray bool
}

type planned struct {
	name      string
	alias     string // another name to read by
	index     []int
	omitEmpty bool
}

// layout returns the plan of the struct t.
func layout(t reflect.Type) (*plan, error) {
	if known, ok := layouts.Load(t); ok {
		return known.(*plan), nil
	}
	p, err := planOf(t, nil)
	if err == nil {
		layouts.Store(t, p)
	}
	return p, err
}

// planOf makes the plan of t, which is embedded in the structs around it.
func planOf(t reflect.Type, around []reflect.Type) (*plan, error) {
	if slices.Contains(around, t) {
		return nil, fmt.Errorf("%s embeds itself: %w", t, fault.ErrInvalid)
	}
	around = append(around, t)
	p := &plan{fields: make([]planned, 0, t.NumField())}
	always := false // omitempty for all fields
	for i := range t.NumField() {
		f := t.Field(i)
		name, options := tagOf(f)
		if name == "-" {
			continue
		}
		if f.Name == "_msgpack" {
			p.asArray = options.has("as_array") || options.has("asArray")
			always = always || options.has("omitempty")
		}
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		if f.Anonymous && !options.has("noinline") {
			inlined, err := p.inline(f, options.has("inline"), around)
			if err != nil {
				return nil, err
			}
			if inlined {
				continue
			}
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if p.has(name) {
			return nil, fault.At(name, fmt.Errorf("two fields of %s have this name: %w", t, fault.ErrInvalid))
		}
		p.fields = append(p.fields, planned{name, options.alias(), f.Index, always || options.has("omitempty")})
	}
	return p, nil
}

func (p *plan) has(name string) bool {
	return slices.ContainsFunc(p.fields, func(f planned) bool { return f.name == name })
}

// inline adds the fields of an embedded struct and reports whether it did. A name
// that is taken keeps all of it from being inlined, unless the tag asks for it:
// then only the fields of such names are left out.
func (p *plan) inline(f reflect.StructField, asked bool, around []reflect.Type) (bool, error) {
	t := f.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !asked && encodesItself(t) {
		return false, nil
	}
	inner, err := planOf(t, around)
	if err != nil {
		return false, err
	}
	if !asked && slices.ContainsFunc(inner.fields, func(g planned) bool { return p.has(g.name) }) {
		return false, nil
	}
	for _, g := range inner.fields {
		if !p.has(g.name) {
			g.index = slices.Concat(f.Index, g.index)
			p.fields = append(p.fields, g)
		}
	}
	return true, nil
}

// tagOptions are the words behind the name in a tag.
type tagOptions string

func (o tagOptions) has(word string) bool {
	for rest := string(o); rest != ""; {
		var one string
		one, rest, _ = strings.Cut(rest, ",")
		if strings.TrimSpace(one) == word {
			return true
		}
	}
	return false
}

// alias returns the word behind "alias:".
func (o tagOptions) alias() string {
	_, after, _ := strings.Cut(","+string(o), ",alias:")
	name, _, _ := strings.Cut(after, ",")
	return name
}

func tagOf(f reflect.StructField) (string, tagOptions) {
	tag := f.Tag.Get("msgpack")
	if tag == "" {
		tag = f.Tag.Get("json")
	}
	name, options, _ := strings.Cut(tag, ",")
	return name, tagOptions(options)
}

// structure writes a struct as an object, or as an array where it says so.
func (e *encoder) structure(v reflect.Value) error {
	p, err := layout(v.Type())
	if err != nil {
		return err
	}
	kind := Object
	if p.asArray {
		kind = Array
	}
	c, err := e.open(kind, len(p.fields))
	if err != nil {
		return err
	}
	for _, f := range p.fields {
		if err := e.structField(&c, f, v); err != nil {
			return under(f.name, err)
		}
	}
	e.close(c)
	return nil
}

func (e *encoder) structField(c *container, f planned, v reflect.Value) error {
	fv, ok := fieldAt(v, f.index)
	if c.kind == Array {
		return e.element(c, func() error {
			if !ok {
				e.null()
				return nil
			}
			return e.reflect(fv)
		})
	}
	if !ok || f.omitEmpty && e.empty(fv) {
		return nil
	}
	return e.reflectField(c, f.name, fv)
}

// fieldAt returns the field of v at index, unless an embedded pointer on the way is nil.
func fieldAt(v reflect.Value, index []int) (reflect.Value, bool) {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, true
}

// empty reports whether omitempty leaves v out: zero, nil, without elements, or a
// struct all of whose fields are left out.
func (e *encoder) empty(v reflect.Value) bool {
	for v.Kind() == reflect.Interface {
		if v.IsNil() {
			return true
		}
		v = v.Elem()
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return true
	}
	if v.CanInterface() && v.Type().NumMethod() > 0 {
		if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
			return z.IsZero()
		}
	}
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return e.emptyStruct(v)
	case reflect.Float32, reflect.Float64:
		return v.Float() == 0
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.IsZero()
	}
	return false
}

func (e *encoder) emptyStruct(v reflect.Value) bool {
	p, err := layout(v.Type())
	if err != nil {
		return false
	}
	for _, f := range p.fields {
		fv, ok := fieldAt(v, f.index)
		if ok && !(f.omitEmpty && e.empty(fv)) {
			return false
		}
	}
	return true
}

// find returns the place of the field of a name, -1 when there is none. It looks
// from next on first: fields mostly come in the struct's order.
func (p *plan) find(name []byte, next int) int {
	for range p.fields {
		if next >= len(p.fields) {
			next = 0
		}
		if f := &p.fields[next]; f.name == string(name) || f.alias != "" && f.alias == string(name) {
			return next
		}
		next++
	}
	return -1
}
