package virgatest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/plan"
)

// A Report says what the queries of a database, or of all databases of a run of tests,
// ask of the program that makes them and of the indexes it is deployed with. Few
// documents make any plan fast enough in a test; the report goes by what was asked.
type Report struct {
	Indexes     []Need            // those that serve the queries best
	Repetitions []Repetition      // lines that ask again and again
	Unused      []virga.IndexNote // indexes that exist and that no query has used
	Redundant   []virga.IndexNote // another index serves whatever they do
}

// A Need is an index that would serve queries best.
type Need struct {
	Collection string
	Fields     []index.Field
	Geo        string // the path of its geo field, one of Fields; empty for any other index
	Reason     string // what each part of it is for
	Exists     bool
	Queries    []virga.QueryRuns
}

// String returns the report as text, empty when there is nothing to say.
func (r Report) String() string {
	var b strings.Builder
	for _, n := range r.Indexes {
		state := "missing"
		if n.Exists {
			state = "there"
		}
		fmt.Fprintf(&b, "index %s: %s (%s): %s\n", state, n.Collection, index.Spec{Fields: n.Fields, Geo: n.Geo}.Keys(), n.Reason)
		for _, q := range n.Queries {
			fmt.Fprintf(&b, "  %d × %s: %d documents examined, %d found\n", q.Runs, q.Query, q.Documents, q.Returned)
		}
	}
	for _, n := range r.Unused {
		fmt.Fprintf(&b, "index unused: %s.%s\n", n.Collection, n.Index)
	}
	for _, n := range r.Redundant {
		fmt.Fprintf(&b, "index redundant: %s.%s: %s\n", n.Collection, n.Index, n.Reason)
	}
	for _, n := range r.Repetitions {
		fmt.Fprintf(&b, "repeated: %s\n", n)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Report returns what the queries of the database so far ask for.
func (db *DB) Report() Report {
	db.need("Report")
	s := newSurvey()
	s.add(db)
	return s.report()
}

// needs are the queries that were run, by collection and shape.
type needs map[[2]string]*need

// A need is what is known of the runs of one query, without its operands.
type need struct {
	wanted index.Spec
	why    string
	served bool
	runs   virga.QueryRuns
}

// add counts runs.
func (n *needs) add(runs []plan.Run) {
	for _, r := range runs {
		if len(r.Wanted.Fields) == 0 {
			continue
		}
		if *n == nil {
			*n = needs{}
		}
		key := [2]string{r.Collection, r.Shape}
		one := (*n)[key]
		if one == nil {
			one = &need{wanted: r.Wanted, why: r.Why, runs: virga.QueryRuns{Query: r.Shape}}
			(*n)[key] = one
		}
		one.served = r.Served
		one.runs.Runs++
		one.runs.Keys += r.Keys
		one.runs.Documents += r.Docs
		one.runs.Returned += r.Returned
	}
}

// merge adds the needs of another database.
func (n needs) merge(other needs) {
	for key, o := range other {
		one := n[key]
		if one == nil {
			copied := *o
			n[key] = &copied
			continue
		}
		one.served = one.served && o.served
		one.runs.Runs += o.runs.Runs
		one.runs.Keys += o.runs.Keys
		one.runs.Documents += o.runs.Documents
		one.runs.Returned += o.runs.Returned
	}
}

// list returns the indexes that serve the needs, as few as do.
func (n needs) list() []Need {
	keys := make([][2]string, 0, len(n))
	for key := range n {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b [2]string) int { // those that want most fields first
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(len(n[b].wanted.Fields), len(n[a].wanted.Fields)), cmp.Compare(a[1], b[1]))
	})
	var list []Need
	for _, key := range keys {
		one := n[key]
		i := slices.IndexFunc(list, func(have Need) bool {
			return have.Collection == key[0] && plan.StandsFor(index.Spec{Fields: have.Fields, Geo: have.Geo}, one.wanted)
		})
		if i < 0 {
			i = len(list)
			list = append(list, Need{Collection: key[0], Fields: one.wanted.Fields, Geo: one.wanted.Geo, Reason: one.why, Exists: one.served})
		}
		list[i].Queries = append(list[i].Queries, one.runs)
	}
	return list
}

// A survey gathers what several databases have to say. It belongs to one goroutine.
type survey struct {
	needs     needs
	repeated  map[Repetition]int // the most times in one database
	unused    map[virga.IndexNote]bool
	redundant map[virga.IndexNote]bool
	used      map[[2]string]bool // indexes, by collection and name
}

func newSurvey() *survey {
	return &survey{
		needs:     needs{},
		repeated:  map[Repetition]int{},
		unused:    map[virga.IndexNote]bool{},
		redundant: map[virga.IndexNote]bool{},
		used:      map[[2]string]bool{},
	}
}

// add takes in what db has to say. One that is closed has told its needs at least.
func (s *survey) add(db *DB) {
	for _, r := range db.recorder.repetitions() {
		times := r.Times
		r.Times = 0
		s.repeated[r] = max(s.repeated[r], times)
	}
	db.recorder.mu.Lock()
	s.needs.merge(db.recorder.needs)
	db.recorder.mu.Unlock()

	ctx := context.Background()
	advice, err := db.Advise(ctx)
	if err != nil {
		return
	}
	for _, n := range advice.Unused {
		s.unused[n] = true
	}
	for _, n := range advice.Redundant {
		s.redundant[n] = true
	}
	s.addUsed(ctx, db)
}

// addUsed notes the indexes of db that queries have used.
func (s *survey) addUsed(ctx context.Context, db *DB) {
	names, err := db.Collections(ctx)
	if err != nil {
		return
	}
	for _, name := range names {
		list, err := db.Collection(name).Indexes(ctx)
		if err != nil {
			return
		}
		for _, x := range list {
			if x.Uses > 0 {
				s.used[[2]string{name, x.Name}] = true
			}
		}
	}
}

// report says what was gathered.
func (s *survey) report() Report {
	r := Report{Indexes: s.needs.list(), Redundant: notes(s.redundant)}
	r.Unused = slices.DeleteFunc(notes(s.unused), func(n virga.IndexNote) bool { return s.used[[2]string{n.Collection, n.Index}] })
	for one, times := range s.repeated {
		one.Times = times
		r.Repetitions = append(r.Repetitions, one)
	}
	slices.SortFunc(r.Repetitions, compareRepetitions)
	return r
}

func notes(set map[virga.IndexNote]bool) []virga.IndexNote {
	var list []virga.IndexNote
	for n := range set {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b virga.IndexNote) int {
		return cmp.Or(cmp.Compare(a.Collection, b.Collection), cmp.Compare(a.Index, b.Index))
	})
	return list
}
