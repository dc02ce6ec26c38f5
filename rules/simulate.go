package rules

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// A Question is an operation to be tried without a database: a query, or one
// document.
type Question struct {
	Where any          // the condition of a query, with placeholders; nil: none
	ByID  bool         // the operation is on Doc
	Doc   document.Doc // what is stored, or, for Create, what is going to be; zero: nothing
}

// A Verdict is what rules say to a question.
type Verdict struct {
	Op        Operation
	Allowed   bool
	Condition any    // what the query is silently narrowed by; nil: nothing
	Hidden    bool   // the document counts as missing: nothing is done, and no error is returned
	Err       error  // a [*Denial], or why the question could not be decided; nil when allowed
	Trace     *Trace // nil where no expression decides
}

// Simulate says what r answer to c and q, and how they come to it. A query's
// condition is compiled as a filter is, except that a $jsonSchema in it, which proves
// nothing to rules, may say anything; an error in it is the verdict's, as is the lack of
// rules or of a call.
func Simulate(ctx context.Context, r *Rules, c *Call, q Question) Verdict {
	if ctx == nil || r == nil || c == nil {
		return Verdict{Err: fmt.Errorf("context, rules or call is nil: %w", fault.ErrInvalid)}
	}
	v := Verdict{Op: c.Op}
	traced := *c
	traced.trace = &v.Trace
	v.Err = v.decide(ctx, r, &traced, q)
	v.Allowed = v.Err == nil && !v.Hidden
	return v
}

func (v *Verdict) decide(ctx context.Context, r *Rules, c *Call, q Question) error {
	switch {
	case q.ByID && c.Op == Create:
		return r.New(ctx, c, q.Doc)
	case q.ByID:
		ok, err := r.Stored(ctx, c, q.Doc)
		v.Hidden = !ok && err == nil
		return err
	case c.Op == Create:
		return fmt.Errorf("create needs a document: %w", fault.ErrInvalid)
	}
	var f *query.Filter
	if q.Where != nil {
		where, err := c.Auth.Substitute(q.Where)
		if err != nil {
			return err
		}
		if f, err = query.CompileForTerms(where, c.Now); err != nil {
			return err
		}
	}
	condition, err := r.Query(ctx, c, f)
	v.Condition = condition
	return err
}

// String returns the verdict on a line, its trace as a tree below it.
func (v Verdict) String() string {
	var b strings.Builder
	d := (*Denial)(nil)
	switch {
	case v.Hidden:
		fmt.Fprintf(&b, "%s: the document counts as missing\n", v.Op)
	case v.Condition != nil:
		fmt.Fprintf(&b, "%s: allowed, of what meets %s\n", v.Op, jsonOf(v.Condition))
	case v.Allowed:
		fmt.Fprintf(&b, "%s: allowed\n", v.Op)
	case errors.As(v.Err, &d):
		fmt.Fprintf(&b, "%s: %v\n", v.Op, d)
		if where, ok := d.Where(); ok {
			fmt.Fprintf(&b, "this would pass: %s\n", jsonOf(where))
		}
	default:
		fmt.Fprintf(&b, "%s: %v\n", v.Op, v.Err)
	}
	if v.Trace != nil {
		b.WriteString(v.Trace.String())
	}
	return b.String()
}

// jsonOf returns a condition that was made here as JSON.
func jsonOf(condition any) string {
	v, err := document.Of(condition)
	if err != nil {
		return fmt.Sprint(condition)
	}
	return v.String()
}
