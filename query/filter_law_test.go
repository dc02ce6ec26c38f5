package query

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/trial"
)

// A lawMaker makes random documents and filters from so few names and values that
// they often meet.
type lawMaker struct{ *rand.Rand }

func (m lawMaker) one(of ...any) any { return of[m.IntN(len(of))] }

func (m lawMaker) scalar() any {
	return m.one(nil, nil, true, false, int64(0), int64(1), int64(2), int64(-7), 1.0, 0.5, 2.5, math.NaN(), math.Inf(1),
		int64(1<<53), int64(1<<53+1), float64(1<<53), int64(math.MinInt64), "", "a", "ab", "b", "B", "a\nb\n", "ж",
		[]byte{}, []byte{5, 1}, time.UnixMilli(0).UTC(), time.UnixMilli(86400000).UTC(), document.Regex{Pattern: "a"})
}

// geometry returns a point on a small grid, or what nearly is one.
func (m lawMaker) geometry() document.D {
	at := []any{m.one(int64(0), int64(1), 2.0, int64(3)), m.one(int64(0), int64(1), 2.0, int64(500), "1")}
	if m.IntN(10) == 0 {
		at = at[:1]
	}
	return document.D{{Key: "type", Value: m.one("Point", "Point", "Point", "point", int64(1))}, {Key: "coordinates", Value: at}}
}

func (m lawMaker) name() string { return m.one("a", "b", "c", "0", "1").(string) }

func (m lawMaker) value(depth int) any {
	switch n := m.IntN(11); {
	case n == 10:
		return m.geometry()
	case n < 2 && depth > 0:
		return m.object(depth - 1)
	case n < 5 && depth > 0:
		list := []any{}
		for range m.IntN(4) {
			list = append(list, m.value(depth-1))
		}
		return list
	}
	return m.scalar()
}

func (m lawMaker) object(depth int) document.D {
	d := document.D{}
	for _, i := range m.Perm(5)[:m.IntN(4)] {
		d = append(d, document.E{Key: []string{"a", "b", "c", "0", "1"}[i], Value: m.value(depth)})
	}
	return d
}

func (m lawMaker) path() string {
	segments := []string{m.name()}
	for m.IntN(2) == 0 && len(segments) < 4 {
		segments = append(segments, m.name())
	}
	return strings.Join(segments, ".")
}

// filter makes a filter in MongoDB's form.
func (m lawMaker) filter(depth int) document.D {
	d := document.D{}
	for range 1 + m.IntN(2) {
		if depth > 0 && m.IntN(5) == 0 {
			list := []any{}
			for range 1 + m.IntN(3) {
				list = append(list, m.filter(depth-1))
			}
			d = append(d, document.E{Key: m.one("$and", "$or", "$nor").(string), Value: list})
			continue
		}
		d = append(d, document.E{Key: m.path(), Value: m.condition(depth)})
	}
	return d
}

func (m lawMaker) condition(depth int) any {
	if m.IntN(4) == 0 {
		return m.value(2)
	}
	d := document.D{}
	for range 1 + m.IntN(2) {
		d = append(d, m.operator(depth))
	}
	return d
}

func (m lawMaker) list(member func() any) []any {
	list := []any{}
	for range m.one(0, 1, 2, 3, 12).(int) {
		list = append(list, member())
	}
	return list
}

func (m lawMaker) operator(depth int) document.E {
	value := func() any { return m.value(2) }
	plain := func() any {
		for {
			if v := m.value(2); naiveRank(v) != 9 {
				return v
			}
		}
	}
	switch m.IntN(14) {
	case 11:
		return document.E{Key: m.one("$geoWithin", "$geoIntersects").(string), Value: document.D{{Key: "$geometry", Value: naiveBox}}}
	case 12:
		return document.E{Key: "$geoWithin", Value: document.D{{Key: "$centerSphere", Value: []any{[]any{int64(1), int64(1)}, m.one(0.001, 0.02, 0.03)}}}}
	case 0:
		return document.E{Key: "$eq", Value: value()}
	case 1:
		return document.E{Key: "$ne", Value: plain()}
	case 2, 3:
		return document.E{Key: m.one("$gt", "$gte", "$lt", "$lte").(string), Value: plain()}
	case 4:
		return document.E{Key: m.one("$in", "$nin").(string), Value: m.list(value)}
	case 5:
		return document.E{Key: "$exists", Value: m.one(true, false, int64(0), int64(1), nil)}
	case 6:
		return document.E{Key: "$type", Value: m.one("string", "number", "int", "array", int64(1), int64(10), []any{"object", "long"})}
	case 7:
		return document.E{Key: "$mod", Value: []any{m.one(int64(2), int64(-1), 3.9, int64(7)), m.one(int64(0), int64(1), -1.5)}}
	case 8:
		return document.E{Key: "$regex", Value: m.one("a", "^a", "B$", "^b$", "", document.Regex{Pattern: "^B", Options: "im"})}
	case 9:
		return document.E{Key: "$size", Value: m.one(int64(0), int64(1), 2.0)}
	case 10:
		op := m.one("$bitsAllSet", "$bitsAnySet", "$bitsAllClear", "$bitsAnyClear").(string)
		return document.E{Key: op, Value: m.one(int64(5), int64(0), []byte{5}, []any{int64(0), int64(70)}, []any{})}
	}
	if depth == 0 {
		return document.E{Key: "$all", Value: m.list(value)}
	}
	switch m.IntN(3) {
	case 0:
		return document.E{Key: "$not", Value: document.D{m.operator(depth - 1)}}
	case 1:
		return document.E{Key: "$elemMatch", Value: document.D{m.operator(depth - 1)}}
	}
	elem := document.E{Key: "$elemMatch", Value: m.filter(depth - 1)}
	if m.IntN(2) == 0 {
		return document.E{Key: "$all", Value: []any{document.D{elem}}}
	}
	return elem
}

func mustEncode(t testing.TB, v any) document.Doc {
	t.Helper()
	d, err := document.Encode(v, time.Unix(0, 0))
	if err != nil {
		t.Fatalf("encode %v: %v", v, err)
	}
	return d
}

// Law: what the matcher finds on bytes is what the naive one finds on values.
func TestMatchAgreesWithNaiveMatcher(t *testing.T) {
	cases, random := trial.Cases(t, 2000)
	m := lawMaker{random}
	tried, met := 0, 0
	for range cases {
		filter := m.filter(2)
		f, err := CompileFilter(Raw(filter), time.Now())
		if err != nil {
			t.Fatalf("compile %v: %v", filter, err)
		}
		for range 12 {
			d := m.object(3)
			got, err := f.Match(mustEncode(t, d))
			if err != nil {
				t.Fatalf("match %v on %v: %v", filter, d, err)
			}
			if want := naiveMatch(filter, d); got != want {
				t.Fatalf("filter %v\ndocument %v\nmatch %v, want %v", filter, d, got, want)
			}
			tried++
			if got {
				met++
			}
		}
	}
	t.Logf("%d documents, %d met", tried, met)
	if tried > 1000 && (met < tried/20 || met > tried*19/20) {
		t.Errorf("%d of %d documents met their filters: the law was hardly tried", met, tried)
	}
}

// Law: a plain filter means what the dotted one means that it flattens to.
func TestPlainFilterIsItsDottedForm(t *testing.T) {
	cases, random := trial.Cases(t, 2000)
	m := lawMaker{random}
	for range cases {
		plain := m.object(3)
		f, err := CompileFilter(plain, time.Now())
		if err != nil {
			t.Fatalf("compile %v: %v", plain, err)
		}
		dotted := []any{document.D{}}
		flatten("", plain, func(path string, v any) {
			if d, ok := v.(document.D); ok {
				v = document.D{{Key: "$eq", Value: d}}
			}
			dotted = append(dotted, document.D{{Key: path, Value: v}})
		})
		for range 12 {
			d := m.object(3)
			got, err := f.Match(mustEncode(t, d))
			if err != nil {
				t.Fatal(err)
			}
			if want := naiveTop("$and", dotted, d); got != want {
				t.Fatalf("filter %v\ndotted %v\ndocument %v\nmatch %v, want %v", plain, dotted, d, got, want)
			}
		}
	}
}

func flatten(under string, d document.D, yield func(path string, v any)) {
	for _, e := range d {
		path := strings.TrimPrefix(under+"."+e.Key, ".")
		if inner, ok := e.Value.(document.D); ok && len(inner) > 0 {
			flatten(path, inner, yield)
			continue
		}
		yield(path, e.Value)
	}
}

// Law: no prefix of a document passes for a document, and no change of a byte
// makes the matcher panic.
func TestMatchOnMalformedBytes(t *testing.T) {
	cases, random := trial.Cases(t, 150)
	m := lawMaker{random}
	for range cases {
		filter := m.filter(2)
		f, err := CompileFilter(Raw(filter), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if f.root.op == opAlways {
			continue
		}
		raw := mustEncode(t, m.object(3)).Raw()
		for n := range raw {
			if _, err := f.Match(document.FromRaw(raw[:n:n])); !errors.Is(err, fault.ErrCorrupt) {
				t.Fatalf("filter %v on the first %d bytes of %x: %v, want ErrCorrupt", filter, n, raw, err)
			}
			changed := append([]byte(nil), raw...)
			changed[n] = byte(m.Uint32())
			if _, err := f.Match(document.FromRaw(changed)); err != nil && !errors.Is(err, fault.ErrCorrupt) {
				t.Fatalf("filter %v on %x: %v", filter, changed, err)
			}
			f.Position(document.FromRaw(changed), "a")
		}
	}
}

func FuzzFilterJSON(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"a":1}`, `{"a":[1,2]}`},
		{`{"a.b":{"$gt":1,"$lt":{"$date":"2024-01-01T00:00:00Z"}}}`, `{"a":[{"b":2}]}`},
		{`{"$or":[{"a":{"$in":[null,"x",1.5]}},{"b":{"$not":{"$regex":"^x","$options":"i"}}}]}`, `{"b":"X"}`},
		{`{"a":{"$elemMatch":{"b":1,"c":{"$exists":true}}}}`, `{"a":[{"b":1,"c":null}]}`},
		{`{"a":{"$all":[{"$elemMatch":{"$gte":1}}],"$size":2}}`, `{"a":[1,2]}`},
		{`{"a.0.b":{"$mod":[4,0]},"a":{"$type":["array",16]}}`, `{"a":[[{"b":8}]]}`},
		{`{"a":{"$bitsAllSet":[0,2]}}`, `{"a":5}`},
		{`{"a":{"$near":{"$geometry":{"type":"Point","coordinates":[1,2]},"$maxDistance":5}}}`, `{"a":{"type":"Point","coordinates":[1,2]}}`},
		{`{"a":{"$geoWithin":{"$geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}}}`, `{"a":{"type":"LineString","coordinates":[[0,0],[1,1]]}}`},
		{`{"a":{"$geoIntersects":{"$geometry":{"type":"Point","coordinates":[1,2]}},"$geoWithin":{"$centerSphere":[[1,2],1]}}}`, `{"a":[]}`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, filterText, docText string) {
		filter, err := document.ParseJSON([]byte(filterText))
		if err != nil {
			return
		}
		_, _ = CompileFilter(filter, time.Unix(0, 0)) // by the other door: no panic
		compiled, err := CompileFilter(Raw(filter), time.Unix(0, 0))
		if err != nil {
			return
		}
		value, err := document.ParseJSON([]byte(docText))
		if err != nil {
			return
		}
		d, err := document.Encode(value, time.Unix(0, 0))
		if err != nil {
			return
		}
		got, err := compiled.Match(d)
		if err != nil {
			if !errors.Is(err, fault.ErrTimeout) {
				t.Fatalf("%s on %s: %v", filter, d, err)
			}
			return
		}
		if strings.Contains(filterText, "egex") || strings.Contains(filterText, "egular") {
			return // the naive matcher knows one engine only
		}
		if strings.Contains(filterText, "eo") || strings.Contains(filterText, "ear") || strings.Contains(filterText, "\\") {
			return // and two areas
		}
		if want := naiveMatch(decode(filter).(document.D), decode(d.Value())); got != want {
			t.Fatalf("filter %s\ndocument %s\nmatch %v, want %v", filter, d, got, want)
		}
	})
}
