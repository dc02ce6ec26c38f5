package rules

import (
	"slices"
	"strings"

	"github.com/virgadb/virga/document"
)

// A nodeKind says what a node of an expression is.
type nodeKind uint8

const (
	nodeLiteral   nodeKind = iota // value
	nodeNull                      // null or undefined, which are one
	nodeArray                     // [kids…]
	nodeOr                        // one of kids
	nodeAnd                       // all of kids
	nodeNot                       // not the only kid
	nodeCompare                   // kids[0] op kids[1]
	nodeIn                        // kids[0] is a member of the list at kids[1], a path
	nodeAmong                     // kids[0] equals one of the other kids
	nodeAuth                      // the caller
	nodeAuthField                 // a field of the caller, called name
	nodeNow                       // the time of the call
	nodePath                      // what is at path below root
	nodeGet                       // the document whose address kids, joined, spell
)

// A root is what a path starts at.
type root uint8

const (
	rootDoc  root = iota // the document that is decided about
	rootData             // request.data
	rootGet              // the result of kids[0], a get()
)

// A compareOp is a comparison.
type compareOp uint8

const (
	opEq compareOp = iota
	opNe
	opGt
	opGte
	opLt
	opLte
)

var compareOps = map[string]compareOp{
	"==": opEq, "===": opEq, "!=": opNe, "!==": opNe, ">": opGt, ">=": opGte, "<": opLt, "<=": opLte,
}

// flipped returns the comparison that b has to a when a has op to b.
func (op compareOp) flipped() compareOp {
	switch op {
	case opGt:
		return opLt
	case opGte:
		return opLte
	case opLt:
		return opGt
	case opLte:
		return opGte
	}
	return op
}

// A node is a part of a compiled expression. It is immutable.
type node struct {
	kind     nodeKind
	op       compareOp
	root     root
	kids     []*node
	value    document.Value
	name     string
	segments []segment
	path     *path // of a path whose segments are all written out
	id       int   // among the conditions of the expression, or -1
	pos, end int   // byte offsets in the source
	from, to int   // the same with the parentheses around it; both 0 when there are none
}

// outer returns the byte offsets of n with the parentheses around it.
func (n *node) outer() (from, to int) {
	if n.to > 0 {
		return n.from, n.to
	}
	return n.pos, n.end
}

// A segment is one step of a path: a name that is written out, or an expression
// that gives it.
type segment struct {
	name string
	expr *node
}

// isCondition reports whether n is true or false by its form.
func (n *node) isCondition() bool {
	switch n.kind {
	case nodeOr, nodeAnd, nodeNot, nodeCompare, nodeIn, nodeAmong:
		return true
	case nodeLiteral:
		return n.value.Kind() == document.Bool
	}
	return false
}

// ofDoc reports whether n is a path in the document that is decided about.
func (n *node) ofDoc() bool { return n.kind == nodePath && n.root == rootDoc }

// walk calls f for n and everything below it, parts of paths included.
func (n *node) walk(f func(*node)) {
	f(n)
	for _, k := range n.kids {
		k.walk(f)
	}
	for _, s := range n.segments {
		if s.expr != nil {
			s.expr.walk(f)
		}
	}
}

// An expression is a compiled rule. It is immutable and safe for concurrent use.
type expression struct {
	source     string
	top        *node
	conditions []*node  // by id: what can be true or false, from left to right
	pins       []*node  // paths in the document of which one value is needed
	tops       []string // the top-level fields of the document it looks at; nil: any
	usesDoc    bool
	usesData   bool
	usesGet    bool
}

// text returns the source of n.
func (x *expression) text(n *node) string { return x.source[n.pos:n.end] }

// number gives ids to the conditions of x: whatever stands where true or false is
// wanted.
func (x *expression) number(n *node) {
	n.id = len(x.conditions)
	x.conditions = append(x.conditions, n)
	switch n.kind {
	case nodeOr, nodeAnd, nodeNot:
		for _, k := range n.kids {
			x.number(k)
		}
	}
}

// survey notes what x looks at.
func (x *expression) survey() {
	x.tops = []string{}
	x.top.walk(func(n *node) {
		switch n.kind {
		case nodePath:
			x.usesDoc = x.usesDoc || n.root == rootDoc
			x.note(n)
			x.usesData = x.usesData || n.root == rootData
			for _, s := range n.segments {
				x.pin(s.expr)
			}
		case nodeGet, nodeArray: // an array is built of single values
			x.usesGet = x.usesGet || n.kind == nodeGet
			for _, k := range n.kids {
				x.pin(k)
			}
		}
	})
}

// note notes the field of the document that the path n begins with.
func (x *expression) note(n *node) {
	switch {
	case n.root != rootDoc || len(n.segments) == 0 || x.tops == nil:
	case n.segments[0].expr != nil:
		x.tops = nil
	case !slices.Contains(x.tops, n.segments[0].name):
		x.tops = append(x.tops, n.segments[0].name)
	}
}

// pin notes that one value of n is needed, if n is a path in the document.
func (x *expression) pin(n *node) {
	if n == nil || !n.ofDoc() {
		return
	}
	for _, p := range x.pins {
		if p.path.text == n.path.text {
			return
		}
	}
	x.pins = append(x.pins, n)
}

// A path is a path whose segments are known.
type path struct {
	text     string // joined by dots, as filters have it
	names    []string
	index    []int // the place in an array that a name spells, or -1
	unstored bool  // a segment that no stored document can have
}

// newPath returns the path of names, which may be anything.
func newPath(names []string) *path {
	p := &path{text: strings.Join(names, "."), names: names, index: make([]int, len(names))}
	for i, name := range names {
		p.index[i] = -1
		parsed, err := document.ParsePath(name)
		if err != nil || len(parsed.Segments()) != 1 {
			p.unstored = true
			continue
		}
		p.index[i], _ = parsed.Index(0)
	}
	return p
}
