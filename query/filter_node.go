package query

import "github.com/virgadb/virga/document"

// A nodeOp says how a node of a filter's tree is decided.
type nodeOp uint8

const (
	opAlways nodeOp = iota // holds for everything
	opNever                // holds for nothing
	opAnd                  // all kids hold
	opOr                   // one of the kids holds
	opNot                  // the only kid does not hold
	opLeaf                 // some value at path meets test
	opExpr                 // an expression of the document counts as true
	opNear                 // the nearest geometry at path is within bounds; only at the root, or one of its kids
	opSchema               // the value meets a JSON Schema
)

// A node is one condition of a compiled filter. The tree is kept plain: no "and"
// below an "and", no constants below anything, so that the conjuncts of a filter
// are its root, or its root's kids.
type node struct {
	op   nodeOp
	kids []*node

	// Of a leaf, and of an opNear. An empty path is the value itself, as one element of an array.
	path   []segment
	dotted string
	slot   int // where the matcher finds path's first field; -1: look it up
	test   test

	expr  *expression                        // of an opExpr
	meets func(document.Value) (bool, error) // of an opSchema
}

// A segment is one step of a path.
type segment struct {
	name  string
	index int // the place in an array that name stands for, or -1
}

func leaf(p document.Path, t test) *node {
	n := &node{op: opLeaf, dotted: p.String(), slot: -1, test: t}
	for i, name := range p.Segments() {
		s := segment{name: name, index: -1}
		if at, ok := p.Index(i); ok {
			s.index = at
		}
		n.path = append(n.path, s)
	}
	return n
}

// all returns the node that holds when all of nodes do.
func all(nodes []*node) *node { return combine(opAnd, opAlways, opNever, nodes) }

// some returns the node that holds when at least one of nodes does.
func some(nodes []*node) *node { return combine(opOr, opNever, opAlways, nodes) }

// combine joins nodes under op, of which neutral changes nothing and absorbing
// decides all.
func combine(op, neutral, absorbing nodeOp, nodes []*node) *node {
	var kids []*node
	for _, n := range nodes {
		switch n.op {
		case neutral:
		case absorbing:
			return n
		case op:
			kids = append(kids, n.kids...)
		default:
			kids = append(kids, n)
		}
	}
	switch len(kids) {
	case 0:
		return &node{op: neutral}
	case 1:
		return kids[0]
	}
	return &node{op: op, kids: kids}
}

// not returns the node that holds when n does not.
func not(n *node) *node {
	switch n.op {
	case opAlways:
		return &node{op: opNever}
	case opNever:
		return &node{op: opAlways}
	case opNot:
		return n.kids[0]
	}
	return &node{op: opNot, kids: []*node{n}}
}
