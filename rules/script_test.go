package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/internal/script"
)

// A bench is what the commands of a script work on.
type bench struct {
	t     *testing.T
	rules *Rules
	shelf shelf
}

// TestScripts runs the behaviour scripts:
//
//	stored                              documents that get() reads: "collection.id {…}" a line
//	eval auth=(…) doc=(…) data=(…)      expressions, "> source" a line; "! line:column message" is an error
//	rules                               a rule document, or a mode; prints its warnings
//	try OP auth=(…) where=(…) doc=(…)   what the rules say, and how they come to it
func TestScripts(t *testing.T) {
	script.Run(t, "testdata/*.txt", func(t *testing.T) script.Handler {
		b := &bench{t: t, shelf: shelf{}}
		return func(c script.Command) string {
			switch c.Name {
			case "stored":
				for _, line := range c.Input {
					name, text, _ := strings.Cut(line, " ")
					b.shelf[name] = text
				}
				return ""
			case "eval":
				return b.eval(c)
			case "rules":
				return b.set(c)
			case "try":
				return b.try(c)
			}
			t.Fatalf("%s: unknown command %s", c.Position, c.Name)
			return ""
		}
	})
}

// call returns the call that the arguments of c describe.
func (b *bench) call(c script.Command, op Operation) *Call {
	call := &Call{Op: op, Now: noon, Get: b.shelf, Collection: "notes"}
	if text, ok := c.Args["auth"]; ok {
		v := mustJSON(text)
		for name, to := range map[string]*string{"openid": &call.Auth.OpenID, "uid": &call.Auth.UID, "loginType": &call.Auth.LoginType} {
			*to, _ = v.Field(name).Text()
		}
	}
	if text, ok := c.Args["data"]; ok {
		call.Data = DataOfDoc(mustDoc(b.t, text))
	}
	return call
}

func (b *bench) eval(c script.Command) string {
	var out []string
	for _, line := range c.Input {
		x, err := compileExpression(strings.TrimPrefix(line, "> "))
		if err != nil {
			out = append(out, fmt.Sprintf("! %d:%d: %s", err.Line, err.Column, err.Message))
			continue
		}
		out = append(out, b.value(c, x))
	}
	return strings.Join(out, "\n")
}

func (b *bench) value(c script.Command, x *expression) string {
	e := b.call(c, Read).begin(b.t.Context(), Read, rule{x: x})
	e.holdsOn(mustDoc(b.t, c.Args["doc"]))
	switch trace := e.traceOf(x.top); {
	case e.stopped != "":
		return "stopped: " + e.stopped
	case x.top.isCondition() && x.top.kind != nodeLiteral:
		return trace.Outcome.String()
	case x.top.kind == nodeNull:
		return "null"
	case trace.Reason != "" && e.show(x.top) == "":
		return "unknown: " + trace.Reason
	}
	return e.show(x.top)
}

func (b *bench) set(c script.Command) string {
	r, err := Parse(c.Text())
	if err != nil {
		return err.Error()
	}
	b.rules = r
	var out []string
	for _, w := range r.Lint() {
		out = append(out, "warning: "+w.String())
	}
	return strings.Join(out, "\n")
}

func (b *bench) try(c script.Command) string {
	op := map[string]Operation{"read": Read, "create": Create, "update": Update, "delete": Delete}[c.Words[0]]
	q := Question{}
	if text, ok := c.Args["where"]; ok {
		q.Where = mustJSON(text)
	}
	if text, ok := c.Args["doc"]; ok {
		q.ByID = true
		if text != "none" {
			q.Doc = mustDoc(b.t, text)
		}
	}
	call := b.call(c, op)
	for _, word := range c.Words[1:] {
		call.Static = call.Static || word == "static"
		call.Filters = call.Filters || word == "filters"
	}
	return Simulate(b.t.Context(), b.rules, call, q).String()
}
