package expr

import (
	"slices"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
)

// A Scope is what an expression is compiled against.
type Scope struct {
	// Now is the time of the operation: the value of $$NOW and of server dates.
	Now time.Time
	// Vars names the variables that are bound from outside, with [Env.Set], in that
	// order, by names that [CheckVariables] lets pass. The zero Scope has none.
	Vars []string
	// Schema compiles the operand of $jsonSchema, of filters within the expression's
	// reach, into what tells whether a value meets it. Nil: there is no such operator.
	Schema func(schema any) (meets func(document.Value) (bool, error), err error)
	// Shapes keeps what filters make of large stored geometries. Nil: nothing is kept.
	Shapes *geo.Shapes
}

// An Expr is a compiled expression. It is immutable and safe for concurrent use.
type Expr struct {
	root   node
	slots  int            // variables it needs room for, those from outside first
	fields []string       // the fields of the document it begins at
	index  map[string]int // the same, when they are many
	reads  reads
}

// Compile compiles v: a Go value of any type, of which strings that start with $
// and objects whose key does are what [the package] says, and the rest are values.
// What is malformed is ErrInvalid.
//
// [the package]: github.com/virgadb/virga/internal/expr
func Compile(v any, s Scope) (*Expr, error) {
	c := newCompiler(s)
	root, err := c.compile(v, "")
	if err != nil {
		return nil, err
	}
	return c.finish(root), nil
}

// Eval evaluates x on doc, which is $$ROOT, and returns a missing value when it
// yields none. The result may share memory with doc and with env: it is valid
// until [Env.Reset], or for ever when that is never called.
func (x *Expr) Eval(env *Env, doc document.Value) (document.Value, error) {
	if err := env.enter(doc, x); err != nil {
		return document.Value{}, err
	}
	v, err := x.root.eval(env)
	if err != nil {
		env.stack = env.stack[:0]
		return document.Value{}, err
	}
	return v, nil
}

// True reports whether v counts as true: everything does but a missing value, null,
// false and zero.
func True(v document.Value) bool { return truth(v) }

// Truth evaluates x and reports whether the result counts as true.
func (x *Expr) Truth(env *Env, doc document.Value) (bool, error) {
	v, err := x.Eval(env, doc)
	return err == nil && truth(v), err
}

// Paths returns the dotted paths of the document that x reads, sorted, none below
// another. It reports whole when x reads the document as such, and paths do not
// tell what it needs.
func (x *Expr) Paths() (paths []string, whole bool) { return x.reads.list(), x.reads.whole }

// Vars returns the names of the variables bound from outside that x reads, sorted.
func (x *Expr) Vars() []string {
	names := make([]string, 0, len(x.reads.vars))
	for name := range x.reads.vars {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Path returns the dotted path when x is nothing but one of the document.
func (x *Expr) Path() (string, bool) {
	if p, ok := x.root.(*documentPath); ok {
		return p.dotted, true
	}
	return "", false
}

// Constant returns the value of x when that is the same for every document.
func (x *Expr) Constant() (document.Value, bool) {
	c, ok := x.root.(constant)
	return c.value, ok
}

// Random reports whether evaluating x again on the same document may yield
// another value.
func (x *Expr) Random() bool { return x.reads.random }

// errTooLarge is what a value over the limit of size is.
var errTooLarge = tooLarge("a value of more than %d bytes", document.MaxSize)
