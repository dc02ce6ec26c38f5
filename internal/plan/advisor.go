package plan

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// An Advisor remembers what queries were run and which indexes they used. It is
// safe for concurrent use.
type Advisor struct {
	mu     sync.RWMutex // guards the maps, not what they lead to
	shapes map[uint64]*shape
	uses   map[uint32]*atomic.Int64 // by index
}

// NewAdvisor returns an advisor that has seen nothing.
func NewAdvisor() *Advisor {
	return &Advisor{shapes: map[uint64]*shape{}, uses: map[uint32]*atomic.Int64{}}
}

// maxShapes is the number of different queries that are remembered.
const maxShapes = 1000

// A shape is a query without its operands, and what running it has taken so far.
type shape struct {
	collection string
	text       string
	wanted     index.Spec // the index that would serve it best, unnamed
	why        string

	runs, nanos, keys, docs, returned atomic.Int64
}

// A Missing is an index that would help, with the queries that want it.
type Missing struct {
	Collection string
	Index      index.Spec // unnamed
	Why        string
	Gain       time.Duration // estimated: what the queries would have taken less so far
	Queries    []Ran
}

// A Ran is what is known of the runs of one query, without its operands.
type Ran struct {
	Text     string // `city = ?, total > ? order -total`
	Runs     int64
	Time     time.Duration // of all runs together, as are the following
	Keys     int64
	Docs     int64
	Returned int64
}

// Uses returns how often plans have used the index of that number.
func (a *Advisor) Uses(id uint32) int64 {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if n := a.uses[id]; n != nil {
		return n.Load()
	}
	return 0
}

// Used counts a use of an index.
func (a *Advisor) used(id uint32) {
	a.mu.RLock()
	n := a.uses[id]
	a.mu.RUnlock()
	if n == nil {
		a.mu.Lock()
		if n = a.uses[id]; n == nil {
			n = new(atomic.Int64)
			a.uses[id] = n
		}
		a.mu.Unlock()
	}
	n.Add(1)
}

// usedBy counts the uses of the indexes of a plan.
func (a *Advisor) usedBy(plan *access) {
	if plan.index != nil {
		a.used(plan.index.ID())
	}
	for _, k := range plan.kids {
		a.usedBy(k)
	}
}

// ran adds a run of the request of x.
func (a *Advisor) ran(x *exec, returned int64, took time.Duration) {
	s := a.shape(x.planner)
	if s == nil {
		return
	}
	s.runs.Add(1)
	s.nanos.Add(int64(took))
	s.keys.Add(x.keys)
	s.docs.Add(x.docs)
	s.returned.Add(returned)
}

// shape returns the shape of a request, nil when there are too many already.
func (a *Advisor) shape(p *planner) *shape {
	key := p.shapeHash()
	a.mu.RLock()
	s, n := a.shapes[key], len(a.shapes)
	a.mu.RUnlock()
	if s != nil || n >= maxShapes {
		return s
	}
	fresh := &shape{collection: p.coll.Name, text: p.shapeText()}
	fresh.wanted, fresh.why = p.wanted()
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.shapes[key]; s != nil {
		return s
	}
	a.shapes[key] = fresh
	return fresh
}

// Missing returns the indexes that the collections of the catalog lack, those that
// would save most first.
func (a *Advisor) Missing(catalog *txn.Catalog) []Missing {
	var list []Missing
	for _, s := range a.wanting(catalog) {
		gain, ran := s.gain()
		if i := slices.IndexFunc(list, func(m Missing) bool { return m.Collection == s.collection && StandsFor(m.Index, s.wanted) }); i >= 0 {
			list[i].Gain += gain
			list[i].Queries = append(list[i].Queries, ran)
			continue
		}
		list = append(list, Missing{Collection: s.collection, Index: s.wanted, Why: s.why, Gain: gain, Queries: []Ran{ran}})
	}
	slices.SortStableFunc(list, func(a, b Missing) int { return cmp.Compare(b.Gain, a.Gain) })
	return list
}

// wanting returns the shapes that an index would help much and that have none,
// those that want most fields first.
func (a *Advisor) wanting(catalog *txn.Catalog) []*shape {
	a.mu.RLock()
	defer a.mu.RUnlock()
	var list []*shape
	for _, s := range a.shapes {
		coll := catalog.Collection(s.collection)
		if coll == nil || len(s.wanted.Fields) == 0 || !s.wasteful() {
			continue
		}
		if !slices.ContainsFunc(coll.Indexes(), func(x *index.Index) bool { return StandsFor(x.Spec(), s.wanted) }) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *shape) int {
		return cmp.Or(cmp.Compare(len(b.wanted.Fields), len(a.wanted.Fields)), strings.Compare(a.collection, b.collection), strings.Compare(a.text, b.text))
	})
	return list
}

// wasteful reports whether runs look at many more documents than they return.
func (s *shape) wasteful() bool {
	runs, docs := s.runs.Load(), s.docs.Load()
	return docs >= 100*runs && docs >= 4*max(s.returned.Load(), runs)
}

// gain estimates what an index would have saved: the time that went into documents
// that were looked at in vain.
func (s *shape) gain() (time.Duration, Ran) {
	r := Ran{Text: s.text, Runs: s.runs.Load(), Time: time.Duration(s.nanos.Load()), Keys: s.keys.Load(), Docs: s.docs.Load(), Returned: s.returned.Load()}
	vain := 1 - float64(r.Returned)*fetchCost/scanCost/float64(max(r.Docs, 1))
	return time.Duration(float64(r.Time) * max(vain, 0)), r
}

// shapeHash returns a number that requests share which differ in operands only.
func (p *planner) shapeHash() uint64 {
	h := hash(14695981039346656037).add(uint64(p.coll.ID))
	for _, t := range p.conjuncts {
		h = h.term(t)
	}
	h = h.add(uint64(p.purpose))
	for _, f := range p.by {
		h = h.text(f.Path.String())
		if f.Desc {
			h = h.add(1)
		}
	}
	return uint64(h)
}

// A hash is the 64-bit FNV-1a hash of what was added to it.
type hash uint64

func (h hash) add(n uint64) hash { return (h ^ hash(n)) * 1099511628211 }

func (h hash) text(s string) hash {
	for i := range len(s) {
		h = (h ^ hash(s[i])) * 1099511628211
	}
	return h.add(uint64(len(s)))
}

func (h hash) term(t query.Term) hash {
	h = h.add(uint64(t.Kind()))
	n := t.Len()
	if n == 0 || t.Kind() == query.TermElem {
		h = h.text(t.Path())
	}
	for i := range min(n, maxAlternatives) {
		h = h.term(t.At(i))
	}
	return h.add(uint64(n))
}

// shapeText prints a request without its operands.
func (p *planner) shapeText() string { return p.text(false) }

// text prints a request, with its operands or a question mark for each.
func (p *planner) text(operands bool) string {
	show := func(document.Value) string { return "?" }
	if operands {
		show = short
	}
	var parts []string
	for _, t := range p.conjuncts {
		parts = append(parts, termText(t, show))
	}
	text := strings.Join(parts, ", ")
	if text == "" {
		text = "all"
	}
	for i, f := range p.by {
		if i == 0 {
			text += " order "
		} else {
			text += ", "
		}
		if f.Near != nil {
			text += "distance of " + f.Near.Path()
		} else {
			text += fieldText(f)
		}
	}
	return text
}

// fewMembers is how many members of a list are shown.
const fewMembers = 3

// membersText prints the operand of an In, the least of its values only when they are
// many.
func membersText(t query.Term, show func(document.Value) string) string {
	var texts []string
	for v := range t.Each {
		if len(texts) == fewMembers {
			break
		}
		texts = append(texts, show(v))
	}
	all, patterns := t.Members()
	if all > len(texts) || patterns > 0 {
		texts = append(texts, "…")
	}
	if len(texts) == 0 || texts[0] == "?" {
		return "?"
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

func termText(t query.Term, show func(document.Value) string) string {
	between := ", "
	switch t.Kind() {
	case query.TermAlways:
		return "all"
	case query.TermNever:
		return "none"
	case query.TermEq:
		return t.Path() + " = " + show(t.Value())
	case query.TermGt:
		return t.Path() + " > " + show(t.Value())
	case query.TermGte:
		return t.Path() + " >= " + show(t.Value())
	case query.TermLt:
		return t.Path() + " < " + show(t.Value())
	case query.TermLte:
		return t.Path() + " <= " + show(t.Value())
	case query.TermIn:
		return t.Path() + " in " + membersText(t, show)
	case query.TermExists:
		return t.Path() + " exists"
	case query.TermRegex:
		return t.Path() + " matches ?"
	case query.TermElem:
		return t.Path() + " has an element (" + termText(t.At(0), show) + ")"
	case query.TermNot:
		return "not (" + termText(t.At(0), show) + ")"
	case query.TermOr:
		between = " or "
	case query.TermPresent:
		return t.Path() + " meets ?"
	case query.TermWithin:
		return t.Path() + " within ?"
	case query.TermCells:
		return t.Path() + " in cells ?"
	case query.TermIntersects:
		return t.Path() + " intersects ?"
	case query.TermNear:
		return t.Path() + " near ?"
	case query.TermExpr:
		return "expression"
	}
	var parts []string
	for i := range min(t.Len(), 5) {
		parts = append(parts, termText(t.At(i), show))
	}
	return "(" + strings.Join(parts, between) + ")"
}
