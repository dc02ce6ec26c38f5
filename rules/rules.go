package rules

import (
	"strings"
)

// Rules are the compiled rules of one collection: who may do what to which of its
// documents. They are immutable and safe for concurrent use.
type Rules struct {
	mode  Mode
	text  string
	rules [Delete + 1]rule // by operation
	keys  []entry          // as written
}

// A rule is the expression that decides an operation.
type rule struct {
	key string      // where it is written: the name of the operation, or "write"
	x   *expression // nil: nothing is written, so nothing is allowed
}

// An entry is a key of a rule document with its compiled expression.
type entry struct {
	key string
	x   *expression
	pos int // byte offset of the key in the document
}

// Parse compiles text: a rule document, or the name of a simple mode such as
// PRIVATE.
//
// A rule document is a JSON object, in which comments are allowed, with the keys
// read, write, create, update and delete. Each value is true, false or a string
// that holds an expression of at most 1,024 characters. Write stands in for those
// of create, update and delete that are not there; what has no rule is refused.
//
// Everything that could never be evaluated is refused here: a [*SyntaxError], which
// is ErrInvalid, says where and why.
func Parse(text string) (*Rules, error) {
	for m, name := range modeNames {
		if strings.TrimSpace(text) == name && Mode(m) != Custom {
			return Simple(Mode(m)), nil
		}
	}
	r := &Rules{text: text}
	fields, err := parseDocument(text)
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		x, err := compileExpression(f.source)
		if err != nil {
			err.Key = f.key
			return nil, err
		}
		r.keys = append(r.keys, entry{f.key, x, f.pos})
	}
	for op := Read; op <= Delete; op++ {
		r.rules[op] = r.choose(op)
	}
	return r, nil
}

// choose returns the rule for op.
func (r *Rules) choose(op Operation) rule {
	inherited := rule{key: op.String()}
	for _, k := range r.keys {
		if k.key == op.String() {
			return rule{k.key, k.x}
		}
		if k.key == "write" && op != Read {
			inherited = rule{k.key, k.x}
		}
	}
	return inherited
}

// Simple returns the rules of a simple mode. For Custom it returns rules that allow
// nothing.
func Simple(m Mode) *Rules {
	r := &Rules{mode: m, text: m.String()}
	if m == Custom {
		r.text = "{}"
	}
	for op := Read; op <= Delete; op++ {
		r.rules[op] = rule{key: op.String()}
	}
	return r
}

// Mode returns the kind of rules that r are.
func (r *Rules) Mode() Mode { return r.mode }

// String returns the text that [Parse] compiled, which compiles to r again.
func (r *Rules) String() string { return r.text }

// Describe returns what decides op in words: the expression, with the key it comes
// from where that is another, or what the mode says.
func (r *Rules) Describe(op Operation) string {
	if r.mode != Custom {
		return r.mode.verdictOf(op).describe()
	}
	switch ru := r.of(op); {
	case ru.x == nil:
		return "nobody, there is no rule"
	case ru.key != op.String():
		return ru.x.source + " (of " + ru.key + ")"
	default:
		return ru.x.source
	}
}

// UsesData reports whether the rule for op looks at request.data, so that
// [Call.Data] has to be there.
func (r *Rules) UsesData(op Operation) bool {
	x := r.of(op).x
	return x != nil && x.usesData
}

// of returns the rule for op; for what is no operation, one that allows nothing.
func (r *Rules) of(op Operation) rule {
	if op < Read || op > Delete {
		return rule{key: op.String()}
	}
	return r.rules[op]
}
