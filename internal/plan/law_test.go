package plan

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A maker makes random values, documents and filters out of few, so that they meet.
type maker struct{ *rand.Rand }

func one[T any](m maker, list ...T) T { return list[m.IntN(len(list))] }

func (m maker) scalar() any {
	switch m.IntN(12) {
	case 0:
		return nil
	case 1:
		return one(m, true, false)
	case 2, 3:
		return one(m, "", "a", "ab", "abc", "b", "a\x00", long, long+"m", long+"n", long+"o")
	case 4:
		return one(m, math.NaN(), math.Inf(1), math.Inf(-1), 0.5, math.Copysign(0, -1), 1<<53)
	case 5:
		return one[int64](m, 1<<53+1, math.MaxInt64, math.MinInt64)
	case 6:
		return time.UnixMilli(int64(m.IntN(3))).UTC()
	case 7:
		return document.Regex{Pattern: "a"}
	}
	return int64(m.IntN(5))
}

var long = strings.Repeat("l", 1100)

func (m maker) value(depth int) any {
	switch n := m.IntN(8); {
	case depth > 0 && n <= 1:
		list := make([]any, m.IntN(4))
		for i := range list {
			list[i] = m.value(depth - 1)
		}
		return list
	case depth > 0 && n <= 3:
		return m.object(depth-1, "b", "c", "0")
	}
	return m.scalar()
}

func (m maker) object(depth int, names ...string) document.D {
	d := document.D{}
	for _, name := range names {
		if m.IntN(3) > 0 {
			d = append(d, document.E{Key: name, Value: m.value(depth)})
		}
	}
	return d
}

func (m maker) path() string {
	return one(m, "a", "a", "d", "a.b", "a.c", "a.0", "a.0.b", "a.b.c", "d.b", "e", "a.1", "a.b.0", "a.b.b")
}

func (m maker) filter(depth int) document.D {
	d := document.D{}
	if m.IntN(2) == 0 {
		return document.D{{m.path(), m.condition(0)}}
	}
	for range 1 + m.IntN(3) {
		if depth > 0 && m.IntN(4) == 0 {
			list := []any{m.filter(depth - 1), m.filter(depth - 1)}
			d = append(d, document.E{Key: one(m, "$and", "$or", "$or", "$nor"), Value: list})
			continue
		}
		d = append(d, document.E{Key: m.path(), Value: m.condition(depth)})
	}
	return document.D{{"$and", []any{d}}}
}

func (m maker) condition(depth int) any {
	d := document.D{}
	for range 1 + m.IntN(2) {
		e := m.test(depth)
		d = append(d, e)
	}
	if m.IntN(6) == 0 {
		return document.D{{"$not", d[:1]}}
	}
	return d
}

func (m maker) test(depth int) document.E {
	switch m.IntN(12) {
	case 0:
		return document.E{Key: "$in", Value: []any{m.value(1), m.value(1), document.Regex{Pattern: "^ab"}}[m.IntN(2):]}
	case 1:
		return document.E{Key: "$exists", Value: m.IntN(2) == 0}
	case 2:
		return document.E{Key: "$regex", Value: one(m, "^a", "^ab", "b", "^l{3}", "^(a|b)")}
	case 3:
		return document.E{Key: "$ne", Value: m.scalarOperand()}
	case 4:
		return document.E{Key: "$size", Value: int64(m.IntN(3))}
	case 5:
		return document.E{Key: "$type", Value: one(m, "number", "string", "null", "array")}
	case 6, 7:
		if depth == 0 {
			break
		}
		if m.IntN(2) == 0 {
			return document.E{Key: "$elemMatch", Value: document.D{m.test(0), m.test(0)}}
		}
		return document.E{Key: "$elemMatch", Value: document.D{{"b", m.condition(0)}, {one(m, "c", "0", "b.c", "b.b"), m.condition(depth - 1)}}}
	case 8:
		return document.E{Key: "$eq", Value: m.value(2)}
	}
	return document.E{Key: one(m, "$gt", "$gte", "$lt", "$lte", "$eq"), Value: m.scalarOperand()}
}

// scalarOperand returns a value that every comparison takes.
func (m maker) scalarOperand() any {
	for {
		if v := m.value(1); fmt.Sprintf("%T", v) != "document.Regex" {
			return v
		}
	}
}

// A document that matches has an entry that lies in the spans and meets the checks.
// Where the plan says that it is exact, no other document has one.
func TestSpansHoldMatches(t *testing.T) {
	seed := rand.Uint64()
	m := maker{rand.New(rand.NewPCG(seed, 1))}
	cases := 4000 * trial.Effort()
	matched, exact, sparse := 0, 0, 0
	for range cases {
		text := m.filter(2)
		filter, err := query.CompileFilter(query.Raw(text), time.Time{})
		if err != nil {
			continue
		}
		docs := m.documents(12)
		x := m.index(t, docs)
		p := &planner{conjuncts: conjuncts(filter)}
		p.bound.arena = &p.arena
		a := p.indexAccess(x)
		if a == nil {
			sparse++
			continue
		}
		for _, doc := range docs {
			entries, _, err := x.Entries(doc, keys.Append(nil, doc.Value().Field("_id"), false))
			if err != nil {
				continue // the index refuses the document
			}
			want, err := filter.Match(doc)
			if err != nil {
				t.Fatal(err)
			}
			got := a.holdsOneOf(t, entries)
			if want && !got || a.exact && got != want {
				t.Fatalf("seed %d: %s\nfilter %s\nindex (%s) traits %+v\nplan %s, exact %v: found %v, matches %v",
					seed, doc, mustText(text), x.Spec().Keys(), x.Traits(), indexStage(a), a.exact, got, want)
			}
			if want {
				matched++
			}
			if a.exact {
				exact++
			}
		}
	}
	t.Logf("seed %d, %d filters, %d matches, %d documents decided by an exact plan, %d plans refused for a sparse index", seed, cases, matched, exact, sparse)
	if matched == 0 || exact == 0 || sparse == 0 {
		t.Error("the cases miss something")
	}
}

func (m maker) documents(n int) []document.Doc {
	docs := make([]document.Doc, n)
	deep := m.IntN(3)
	for i := range docs {
		d := append(document.D{{"_id", int64(i)}}, m.object(deep, "a", "d", "e")...)
		docs[i], _ = document.Encode(d, time.Time{})
	}
	return docs
}

// index returns an index of one to three fields with the traits that docs give it.
func (m maker) index(t *testing.T, docs []document.Doc) *index.Index {
	var fields []string
	for range 1 + m.IntN(3) {
		path := m.path()
		if !strings.Contains(" "+strings.Join(fields, " ")+" ", path+" ") {
			fields = append(fields, one(m, "", "-")+path)
		}
	}
	for i, f := range fields {
		for _, g := range fields[:i] {
			if strings.TrimPrefix(f, "-") == strings.TrimPrefix(g, "-") {
				fields = fields[:i]
				break
			}
		}
		if len(fields) <= i {
			break
		}
	}
	x, err := index.Compile(1, index.Spec{Fields: index.By(fields...), Sparse: m.IntN(4) == 0}.Named(), index.Traits{})
	if err != nil {
		t.Fatal(err)
	}
	traits := index.Traits{}
	for _, doc := range docs {
		if _, more, err := x.Entries(doc, []byte{1}); err == nil {
			traits = traits.Union(more)
		}
	}
	return x.WithTraits(traits)
}

// holdsOneOf reports whether a walk would find one of the entries.
func (a *access) holdsOneOf(t *testing.T, entries []index.Entry) bool {
	w := &walk{index: a.index, bounds: a.bounds, checks: a.checks}
	for i := 1; i < len(a.spans); i++ {
		if bytes.Compare(a.spans[i-1].Lo, a.spans[i].Lo) >= 0 || bytes.Compare(a.spans[i-1].Hi, a.spans[i].Lo) > 0 {
			t.Fatalf("spans %x and %x are not in order and disjoint", a.spans[i-1], a.spans[i])
		}
	}
	for _, e := range entries {
		for _, s := range a.spans {
			if bytes.Compare(s.Lo, e.Key) > 0 || s.Hi != nil && bytes.Compare(e.Key, s.Hi) >= 0 {
				continue
			}
			parts, err := a.index.Split(e.Key, e.Value)
			if err != nil {
				t.Fatal(err)
			}
			if ok, err := w.check(parts.Fields); err != nil {
				t.Fatal(err)
			} else if ok {
				return true
			}
		}
	}
	return false
}

func mustText(v any) string {
	value, _ := document.Of(v)
	return value.String()
}
