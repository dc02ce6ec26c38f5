package query

import (
	"fmt"
	"math"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// A selection is one segment of the paths of a projection. All paths together
// make a tree, which is walked beside the document.
type selection struct {
	name     string
	children []*selection
	byName   map[string]int
	choice   choice
	skip     int // of a slice
	take     int
	elem     *element // of elemMatch
}

// A choice is what is returned of the value at a path.
type choice uint8

const (
	within   choice = iota // what the children choose
	included               // all of it
	excluded               // nothing
	sliced                 // a part of the array
	first                  // the first element that satisfies a condition
	located                // the element that satisfied the filter
)

// find returns the child called name, or nil.
func (s *selection) find(name []byte) *selection {
	if s.byName != nil {
		if i, ok := s.byName[string(name)]; ok {
			return s.children[i]
		}
		return nil
	}
	for _, c := range s.children {
		if c.name == string(name) {
			return c
		}
	}
	return nil
}

func (s *selection) add(c *selection) {
	s.children = append(s.children, c)
	if len(s.children) <= manyChildren {
		return
	}
	if s.byName == nil {
		s.byName = make(map[string]int)
	}
	for i := len(s.byName); i < len(s.children); i++ {
		s.byName[s.children[i].name] = i
	}
}

// appendPaths appends the paths of the fields included below s, and reports
// whether all that is chosen are such fields.
func (s *selection) appendPaths(paths []string, at string) ([]string, bool) {
	for _, c := range s.children {
		path := join(at, c.name)
		ok := true
		switch c.choice {
		case included:
			paths = append(paths, path)
		case within:
			paths, ok = c.appendPaths(paths, path)
		case excluded:
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
	}
	return paths, true
}

// maxPaths is the most paths a projection may name. Objects in objects, each of them the
// same one, name more than can be counted.
const maxPaths = 1 << 16

// A projectionCompiler turns a projection as written into selections.
type projectionCompiler struct {
	scope      expr.Scope // what conditions are compiled in
	root       *selection
	paths      int // named so far
	positional string
	including  string // a path that is included, "" for none; _id aside
	excluding  string // a path that is excluded, "" for none; _id aside
	matching   bool   // there is an elemMatch
	id         choice // of _id at the top: included, excluded, or within when it is not named
}

func (c *projectionCompiler) spec(spec any) error {
	if isNil(spec) {
		return nil
	}
	fields, ok := pairsOf(spec)
	if !ok {
		return fmt.Errorf("projection: needs an object of paths, found %s: %w", describe(spec), fault.ErrInvalid)
	}
	for _, f := range fields {
		if err := c.field(f.Key, f.Value, 1); err != nil {
			return err
		}
	}
	return nil
}

// field compiles what is said about one path.
func (c *projectionCompiler) field(path string, v any, depth int) error {
	if depth > document.MaxDepth {
		return fault.At(path, fmt.Errorf("projection: %w", tooDeep()))
	}
	if c.paths++; c.paths > maxPaths {
		return fmt.Errorf("projection: more than %d paths: %w", maxPaths, fault.ErrTooLarge)
	}
	switch x := v.(type) {
	case ProjectionCommand:
		return c.slice(path, x.bounds)
	case Condition:
		if x.op != "$elemMatch" {
			return invalidAt(path, "projection: %s is no choice of elements", x.CommandName())
		}
		return c.elemMatch(path, x.args[0])
	case UpdateCommand:
		return invalidAt(path, "projection: %s is an update command", x.CommandName())
	case document.Command:
		return fault.At(path, notDone("projection: computed fields, such as "+x.CommandName()))
	}
	if fields, ok := document.Pairs(v); ok {
		return c.object(path, fields, depth)
	}
	return c.flag(path, v)
}

// object compiles an object at path: an operator, or paths below.
func (c *projectionCompiler) object(path string, fields []document.E, depth int) error {
	if len(fields) == 0 {
		return invalidAt(path, "projection: an empty object chooses nothing")
	}
	if isOperator(fields[0].Key) {
		if len(fields) > 1 {
			return invalidAt(path, "projection: %s stands alone", fields[0].Key)
		}
		return c.operator(path, fields[0].Key, fields[0].Value)
	}
	for _, f := range fields {
		if err := c.field(path+"."+f.Key, f.Value, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (c *projectionCompiler) operator(path, name string, operand any) error {
	switch name {
	case "$slice":
		bounds, err := boundsOf(operand)
		if err != nil {
			return fault.At(path, fmt.Errorf("projection: $slice: %w", err))
		}
		return c.slice(path, bounds)
	case "$elemMatch":
		return c.elemMatch(path, operand)
	}
	if _, err := expr.Compile(document.D{{Key: name, Value: operand}}, c.scope); err != nil {
		return fault.At(path, fmt.Errorf("projection: %w", err))
	}
	return fault.At(path, notDone("projection: computed fields, such as "+name))
}

// flag compiles true, false and numbers.
func (c *projectionCompiler) flag(path string, v any) error {
	value, err := document.Of(v)
	if err != nil {
		return fault.At(path, err)
	}
	keep := false
	switch value.Kind() {
	case document.Bool:
		keep, _ = value.Bool()
	case document.Number:
		n, _ := value.Float64()
		keep = n > 0
	case document.Array:
		return fault.At(path, notDone("projection: computed fields"))
	default:
		return invalidAt(path, "projection: needs true, false, a number or a command, found %s", value.Kind())
	}
	if array, ok := strings.CutSuffix(path, ".$"); ok {
		return c.locate(path, array, keep)
	}
	choice := excluded
	if keep {
		choice = included
	}
	switch {
	case path == "_id":
		c.id = choice
	case keep:
		c.including = path
	default:
		c.excluding = path
	}
	return c.put(path, &selection{choice: choice})
}

// locate compiles "array.$".
func (c *projectionCompiler) locate(path, array string, keep bool) error {
	switch {
	case !keep:
		return invalidAt(path, "projection: $ cannot be excluded")
	case c.positional != "":
		return invalidAt(path, "projection: more than one path ends in $")
	}
	c.positional, c.including = array, path
	return c.put(array, &selection{choice: located})
}

func (c *projectionCompiler) slice(path string, bounds []int) error {
	s := &selection{choice: sliced, take: math.MaxInt}
	switch {
	case len(bounds) == 1 && bounds[0] < 0:
		s.skip = bounds[0]
	case len(bounds) == 1:
		s.take = bounds[0]
	case len(bounds) == 2 && bounds[1] > 0:
		s.skip, s.take = bounds[0], bounds[1]
	default:
		return invalidAt(path, "projection: $slice needs a number, or how many to skip and how many, above 0, to return")
	}
	return c.put(path, s)
}

// boundsOf returns the numbers of a $slice, which are cut down to whole ones.
func boundsOf(operand any) ([]int, error) {
	list, ok := document.List(operand)
	if !ok {
		list = []any{operand}
	} else if len(list) != 2 {
		return nil, fmt.Errorf("the array needs 2 numbers, found %d: %w", len(list), fault.ErrInvalid)
	}
	bounds := make([]int, len(list))
	for i, v := range list {
		n, err := numberOf(v)
		if err != nil {
			return nil, err
		}
		f, _ := n.Float64()
		if math.IsNaN(f) {
			return nil, fmt.Errorf("needs a number, found NaN: %w", fault.ErrInvalid)
		}
		bounds[i] = int(max(min(f, math.MaxInt32), math.MinInt32))
	}
	return bounds, nil
}

func (c *projectionCompiler) elemMatch(path string, condition any) error {
	if strings.Contains(path, ".") {
		return invalidAt(path, "projection: elemMatch needs a field at the top of the document")
	}
	filter := newCompiler(c.scope)
	n, err := filter.operator("$elemMatch", condition, nil, scope{path: path, exact: true})
	if err != nil {
		return fmt.Errorf("projection: %w", err)
	}
	c.matching = true
	return c.put(path, &selection{choice: first, elem: &element{n.test.elem}})
}

// put enters s at path in the tree.
func (c *projectionCompiler) put(path string, s *selection) error {
	if _, err := document.ParsePath(path); err != nil {
		return fault.At(path, fmt.Errorf("projection: %w", err))
	}
	at := c.root
	names := strings.Split(path, ".")
	for i, name := range names {
		if isOperator(name) {
			return invalidAt(path, "projection: the segment %q starts with a dollar sign", name)
		}
		if at.choice != within {
			return invalidAt(path, "projection: the path collides with one above it")
		}
		child := at.find([]byte(name))
		if child != nil && i == len(names)-1 {
			return invalidAt(path, "projection: the path collides with itself or one below it")
		}
		if child == nil {
			child = &selection{name: name}
			if i == len(names)-1 {
				child, s.name = s, name
			}
			at.add(child)
		}
		at = child
	}
	return nil
}

// projection returns what was compiled, nil when nothing is left out.
func (c *projectionCompiler) projection() (*Projection, error) {
	if c.including != "" && c.excluding != "" {
		return nil, invalidAt(c.excluding, "projection: %s is included, %s is excluded, and the two cannot be mixed", c.including, c.excluding)
	}
	p := &Projection{root: c.root, positional: c.positional}
	p.exclusive = c.excluding != "" || c.including == "" && !c.matching && c.id != included
	if !p.exclusive && c.root.find([]byte("_id")) == nil {
		c.root.add(&selection{name: "_id", choice: included})
	}
	if len(c.root.children) == 0 {
		return nil, nil
	}
	return p, nil
}
