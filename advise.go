package virga

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/plan"
	"github.com/virgadb/virga/txn"
)

// Advice is what the queries run since the database was opened say about its
// indexes.
type Advice struct {
	Missing   []MissingIndex // those that would save most first
	Unused    []IndexNote    // no query has used them yet; unique ones do their work all the same
	Redundant []IndexNote    // another index serves whatever they do
}

// A MissingIndex is an index that would help queries that were run.
type MissingIndex struct {
	Collection string
	Fields     []index.Field
	Geo        string        // the path of its geo field, one of Fields; empty for any other index
	Reason     string        // what each part of it is for
	Gain       time.Duration // what the queries would have taken less so far, estimated
	Queries    []QueryRuns
}

// QueryRuns are the runs of queries that differ in their operands only.
type QueryRuns struct {
	Query     string // without operands: "city = ?, total > ? order -total"
	Runs      int64
	Time      time.Duration // of all runs together, as are the following
	Keys      int64         // entries of indexes looked at
	Documents int64         // documents looked at
	Returned  int64
}

// An IndexNote is about an index that exists.
type IndexNote struct {
	Collection, Index, Reason string
}

// Advise says which indexes are missing, unused and redundant, from everything run
// since the database was opened. At most 1,000 different queries are remembered.
func (db *DB) Advise(ctx context.Context) (Advice, error) {
	if err := db.administrates(ctx); err != nil {
		return Advice{}, fault.Wrap("advise", "", "", err)
	}
	snap, err := db.docs.Snapshot()
	if err != nil {
		return Advice{}, fault.Wrap("advise", "", "", err)
	}
	defer snap.Release()
	var a Advice
	for _, m := range db.plan.Advisor.Missing(snap.Catalog()) {
		a.Missing = append(a.Missing, missingIndex(m))
	}
	for _, coll := range snap.Catalog().Collections() {
		a.note(db, coll)
	}
	return a, nil
}

func missingIndex(m plan.Missing) MissingIndex {
	next := MissingIndex{Collection: m.Collection, Fields: m.Index.Fields, Geo: m.Index.Geo, Reason: m.Why, Gain: m.Gain}
	for _, r := range m.Queries {
		next.Queries = append(next.Queries, QueryRuns{
			Query: r.Text, Runs: r.Runs, Time: r.Time, Keys: r.Keys, Documents: r.Docs, Returned: r.Returned,
		})
	}
	return next
}

// note adds what there is to say of the indexes of one collection.
func (a *Advice) note(db *DB, coll *txn.Collection) {
	all := coll.Indexes()
	for _, x := range all {
		if db.plan.Advisor.Uses(x.ID()) == 0 && !x.Spec().Unique {
			a.Unused = append(a.Unused, IndexNote{coll.Name, x.Name(), "no query has used it"})
		}
		if i := slices.IndexFunc(all, func(y *index.Index) bool { return y != x && plan.Serves(y.Spec(), x.Spec()) }); i >= 0 {
			a.Redundant = append(a.Redundant, IndexNote{coll.Name, x.Name(), "index " + all[i].Name() + " begins with its fields"})
		}
	}
}

// String returns the advice as lines of text, one for each index and query, or
// nothing where there is none.
func (a Advice) String() string {
	var b strings.Builder
	for _, m := range a.Missing {
		fmt.Fprintf(&b, "missing: %s (%s): %s; would have saved about %v\n", m.Collection, index.Spec{Fields: m.Fields, Geo: m.Geo}.Keys(), m.Reason, m.Gain.Round(time.Microsecond))
		for _, q := range m.Queries {
			fmt.Fprintf(&b, "  %d × %s: %d documents read for %d found in %v\n", q.Runs, q.Query, q.Documents, q.Returned, q.Time.Round(time.Microsecond))
		}
	}
	for _, n := range a.Unused {
		fmt.Fprintf(&b, "unused: %s.%s: %s\n", n.Collection, n.Index, n.Reason)
	}
	for _, n := range a.Redundant {
		fmt.Fprintf(&b, "redundant: %s.%s: %s\n", n.Collection, n.Index, n.Reason)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
