package rules

import (
	"fmt"
	"strings"
)

// An Outcome says what a condition came to.
type Outcome uint8

// The outcomes.
const (
	Skipped Outcome = iota // it was not asked: what stands before it decides
	Holds                  // it is true; of a query: for every document
	Fails                  // it is false; of a query: for every document
	Either                 // true and false: it meets an array
	Unknown                // neither: the filter does not tell, or it cannot be evaluated
)

// String returns "true", "false", "both", "unknown", or a dash.
func (o Outcome) String() string {
	return [...]string{"-", "true", "false", "both", "unknown"}[min(o, Unknown)]
}

// A Trace is what one condition of a rule came to, and the conditions within it.
type Trace struct {
	Expr         string
	Line, Column int // in the rule, from 1
	Outcome      Outcome
	Values       []Binding // what the names in a condition without kids stood for
	Reason       string    // why it is unknown, where the values do not tell
	Kids         []*Trace
}

// traceOf returns the trace of n.
func (e *evaluation) traceOf(n *node) *Trace {
	t := e.untraced(n)
	e.trouble = ""
	yes, no := e.holds(n, true), e.holds(n, false)
	if n == e.x.top && !n.isCondition() {
		yes = e.grants()
	}
	switch {
	case yes && no:
		t.Outcome = Either
	case yes:
		t.Outcome = Holds
	case no:
		t.Outcome = Fails
	default:
		t.Outcome = Unknown
	}
	switch n.kind {
	case nodeNot:
		t.Kids = []*Trace{e.traceOf(n.kids[0])}
	case nodeAnd, nodeOr:
		decided := false
		for _, k := range n.kids {
			if decided {
				t.Kids = append(t.Kids, e.untraced(k))
				continue
			}
			t.Kids = append(t.Kids, e.traceOf(k))
			decided = e.holds(k, true) == (n.kind == nodeOr)
		}
	default:
		if t.Outcome == Unknown {
			t.Reason = e.trouble
		}
		t.Values = e.bindings(n)
	}
	return t
}

func (e *evaluation) untraced(n *node) *Trace {
	t := &Trace{Expr: e.x.text(n)}
	t.Line, t.Column = position(e.x.source, n.pos)
	return t
}

// String returns the trace as a tree, a condition a line.
func (t *Trace) String() string {
	var b strings.Builder
	t.write(&b, "", "")
	return b.String()
}

// write writes t behind the branch first, and what is within it behind rest.
func (t *Trace) write(b *strings.Builder, first, rest string) {
	fmt.Fprintf(b, "%s%s: %s", first, t.Outcome, strings.Join(strings.Fields(t.Expr), " "))
	for i, v := range t.Values {
		separator := ", "
		if i == 0 {
			separator = "   [" // values stand behind what they explain
		}
		fmt.Fprintf(b, "%s%s is %s", separator, v.Name, v.Text)
	}
	if len(t.Values) > 0 {
		b.WriteByte(']')
	}
	if t.Reason != "" {
		fmt.Fprintf(b, "   (%s)", t.Reason)
	}
	b.WriteByte('\n')
	for i, k := range t.Kids {
		if i == len(t.Kids)-1 {
			k.write(b, rest+"└ ", rest+"  ")
		} else {
			k.write(b, rest+"├ ", rest+"│ ")
		}
	}
}
