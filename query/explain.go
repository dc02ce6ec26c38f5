package query

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/virgadb/virga/document"
)

// An Explain says how an operation finds its documents, and what that took. It is
// plain data.
type Explain struct {
	Operation  string // find, count, update, remove
	Collection string
	Plan       Stage   // the last step of the plan, with those before it as inputs
	Rejected   []Stage // the other ways that were weighed, the cheapest first

	// What running the plan took. Of an update or a remove it is the finding of the
	// documents: nothing was written.
	Returned     int64 // documents found, or counted
	KeysExamined int64 // entries of indexes, and single reads by _id
	Seeks        int64 // places of geo indexes that a search for cells went to; it walks on from each
	DocsExamined int64 // documents read
	Switched     bool  // the index led to so many documents that the collection was scanned instead
	Time         time.Duration

	// Withheld says that an identity asked. What the plan cost, the ways rejected for
	// their cost and what running it took would tell of documents that it may not see:
	// they are left out, but for Returned.
	Withheld bool

	Advice *Advice // nil when no index would help much

	// Modifications says what security rules have made of the query: the values that
	// stand in it for the caller, and under "added" the condition that narrows it.
	Modifications document.D
}

// A Stage is one step of a plan.
type Stage struct {
	Name   string     // the name that MongoDB has for it: COLLSCAN, IXSCAN, FETCH, SORT …
	Text   string     // the step as a line names it: `index city_-total ["Oslo", (20, +inf)]`
	Fields document.D // what else there is to say, by MongoDB's names
	Inputs []Stage    // the steps it takes documents from
	Cost   float64    // of it and its inputs, estimated, in microseconds; 0 where it is not known

	// Mirrored names what the step reads from memory, where the database keeps a copy
	// of it at the time: an index, or "documents". A plan is chosen without regard to it.
	Mirrored string
}

// Advice names an index that would help.
type Advice struct {
	Collection string
	Fields     []string // as index.By takes them
	Geo        string   // the path of the geo field, one of Fields; empty for any other index
	Reason     string
}

// Withhold returns e as an identity may see it, see Withheld.
func (e Explain) Withhold() Explain {
	return Explain{Operation: e.Operation, Collection: e.Collection, Plan: e.Plan.withoutCost(), Returned: e.Returned, Withheld: true, Modifications: e.Modifications}
}

func (s Stage) withoutCost() Stage {
	s.Cost = 0
	s.Inputs = slices.Clone(s.Inputs)
	for i := range s.Inputs {
		s.Inputs[i] = s.Inputs[i].withoutCost()
	}
	return s
}

// String returns the plan on one line, the first step first, and what of a database
// on disk is read from memory:
//
//	index city_-total ["Oslo", (20, +inf)] | fetch | limit 20 (mirrored: city_-total, documents)
func (e Explain) String() string {
	names := e.Plan.mirrored(nil)
	if len(names) == 0 {
		return e.Plan.String()
	}
	return e.Plan.String() + " (mirrored: " + strings.Join(names, ", ") + ")"
}

// mirrored appends what the step and those before it read from memory, each once.
func (s Stage) mirrored(names []string) []string {
	for _, in := range s.Inputs {
		names = in.mirrored(names)
	}
	if s.Mirrored == "" || slices.Contains(names, s.Mirrored) {
		return names
	}
	return append(names, s.Mirrored)
}

// String returns the step and those before it on one line.
func (s Stage) String() string {
	if len(s.Inputs) == 0 {
		return s.Text
	}
	inputs := make([]string, len(s.Inputs))
	for i, in := range s.Inputs {
		inputs[i] = in.String()
	}
	line := inputs[0]
	if len(inputs) > 1 {
		line = "(" + strings.Join(inputs, ") + (") + ")"
	}
	if s.Text == "" {
		return line
	}
	return line + " | " + s.Text
}

// Tree returns the plan a step a line, each below the one that it feeds, and what
// running it took.
func (e Explain) Tree() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d found", e.Operation, e.Collection, e.Returned)
	if !e.Withheld {
		fmt.Fprintf(&b, ", %s%s, %s, %v", counted(e.KeysExamined, "key"), e.sought(), counted(e.DocsExamined, "document"), e.Time.Round(time.Microsecond))
	}
	b.WriteString("\n")
	e.Plan.tree(&b, "")
	if e.Switched {
		b.WriteString("the index led to too many documents: the collection was scanned instead\n")
	}
	for _, r := range e.Rejected {
		fmt.Fprintf(&b, "rejected: %s (cost %.0f against %.0f)\n", r, r.Cost, e.Plan.Cost)
	}
	for _, m := range e.Modifications {
		fmt.Fprintf(&b, "by rules: %s is %s\n", m.Key, described(m.Value))
	}
	if e.Advice != nil {
		fmt.Fprintf(&b, "advice: %s\n", e.Advice)
	}
	return b.String()
}

// sought says what a search for cells took beside keys.
func (e Explain) sought() string {
	switch e.Seeks {
	case 0:
		return ""
	case 1:
		return " in 1 seek"
	}
	return fmt.Sprintf(" in %d seeks", e.Seeks)
}

func (s Stage) tree(b *strings.Builder, indent string) {
	if s.Text != "" {
		from := ""
		if s.Mirrored != "" {
			from = " (mirrored)"
		}
		fmt.Fprintf(b, "%s%s%s\n", indent, s.Text, from)
		indent += "  "
	}
	for _, in := range s.Inputs {
		in.tree(b, indent)
	}
}

func counted(n int64, what string) string {
	if n == 1 {
		return "1 " + what + " read"
	}
	return fmt.Sprintf("%d %ss read", n, what)
}

// String returns the advice as a sentence.
func (a Advice) String() string {
	fields := slices.Clone(a.Fields)
	if at := slices.Index(fields, a.Geo); at >= 0 {
		fields[at] = "geo " + a.Geo
	}
	return fmt.Sprintf("create index (%s) on %s: %s", strings.Join(fields, ", "), a.Collection, a.Reason)
}

// MarshalJSON returns what MongoDB's explain returns: queryPlanner with winningPlan
// and rejectedPlans, and executionStats.
func (e Explain) MarshalJSON() ([]byte, error) {
	rejected := make([]any, len(e.Rejected))
	for i, r := range e.Rejected {
		rejected[i] = r.object()
	}
	planner := document.D{
		{"namespace", e.Collection},
		{"winningPlan", e.Plan.object()},
		{"rejectedPlans", rejected},
	}
	if e.Advice != nil {
		advice := document.D{{"index", e.Advice.Fields}, {"reason", e.Advice.Reason}}
		if e.Advice.Geo != "" {
			advice = append(advice, document.E{Key: "geo", Value: e.Advice.Geo})
		}
		planner = append(planner, document.E{Key: "advice", Value: advice})
	}
	stats := document.D{{"executionSuccess", true}, {"nReturned", e.Returned}}
	if !e.Withheld {
		stats = append(stats, document.D{
			{"executionTimeMillis", e.Time.Milliseconds()},
			{"totalKeysExamined", e.KeysExamined},
			{"totalDocsExamined", e.DocsExamined},
		}...)
		if e.Seeks > 0 {
			stats = append(stats, document.E{Key: "seeks", Value: e.Seeks})
		}
	}
	stats = append(stats, document.E{Key: "executionStages", Value: e.Plan.object()})
	v, err := document.Of(document.D{
		{"queryPlanner", planner},
		{"executionStats", stats},
		{"queryModifications", append(document.D{}, e.Modifications...)},
	})
	if err != nil {
		return nil, err
	}
	return document.AppendJSON(nil, v), nil
}

var _ json.Marshaler = Explain{}

// object returns the step as MongoDB shows it.
func (s Stage) object() document.D {
	d := append(document.D{{Key: "stage", Value: s.Name}}, s.Fields...)
	if s.Mirrored != "" {
		d = append(d, document.E{Key: "mirrored", Value: true})
	}
	switch len(s.Inputs) {
	case 0:
	case 1:
		d = append(d, document.E{Key: "inputStage", Value: s.Inputs[0].object()})
	default:
		list := make([]any, len(s.Inputs))
		for i, in := range s.Inputs {
			list[i] = in.object()
		}
		d = append(d, document.E{Key: "inputStages", Value: list})
	}
	return d
}

// described returns v as JSON.
func described(v any) string {
	value, err := document.Of(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return value.String()
}
