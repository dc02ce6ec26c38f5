package query

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// A Filter is a compiled condition on documents. It is immutable and safe for
// concurrent use.
type Filter struct {
	root  *node
	slots []string       // the top-level fields root looks at, by slot
	index map[string]int // slots by name, when they are many
	id    document.Value // what _id must equal; missing when it is not pinned
}

// CompileFilter compiles cond: an object of any Go type, a [Condition] that
// joins whole filters, or either of them within [Raw]. An empty object matches
// every document. Times relative to the server's are resolved to now.
//
// A nil cond, an operator that does not exist and an operand it cannot take are
// ErrInvalid, as is a filter beyond the limits of the package comment;
// operators this version does not have are ErrNotImplemented, and $jsonSchema is
// where s of [CompileFilterIn] has nothing to compile it.
func CompileFilter(cond any, now time.Time) (*Filter, error) {
	return CompileFilterIn(cond, expr.Scope{Now: now})
}

// CompileFilterIn is [CompileFilter] for a filter whose expressions may read the
// variables of s. It is matched with [Filter.MatchIn].
func CompileFilterIn(cond any, s expr.Scope) (*Filter, error) {
	if inner, _ := unwrapRaw(cond); isNil(inner) {
		return nil, fmt.Errorf("filter is nil: %w", fault.ErrInvalid)
	}
	root, err := newCompiler(s).compile(cond, scope{})
	if err != nil {
		if at := (*fault.PathError)(nil); errors.As(err, &at) {
			return nil, fmt.Errorf("filter %w", err)
		}
		return nil, fmt.Errorf("filter: %w", err)
	}
	f := &Filter{root: root}
	f.finish()
	return f, nil
}

// Match reports whether d meets f. Bytes that are no document are ErrCorrupt,
// wherever in the document they are; a regular expression that runs out of time
// is ErrTimeout, an expression that loops without end ErrTooLarge. An expression
// that cannot be evaluated is ErrInvalid. These faults of one condition count only
// where the others do not decide.
func (f *Filter) Match(d document.Doc) (bool, error) { return f.MatchIn(nil, d) }

// MatchIn is [Filter.Match] with expressions evaluated in env, which holds the
// variables that the filter was compiled with.
func (f *Filter) MatchIn(env *expr.Env, d document.Doc) (bool, error) {
	if f.root.op == opAlways {
		return true, nil
	}
	var few [fewSlots]document.Value
	var failure error
	m := matcher{slots: few[:], env: &env, failure: &failure}
	if len(f.slots) > fewSlots {
		m.slots = make([]document.Value, len(f.slots))
	}
	if err := f.fill(d, m.slots); err != nil {
		return false, err
	}
	ok := m.holds(f.root, d.Value())
	return ok && failure == nil, failure
}

// ID returns the value that f pins _id to, if it does: then at most that one
// document can meet f, and the rest of f has still to be asked of it.
func (f *Filter) ID() (document.Value, bool) { return f.id, f.id.Exists() }

// fill walks over d's fields once and leaves in slots those that f looks at.
func (f *Filter) fill(d document.Doc, slots []document.Value) error {
	v := d.Value()
	if v.Kind() != document.Object {
		return fmt.Errorf("document is no object: %w", fault.ErrCorrupt)
	}
	if f.index == nil {
		return v.Pick(f.slots, slots)
	}
	fields := v.Fields()
	for fields.Next() {
		if i, ok := f.index[string(fields.Key())]; ok {
			slots[i] = fields.Value()
		}
	}
	return fields.Err()
}

// fewSlots is the number of top-level fields a filter may look at without
// allocating memory for each document.
const fewSlots = 8

// assignSlots gives each leaf of n the slot of the top-level field it starts at.
func (f *Filter) assignSlots(n *node) {
	for _, k := range n.kids {
		f.assignSlots(k)
	}
	if n.op != opLeaf && n.op != opNear {
		return
	}
	n.slot = f.slotOf(n.path[0].name)
}

// slotOf returns the slot of a top-level field, a new one if need be.
func (f *Filter) slotOf(name string) int {
	if f.index == nil {
		if i := slices.Index(f.slots, name); i >= 0 {
			return i
		}
	} else if i, ok := f.index[name]; ok {
		return i
	}
	f.slots = append(f.slots, name)
	switch n := len(f.slots); {
	case f.index != nil:
		f.index[name] = n - 1
	case n > fewSlots:
		f.index = make(map[string]int, n)
		for i, name := range f.slots {
			f.index[name] = i
		}
	}
	return len(f.slots) - 1
}

// pinnedID returns the one value of _id that n admits, or missing.
func pinnedID(n *node) document.Value {
	switch n.op {
	case opAnd:
		for _, k := range n.kids {
			if id := pinnedID(k); id.Exists() {
				return id
			}
		}
	case opLeaf:
		if len(n.path) == 1 && n.path[0].name == "_id" && n.test.op == testEq {
			switch n.test.value.Kind() {
			case document.Array, document.Regexp, document.Null: // never an _id
			default:
				return n.test.value
			}
		}
	}
	return document.Value{}
}
