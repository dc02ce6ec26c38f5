package index_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
)

// A maker makes random documents and specs of few names, so that they meet.
type maker struct{ *rand.Rand }

func pick[T any](m maker, from ...T) T { return from[m.IntN(len(from))] }

func (m maker) name() string { return pick(m, "a", "b", "c", "0", "1") }

func (m maker) scalar() any {
	if m.IntN(12) == 0 {
		return strings.Repeat("long", 200+m.IntN(200)) + pick(m, "", "x", "\x00")
	}
	return pick[any](m, nil, true, 0, 1, 2, -7, int64(1)<<53+1, math.MinInt64, 1.0, 2.5, math.NaN(), math.Inf(-1), math.Copysign(0, -1),
		"", "a", "b\x00", []byte{0, 0xFF}, time.UnixMilli(86_400_000), document.Regex{Pattern: "a"})
}

func (m maker) value(depth int) any {
	switch n := m.IntN(9); {
	case depth > 0 && n < 3:
		return m.object(depth - 1)
	case depth > 0 && n < 5:
		list := make([]any, m.IntN(4))
		for i := range list {
			list[i] = m.value(depth - 1)
		}
		return list
	}
	return m.scalar()
}

func (m maker) object(depth int) document.D {
	d := document.D{}
	for _, i := range m.Perm(5)[:m.IntN(5)] {
		d = append(d, document.E{Key: []string{"a", "b", "c", "0", "1"}[i], Value: m.value(depth)})
	}
	return d
}

// flat returns a document without arrays and objects.
func (m maker) flat() document.D { return m.document(0) }

func (m maker) document(depth int) document.D {
	id := pick[any](m, 1, 2.5, "one", math.Copysign(0, -1), document.D{{Key: "a", Value: 1}}, true)
	return append(document.D{{Key: "_id", Value: id}}, m.object(depth)...)
}

func (m maker) path(depth int) string {
	names := make([]string, 1+m.IntN(depth))
	for i := range names {
		names[i] = m.name()
	}
	return strings.Join(names, ".")
}

// spec returns a valid spec whose paths have at most depth segments.
func (m maker) spec(depth int) index.Spec {
	s := index.Spec{Unique: m.IntN(3) == 0, Sparse: m.IntN(3) == 0}
	seen := map[string]bool{}
	for range 1 + m.IntN(3) {
		if p := m.path(depth); !seen[p] {
			seen[p] = true
			s.Fields = append(s.Fields, index.Field{Path: p, Desc: m.IntN(2) == 0})
		}
	}
	return s
}
