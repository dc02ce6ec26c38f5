package rules

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"
)

// A Covered is a condition of a rule and how often it held and did not.
type Covered struct {
	Collection, Key string // the rule
	Rule, Expr      string
	Line, Column    int // in the rule, from 1
	True, False     int64

	pos, end int
}

// Conditions returns what was counted so far, rule by rule in the order of their
// collections and keys, the conditions of a rule from the outermost inwards.
func (c *Coverage) Conditions() []Covered {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []Covered
	for rule, n := range c.rules {
		for i, condition := range n.x.conditions {
			one := Covered{Collection: rule.collection, Key: rule.key, Rule: rule.source, Expr: n.x.text(condition),
				True: n.tally[i].yes.Load(), False: n.tally[i].no.Load(), pos: condition.pos, end: condition.end}
			one.Line, one.Column = position(rule.source, condition.pos)
			list = append(list, one)
		}
	}
	slices.SortStableFunc(list, func(a, b Covered) int {
		return cmp.Or(cmp.Compare(a.Collection, b.Collection), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Rule, b.Rule))
	})
	return list
}

// remark says what a test has not shown of the condition.
func (c Covered) remark() string {
	switch {
	case c.True == 0 && c.False == 0:
		return "never asked"
	case c.True == 0:
		return "never true"
	case c.False == 0 && c.Expr != "true":
		return "never false"
	}
	return ""
}

// title names the rule.
func (c Covered) title() string {
	if c.Collection == "" {
		return c.Key
	}
	return c.Collection + " " + c.Key
}

// byRule calls f with the conditions of each rule.
func byRule(list []Covered, f func([]Covered)) {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].title() == list[0].title() && list[n].Rule == list[0].Rule {
			n++
		}
		f(list[:n])
		list = list[n:]
	}
}

// Text returns a line for each condition: how often it was true, how often false,
// and a mark where one of them is missing.
func (c *Coverage) Text() string {
	var b strings.Builder
	byRule(c.Conditions(), func(rule []Covered) {
		fmt.Fprintf(&b, "%s: %s\n", rule[0].title(), oneLine(rule[0].Rule))
		for _, n := range rule {
			line := fmt.Sprintf("%8d true %8d false   %s", n.True, n.False, oneLine(n.Expr))
			if remark := n.remark(); remark != "" {
				line += "   ! " + remark
			}
			b.WriteString(line + "\n")
		}
	})
	return b.String()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// HTML returns a page with every rule, its conditions coloured by what was seen of
// them: green for both answers, yellow for one, red for none. The counts show when
// the pointer rests on a condition.
func (c *Coverage) HTML() string {
	var b strings.Builder
	b.WriteString(coverageHead)
	byRule(c.Conditions(), func(rule []Covered) {
		fmt.Fprintf(&b, "<h2>%s</h2>\n<pre>%s</pre>\n<table>\n<tr><th>true<th>false<th>condition<th>\n", html.EscapeString(rule[0].title()), marked(rule))
		for _, n := range rule {
			fmt.Fprintf(&b, "<tr><td>%d<td>%d<td><code class=%s>%s</code><td>%s\n", n.True, n.False, n.class(), html.EscapeString(oneLine(n.Expr)), n.remark())
		}
		b.WriteString("</table>\n")
	})
	b.WriteString("</html>\n")
	return b.String()
}

const coverageHead = `<!doctype html>
<html lang=en>
<meta charset=utf-8>
<title>Rule coverage</title>
<style>
body { font: 15px/1.5 sans-serif; margin: 2em; max-width: 60em }
pre { background: #f6f6f4; padding: .8em; white-space: pre-wrap }
td, th { text-align: left; padding: .1em .8em .1em 0; vertical-align: top }
.both { background: #d6f0d2 }
.one { background: #fbeeb3 }
.none { background: #f7cdc8 }
</style>
<h1>Rule coverage</h1>
`

// class names the colour of the condition.
func (c Covered) class() string {
	switch c.remark() {
	case "":
		return "both"
	case "never asked":
		return "none"
	}
	return "one"
}

// marked returns the source of a rule with its conditions marked up. They lie within
// one another, or apart.
func marked(rule []Covered) string {
	source := rule[0].Rule
	var b strings.Builder
	var open []int // where the marks that are open end
	at := 0
	closeUpTo := func(pos int) {
		for len(open) > 0 && open[len(open)-1] <= pos {
			end := open[len(open)-1]
			b.WriteString(html.EscapeString(source[at:end]) + "</span>")
			at, open = end, open[:len(open)-1]
		}
	}
	for _, n := range rule {
		closeUpTo(n.pos)
		fmt.Fprintf(&b, "%s<span class=%s title=\"%d true, %d false\">", html.EscapeString(source[at:n.pos]), n.class(), n.True, n.False)
		at, open = n.pos, append(open, n.end)
	}
	closeUpTo(len(source))
	return b.String() + html.EscapeString(source[at:])
}
