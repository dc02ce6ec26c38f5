package query

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/trial"
)

// update makes an update in MongoDB's form whose paths do not conflict.
func (m lawMaker) update() document.D {
	var taken []string
	u := document.D{}
	for range 1 + m.IntN(3) {
		op := m.one("$set", "$set", "$unset", "$unset", "$inc", "$mul", "$min", "$max", "$bit", "$push", "$push",
			"$pop", "$pull", "$pullAll", "$addToSet", "$rename").(string)
		path, ok := m.freePath(&taken, op != "$rename")
		if !ok || slices.ContainsFunc(u, func(e document.E) bool { return e.Key == op }) {
			continue
		}
		operand := m.operand(op)
		if op == "$rename" {
			if operand, ok = m.freePath(&taken, false); !ok {
				continue
			}
		}
		u = append(u, document.E{Key: op, Value: document.D{{Key: path, Value: operand}}})
	}
	return u
}

// freePath makes a path that conflicts with none of taken.
func (m lawMaker) freePath(taken *[]string, arrays bool) (path string, ok bool) {
	path = m.path()
	if arrays && m.IntN(4) == 0 && !slices.ContainsFunc(*taken, func(p string) bool { return p[0] == path[0] }) {
		names := strings.Split(path, ".")
		names = slices.Insert(names, 1+m.IntN(len(names)), "$[]")
		path = strings.Join(names, ".")
	}
	for _, p := range *taken {
		if strings.Contains(p, "$") && p[0] == path[0] || strings.HasPrefix(p+".", path+".") || strings.HasPrefix(path+".", p+".") {
			return "", false
		}
	}
	*taken = append(*taken, path)
	return path, true
}

func (m lawMaker) operand(op string) any {
	number := func() any {
		return m.one(int64(1), int64(-3), int64(0), int64(1<<62), int64(-1<<63), 0.5, 2.0, 1e300)
	}
	switch op {
	case "$inc", "$mul":
		return number()
	case "$bit":
		return document.D{{Key: m.one("and", "or", "xor").(string), Value: m.one(int64(5), int64(-2))}, {Key: "or", Value: int64(1)}}
	case "$push":
		return m.push()
	case "$pop":
		return m.one(int64(1), int64(-1))
	case "$pullAll":
		return m.list(func() any { return m.value(1) })
	case "$addToSet":
		if m.IntN(2) == 0 {
			return document.D{{Key: "$each", Value: m.list(func() any { return m.value(1) })}}
		}
	case "$pull":
		if m.IntN(2) == 0 {
			return m.one(document.D{{Key: "$gt", Value: int64(0)}}, document.D{{Key: "$in", Value: m.list(m.scalar)}}, m.object(1),
				document.D{{Key: "a", Value: document.D{{Key: "$gte", Value: m.one(int64(1), "a", nil, true)}}}}, document.D{{Key: "$ne", Value: int64(1)}})
		}
		for {
			if v := m.value(1); naiveRank(v) < 9 { // a regular expression is a condition
				return v
			}
		}
	}
	return m.value(2)
}

func (m lawMaker) push() any {
	if m.IntN(3) == 0 {
		return m.value(1)
	}
	d := document.D{{Key: "$each", Value: m.list(func() any { return m.value(1) })}}
	if m.IntN(3) == 0 {
		d = append(d, document.E{Key: "$position", Value: int64(m.IntN(9) - 4)})
	}
	if m.IntN(3) == 0 {
		d = append(d, document.E{Key: "$sort", Value: m.one(int64(1), int64(-1), document.D{{Key: "a", Value: int64(1)}}, document.D{{Key: "b", Value: int64(-1)}})})
	}
	if m.IntN(3) == 0 {
		d = append(d, document.E{Key: "$slice", Value: int64(m.IntN(9) - 4)})
	}
	return d
}

// Law: an update on bytes gives what the naive one gives on values, in canonical
// form, leaves the order of fields alone, and says truly whether anything changed.
func TestUpdateAgreesWithNaiveUpdate(t *testing.T) {
	cases, random := trial.Cases(t, 4000)
	m := lawMaker{random}
	tried, changes, refused := 0, 0, 0
	for range cases {
		update := m.update()
		if len(update) == 0 {
			continue
		}
		u, err := CompileUpdate(Raw(update), testNow)
		if err != nil {
			t.Fatalf("compile %v: %v", update, err)
		}
		for range 6 {
			doc := mustEncode(t, m.object(3))
			want, wantErr := naiveUpdate(decode(doc.Value()).(document.D), update)
			out, changed, err := u.Apply(doc, nil)
			tried++
			if (err != nil) != (wantErr != nil) {
				t.Fatalf("update %v\ndocument %v\nerror %v, want %v", update, doc, err, wantErr)
			}
			if err != nil {
				refused++
				continue
			}
			if changed {
				changes++
			}
			checkOutcome(t, doc, out, changed)
			if got := decode(out.Value()); !naiveSame(got, want) {
				t.Fatalf("update %v\ndocument %v\ngot  %v\nwant %v", update, doc, got, want)
			}
		}
	}
	t.Logf("%d updates, %d changed their document, %d were refused", tried, changes, refused)
	if tried > 1000 && (changes < tried/10 || refused < tried/50) {
		t.Error("the law was hardly tried")
	}
}

// checkOutcome checks what holds for the outcome of any update.
func checkOutcome(t *testing.T, before, after document.Doc, changed bool) {
	t.Helper()
	if err := document.Validate(after.Raw()); err != nil {
		t.Fatalf("%v became %v: %v", before, after, err)
	}
	if changed == (string(before.Raw()) == string(after.Raw())) {
		t.Fatalf("%v became %v, changed %v", before, after, changed)
	}
	var kept, stayed []string
	for f := before.Value().Fields(); f.Next(); {
		if after.Value().Field(string(f.Key())).Exists() {
			kept = append(kept, string(f.Key()))
		}
	}
	for f := after.Value().Fields(); f.Next() && len(stayed) < len(kept); {
		stayed = append(stayed, string(f.Key()))
	}
	if !slices.Equal(kept, stayed) {
		t.Fatalf("%v became %v: the order of the fields changed", before, after)
	}
}

// Law: whatever stands in data, compiling and applying it does not panic, and the
// outcome is canonical.
func FuzzUpdateJSON(f *testing.F) {
	for _, seed := range []string{
		`{"$set":{"a.b":1,"l.$[].x":{"y":[]}},"$unset":{"b":1}}`, `{"$rename":{"a":"b.c"},"$inc":{"n":1.5}}`,
		`{"$push":{"l":{"$each":[1],"$position":-1,"$sort":{"x":1},"$slice":-2}}}`, `{"$pull":{"l":{"$gt":1}},"$pop":{"m":-1}}`,
		`{"$addToSet":{"l":{"$each":[1,2]}},"$bit":{"n":{"xor":3}},"$min":{"x":{"$date":"2024-01-01T00:00:00Z"}}}`,
		`{"$set":{"l.$":1}}`, `{"a":{"b":{}},"c.5":1}`, `{"$pullAll":{"l":[1]},"$mul":{"n":9223372036854775807}}`, `[]`, `{"$set":{"a.1500001":1}}`,
	} {
		f.Add(seed, `{"_id":1,"a":{"b":2},"l":[1,{"x":2},[3]],"m":[1],"n":5}`)
	}
	filter, err := CompileFilter(document.M{"l": 1}, testNow)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, update, doc string) {
		data, err := document.ParseJSON([]byte(update))
		if err != nil {
			return
		}
		v, err := document.ParseJSON([]byte(doc))
		if err != nil {
			return
		}
		d, err := document.Encode(v, testNow)
		if err != nil {
			return
		}
		for _, door := range []any{data, Raw(data)} {
			u, err := CompileUpdate(door, testNow)
			if err != nil {
				continue
			}
			for _, p := range u.Paths() {
				if !u.Touches(p) {
					t.Errorf("an update of %s does not touch it", p)
				}
			}
			if out, changed, err := u.Apply(d, filter); err == nil {
				checkOutcome(t, d, out, changed)
			}
		}
	})
}

func BenchmarkUpdate(b *testing.B) {
	doc := product(b, 1, lawMakerFor(1).Rand)
	for _, bench := range []struct {
		name string
		data any
	}{
		{"set", document.M{"qty": 1234567}},
		{"inc", document.M{"qty": Inc(1)}},
		{"nested", document.M{"spec": document.M{"size": 77}}},
		{"new", document.M{"fresh": true}},
		{"push", document.M{"tags": Push("x")}},
		{"three", document.M{"qty": Inc(1), "price": 5.5, "spec.size": 99}},
		{"same", document.M{"spec.colour": "green"}},
	} {
		u, err := CompileUpdate(bench.data, testNow)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := u.Apply(doc, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("compile", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := CompileUpdate(document.M{"qty": Inc(1), "spec": document.M{"size": 9}}, testNow); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestUpdateAllocatesLittle(t *testing.T) {
	doc := product(t, 1, lawMakerFor(1).Rand)
	u, err := CompileUpdate(document.M{"qty": 1234567}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { u.Apply(doc, nil) }); n > 2 {
		t.Errorf("setting a field allocates %v times, want at most 2", n)
	}
}

// lawMakerFor returns a maker that makes the same each time.
func lawMakerFor(seed uint64) lawMaker { return lawMaker{rand.New(rand.NewPCG(seed, seed))} }
