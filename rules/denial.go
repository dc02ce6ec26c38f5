package rules

import (
	"fmt"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A Denial says why rules do not allow an operation. It is ErrDenied.
type Denial struct {
	Op         Operation
	Collection string // as [Call.Collection] named it
	Mode       Mode
	Key        string // of the rule that decided: "update", or "write" where it stands in
	Rule       string // the expression of that rule

	// The condition in Rule that failed, and where it stands: line and column, in
	// characters, from 1. Expr is empty when no condition could be evaluated.
	Expr         string
	Line, Column int

	Values  []Binding // what the names in Expr stood for
	Missing string    // of a query: the condition that its filter lacks, as JSON; empty when there is none
	Reason  string    // why the condition failed, where its values do not tell

	remedy *remedy // nil: there is none
}

// A Binding is a name in a rule and what it stood for.
type Binding struct {
	Name string // as the rule has it: "doc.status"
	Text string // the value as JSON, "missing", or what the filter says of it
}

// Unwrap returns ErrDenied.
func (d *Denial) Unwrap() error { return fault.ErrDenied }

// Error says in one line what failed, and where.
func (d *Denial) Error() string {
	var b strings.Builder
	b.WriteString(fault.ErrDenied.Error())
	if d.Mode != Custom {
		fmt.Fprintf(&b, ": %s of a collection in mode %s: %s", d.Op, d.Mode, d.Reason)
		return b.String()
	}
	if d.Rule == "" {
		fmt.Fprintf(&b, ": %s: %s", d.Op, d.Reason)
		return b.String()
	}
	fmt.Fprintf(&b, " by rule %s", d.Key)
	if d.Expr != "" {
		fmt.Fprintf(&b, " (%d:%d): %s", d.Line, d.Column, d.Expr)
	}
	for i, v := range d.Values {
		separator := ", "
		if i == 0 {
			separator = ", where "
		}
		fmt.Fprintf(&b, "%s%s is %s", separator, v.Name, v.Text)
	}
	if d.Reason != "" {
		fmt.Fprintf(&b, ": %s", d.Reason)
	}
	if d.Missing != "" {
		fmt.Fprintf(&b, "; the filter lacks %s", d.Missing)
	}
	return b.String()
}

// Where returns a condition that the filter of a denied query lacks: And-ed to it,
// the query passes. It reports false when there is no such condition, or none that
// can be told. It is worked out when it is first asked for; it is safe for concurrent
// use.
func (d *Denial) Where() (any, bool) {
	if d.remedy == nil {
		return nil, false
	}
	where := d.remedy.find()
	return where, where != nil
}

// A blame is the condition at which a rule failed.
type blame struct {
	node   *node
	want   bool // it should have held; or been refuted
	values []Binding
	reason string
}

// denial returns the error for an evaluation that failed, and is over.
func (e *evaluation) denial() error {
	e.tally, e.quiet = nil, true
	if e.err != nil {
		return fmt.Errorf("rule %s: %w", e.rule.key, e.err)
	}
	if err := e.ctx.Err(); err != nil {
		return err
	}
	d := &Denial{Op: e.op, Collection: e.call.Collection, Key: e.rule.key, Rule: e.x.source, Reason: e.stopped}
	if b := e.blamed; b != nil {
		d.Expr, d.Values = e.x.text(b.node), b.values
		d.Line, d.Column = position(e.x.source, b.node.pos)
		if d.Reason == "" {
			d.Reason = b.reason
		}
	}
	if e.proving && e.stopped == "" {
		d.Missing, d.remedy = e.missing(), e.remedies()
	}
	return d
}

// findBlame returns the first condition that failed, the smallest that decides.
func (e *evaluation) findBlame() *blame {
	e.trouble = ""
	b := e.blameOf(e.x.top, true)
	b.values = e.bindings(b.node)
	if e.trouble != "" {
		b.reason = e.trouble
	}
	return b
}

// blameOf returns what is to blame for n not being as wanted.
func (e *evaluation) blameOf(n *node, want bool) *blame {
	switch {
	case n.kind == nodeNot:
		return e.blameOf(n.kids[0], !want)
	case (n.kind == nodeAnd) == want && (n.kind == nodeAnd || n.kind == nodeOr):
		for _, k := range n.kids {
			if !e.holds(k, want) {
				return e.blameOf(k, want)
			}
		}
	}
	e.trouble = ""
	e.decide(n, want)
	return &blame{node: n, want: want}
}

// bindings returns what the names in n stand for, each once.
func (e *evaluation) bindings(n *node) []Binding {
	var list []Binding
	seen := func(name string) bool {
		for _, b := range list {
			if b.Name == name {
				return true
			}
		}
		return false
	}
	n.walk(func(k *node) {
		switch k.kind {
		case nodeAuth, nodeAuthField, nodeNow, nodePath:
		default:
			return
		}
		if name := e.x.text(k); !seen(name) {
			if text := e.show(k); text != "" {
				list = append(list, Binding{name, text})
			}
		}
	})
	return list
}

// longValue is how many bytes of a value a denial shows.
const longValue = 200

// show returns what n, a name or path, stands for; empty when nothing is known.
func (e *evaluation) show(n *node) string {
	if e.stopped != "" {
		return ""
	}
	o := e.operand(n)
	if o.unknown {
		return ""
	}
	if o.free != nil {
		return e.facts.show(o.free)
	}
	texts := make([]string, 0, len(o.list))
	for _, r := range o.list {
		texts = append(texts, showValue(r.value))
	}
	if len(texts) == 0 {
		return "nothing at all"
	}
	return shorten(strings.Join(texts, " or "))
}

func showValue(v document.Value) string {
	if !v.Exists() {
		return "missing"
	}
	return shorten(v.String())
}

func shorten(text string) string {
	if len(text) <= longValue {
		return text
	}
	return strings.ToValidUTF8(text[:longValue], "") + "…"
}
