package query

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/trial"
)

// TestProjection holds what is returned of a document, or "!path: text" for the
// path and a part of the error.
func TestProjection(t *testing.T) {
	const doc = `{"_id":1,"a":1,"o":{"x":1,"y":{"z":2}},"l":[1,2,3,4,5],"r":[{"k":1,"v":"p"},{"k":2,"v":"q"},7,[{"k":3,"v":"r"}]]}`
	tests := []struct {
		spec any
		want string
	}{
		{nil, doc},
		{m{}, doc},
		{m{"a": 1}, `{"_id":1,"a":1}`},
		{m{"a": true, "_id": false}, `{"a":1}`},
		{m{"_id": 1}, `{"_id":1}`},
		{m{"_id": 0}, doc[:1] + doc[len(`{"_id":1,`):]},
		{m{"a": 0.5}, `{"_id":1,"a":1}`},
		{m{"a": false, "r": -1, "l": 0}, `{"_id":1,"o":{"x":1,"y":{"z":2}}}`},
		{m{"_id": 1, "a": 0, "r": 0, "l": 0}, `{"_id":1,"o":{"x":1,"y":{"z":2}}}`},
		{m{"o.y": 1}, `{"_id":1,"o":{"y":{"z":2}}}`},
		{m{"o": m{"y": m{"z": 1}}}, `{"_id":1,"o":{"y":{"z":2}}}`},
		{m{"o": m{"x": 0}, "r": 0, "l": 0}, `{"_id":1,"a":1,"o":{"y":{"z":2}}}`},
		{m{"a.b": 1}, `{"_id":1}`},
		{m{"a.b": 0, "r": 0, "l": 0, "o": 0}, `{"_id":1,"a":1}`},
		{d{{"r.k", 1}, {"a", 1}}, `{"_id":1,"a":1,"r":[{"k":1},{"k":2},[{"k":3}]]}`},
		{d{{"r.k", 0}, {"a", 0}, {"o", 0}, {"l", 0}}, `{"_id":1,"r":[{"v":"p"},{"v":"q"},7,[{"v":"r"}]]}`},
		{m{"r.0": 1}, `{"_id":1,"r":[{},{},[{}]]}`},
		{m{"nope": 1}, `{"_id":1}`},
		{m{"l": Slice(2), "r": 0, "o": 0}, `{"_id":1,"a":1,"l":[1,2]}`},
		{m{"l": Slice(-2), "a": 1}, `{"_id":1,"a":1,"l":[4,5]}`},
		{m{"l": Slice(1, 2), "a": 1}, `{"_id":1,"a":1,"l":[2,3]}`},
		{m{"l": Slice(-3, 2), "a": 1}, `{"_id":1,"a":1,"l":[3,4]}`},
		{m{"l": Slice(-9, 2), "a": 1}, `{"_id":1,"a":1,"l":[1,2]}`},
		{m{"l": Slice(9, 2), "a": 1}, `{"_id":1,"a":1,"l":[]}`},
		{m{"l": Slice(0), "a": 1}, `{"_id":1,"a":1,"l":[]}`},
		{m{"l": Slice(-99), "a": Slice(1), "_id": 1}, `{"_id":1,"a":1,"l":[1,2,3,4,5]}`},
		{m{"l": m{"$slice": 1.9}, "a": 1}, `{"_id":1,"a":1,"l":[1]}`},
		{m{"r": ElemMatch(m{"k": Gt(1)})}, `{"_id":1,"r":[{"k":2,"v":"q"}]}`},
		{m{"l": ElemMatch(Gt(2).Lt(9)), "a": 1}, `{"_id":1,"a":1,"l":[3]}`},
		{m{"l": ElemMatch(Gt(20)), "a": 1}, `{"_id":1,"a":1}`},
		{m{"l": m{"$elemMatch": m{"$gte": 4}}, "r": 0, "o": 0}, `{"_id":1,"a":1,"l":[4]}`},
		{m{"a": ElemMatch(Gt(0))}, `{"_id":1}`},

		{m{"a": 1, "l": 0}, `!l: a is included, l is excluded`},
		{m{"a": "x"}, `!a: needs true, false, a number or a command, found string`},
		{m{"a": nil}, `!a: found null`},
		{m{"a": []int{1}}, `!a: computed`},
		{m{"a": m{"$add": []int{1, 2}}}, `!a: computed fields, such as $add`},
		{m{"a": m{"$foo": 1}}, `!a: unknown operator`},
		{m{"a": m{"$add": "x"}}, `!a: $add`},
		{m{"a": m{}}, `!a: empty object`},
		{m{"a": m{"$slice": 1, "b": 1}}, `!a: $slice stands alone`},
		{m{"a": Gt(1)}, `!a: gt is no choice`},
		{m{"a": Inc(1)}, `!a: inc is an update command`},
		{d{{"o", 1}, {"o.x", 1}}, `!o.x: collides`},
		{d{{"o.x", 1}, {"o", 1}}, `!o: collides`},
		{d{{"a", 1}, {"a", 1}}, `!a: collides`},
		{m{"a..b": 1}, `!a..b: empty segment`},
		{m{"$a": 1}, `!$a: dollar`},
		{m{"l": Slice()}, `!l: $slice needs`},
		{m{"l": Slice(1, 0)}, `!l: above 0`},
		{m{"l": m{"$slice": "x"}}, `!l: needs a number`},
		{m{"l": m{"$slice": []int{1}}}, `!l: needs 2 numbers`},
		{m{"l": m{"$slice": math.NaN()}}, `!l: NaN`},
		{m{"l": m{"$elemMatch": 5}}, `!l: $elemMatch`},
		{m{"o.x": ElemMatch(Gt(1))}, `!o.x: at the top`},
		{m{"l.$": 0}, `!l.$: cannot be excluded`},
		{m{"l.$": 1, "r.$": 1}, `!r.$: more than one`},
		{m{"l.$": 1, "a": 0}, `!a: l.$ is included`},
		{m{"l.$": 1}, `!l.$: no condition that found an element of l`},
		{5, `!: needs an object`},
	}
	for _, test := range tests {
		p, err := CompileProjection(test.spec, testNow)
		out := fromJSON(t, doc)
		if p != nil {
			out, err = p.Apply(out, nil)
		} else if err == nil && test.want != doc {
			t.Errorf("%v leaves nothing out", test.spec)
		}
		if message, bad := strings.CutPrefix(test.want, "!"); bad {
			t.Run(message, func(t *testing.T) { checkError(t, err, message) })
			continue
		}
		if err != nil || string(out.Raw()) != string(fromJSON(t, test.want).Raw()) {
			t.Errorf("%v: %v, %v\nwant %s", test.spec, out, err, test.want)
		}
	}
}

// TestProjectionSlicesOneLevel: a slice reaches into the objects of an array, not into
// those of an array inside it, whatever else is chosen there.
func TestProjectionSlicesOneLevel(t *testing.T) {
	for _, test := range []struct {
		spec      any
		doc, want string
	}{
		{m{"a.b": Slice(1)}, `{"_id":1,"a":[{"b":[1,2]},[{"b":[1,2]}],{"b":[3,4]},5]}`, `{"_id":1,"a":[{"b":[1]},[{"b":[1,2]}],{"b":[3]},5]}`},
		{m{"a.b.c": Slice(-1)}, `{"_id":1,"a":[[{"b":[{"c":[1,2]}]}],{"b":[{"c":[1,2]},[{"c":[1,2]}]]}]}`, `{"_id":1,"a":[[{"b":[{"c":[1,2]}]}],{"b":[{"c":[2]},[{"c":[1,2]}]]}]}`},
		{d{{"a.b", Slice(1)}, {"x", 1}}, `{"_id":1,"a":[[{"b":[1,2],"c":3}],{"b":[1,2],"c":3}],"x":1,"y":2}`, `{"_id":1,"a":[[{"b":[1,2]}],{"b":[1]}],"x":1}`},
		{d{{"a.b", Slice(1)}, {"a.c", 0}}, `{"_id":1,"a":[[{"b":[1,2],"c":3}],{"b":[1,2],"c":3}]}`, `{"_id":1,"a":[[{"b":[1,2]}],{"b":[1]}]}`},
	} {
		p, err := CompileProjection(test.spec, testNow)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := p.Apply(fromJSON(t, test.doc), nil); err != nil || out.String() != test.want {
			t.Errorf("%v: %v, %v\nwant %s", test.spec, out, err, test.want)
		}
	}
}

func TestProjectionPosition(t *testing.T) {
	f, err := CompileFilter(m{"l": Gt(1), "r.k": 2}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	doc := fromJSON(t, `{"_id":1,"l":[1,2,3],"r":[{"k":1},{"k":2}],"o":{"l":[5]}}`)
	for path, want := range map[string]string{"l": `{"_id":1,"l":[2]}`, "r": `{"_id":1,"r":[{"k":2}]}`} {
		p, err := CompileProjection(m{path + ".$": 1}, testNow)
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.Apply(doc, f)
		if err != nil || out.String() != want || !p.NeedsFilter() {
			t.Errorf("%s.$: %v, %v, want %s", path, out, err, want)
		}
	}
}

func TestProjectionIncludes(t *testing.T) {
	for _, test := range []struct {
		spec any
		want string
		ok   bool
	}{
		{d{{"b", 1}, {"a.c", 1}}, "b a.c _id", true},
		{d{{"b", 1}, {"_id", 0}}, "b", true},
		{d{{"_id", 1}}, "_id", true},
		{d{{"b", 0}}, "", false},
		{d{{"b", 1}, {"l", Slice(1)}}, "", false},
		{d{{"l.$", 1}}, "", false},
	} {
		p, err := CompileProjection(test.spec, testNow)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := p.Includes(); strings.Join(got, " ") != test.want || ok != test.ok {
			t.Errorf("%v includes %v, %v, want %s, %v", test.spec, got, ok, test.want, test.ok)
		}
	}
}

// naiveProject returns what is chosen of v, which is at a path; chosen says how a
// path is named: itself, one below it, or not.
func naiveProject(v any, at string, include bool, paths []string) any {
	named := slices.Contains(paths, at)
	above := slices.ContainsFunc(paths, func(p string) bool { return at == "" || strings.HasPrefix(p, at+".") })
	if named && include || !named && !above && !include {
		return v
	}
	if named || !above {
		return absent{}
	}
	switch x := v.(type) {
	case document.D:
		out := document.D{}
		for _, e := range x {
			if v := naiveProject(e.Value, strings.TrimPrefix(at+"."+e.Key, "."), include, paths); !isAbsent(v) {
				out = append(out, document.E{Key: e.Key, Value: v})
			}
		}
		return out
	case []any:
		out := []any{}
		for _, e := range x {
			if v := naiveProject(e, at, include, paths); !isAbsent(v) {
				out = append(out, v)
			}
		}
		return out
	}
	if include {
		return absent{}
	}
	return v
}

// Law: a projection on bytes gives what the naive one gives on values, in
// canonical form and the order of the document.
func TestProjectionAgreesWithNaiveProjection(t *testing.T) {
	cases, random := trial.Cases(t, 3000)
	m := lawMaker{random}
	for range cases {
		var paths []string
		for range 1 + m.IntN(4) {
			m.freePath(&paths, false)
		}
		include := m.IntN(2) == 0
		spec := document.D{}
		for _, p := range paths {
			spec = append(spec, document.E{Key: p, Value: include})
		}
		p, err := CompileProjection(spec, testNow)
		if err != nil {
			t.Fatalf("compile %v: %v", spec, err)
		}
		doc := mustEncode(t, m.object(4))
		out, err := p.Apply(doc, nil)
		if err == nil {
			err = document.Validate(out.Raw())
		}
		want := mustEncode(t, naiveProject(decode(doc.Value()), "", include, paths))
		if err != nil || string(out.Raw()) != string(want.Raw()) {
			t.Fatalf("%v of %v: %v, %v\nwant %v", spec, doc, out, err, want)
		}
	}
}

func TestProjectionOfMalformedBytes(t *testing.T) {
	specs := []any{m{"a.b": 1, "l": Slice(1)}, m{"a.b": 0, "l.x": 0}, m{"l": ElemMatch(Gt(1))}}
	whole := fromJSON(t, `{"_id":1,"a":{"b":2,"c":[1]},"l":[1,[{"x":2}],3]}`).Raw()
	nested := append([]byte{0x81, 0xa1, 'a'}, slices.Repeat([]byte{0x91}, 1<<14)...)
	for _, spec := range specs {
		p, err := CompileProjection(spec, testNow)
		if err != nil {
			t.Fatal(err)
		}
		for i := range whole {
			for _, b := range []byte{0x00, 0x80, 0x8f, 0x91, 0x9f, 0xbf, 0xc1, 0xc6, 0xd9, 0xdb, 0xdd, 0xdf, 0xff} {
				raw := slices.Clone(whole)
				raw[i] = b
				p.Apply(document.FromRaw(raw), nil)
				p.Apply(document.FromRaw(raw[:i]), nil)
			}
		}
		p.Apply(document.FromRaw(append(nested, 1)), nil)
	}
}

func BenchmarkProjection(b *testing.B) {
	doc := product(b, 1, lawMakerFor(1).Rand)
	for _, bench := range []struct {
		name string
		spec any
	}{
		{"include", m{"name": 1, "price": 1}},
		{"exclude", m{"note": 0}},
		{"nested", m{"spec.colour": 1, "tags": Slice(1)}},
	} {
		p, err := CompileProjection(bench.spec, testNow)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Apply(doc, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
