package expr

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// accumulate returns what an accumulator makes of documents.
func accumulate(t rapid.TB, text string, docs []document.Value) outcome {
	a, err := CompileAccumulation(parse(t, text), Scope{Now: now})
	if err != nil {
		return outcome{err: err}
	}
	env, acc := NewEnv(Options{}), a.New()
	for _, doc := range docs {
		v, err := a.Operand().Eval(env, doc)
		if err == nil {
			err = acc.Add(v)
		}
		if err != nil {
			return outcome{err: err}
		}
		env.Reset() // what was added must not be read any more
	}
	if acc.Size() <= 0 {
		t.Errorf("%s has the size %d", text, acc.Size())
	}
	v, err := acc.Result(env)
	return outcome{v, err}
}

func TestAccumulators(t *testing.T) {
	docs := values(parse(t, `[
		{"n":2,"s":"b","o":{"x":1,"y":1},"t":[5,1],"big":400},
		{"n":1.0,"s":"a","o":null,"t":[3]},
		{"s":"c","n":null,"big":401,"o":{"x":2}},
		{"n":3,"s":"b","t":[],"big":402},
		{"s":"a","n":2}
	]`))
	for _, r := range []row{
		{`{"$sum":"$n"}`, `8.0`},
		{`{"$sum":1}`, `5`},
		{`{"$sum":["$n"]}`, `8.0`},
		{`{"$sum":"$t"}`, `0`}, // arrays are not looked into
		{`{"$sum":["$n","$n"]}`, `error: takes 1 operands`},
		{`{"$count":{}}`, `5`},
		{`{"$count":1}`, `error: empty object`},
		{`{"$avg":"$n"}`, `2.0`},
		{`{"$avg":"$s"}`, `null`},
		{`{"$min":"$n"}`, `1.0`},
		{`{"$max":"$t"}`, `[5,1]`},
		{`{"$max":"$no"}`, `null`},
		{`{"$first":"$big"}`, `400`},
		{`{"$last":"$big"}`, `null`},
		{`{"$last":"$s"}`, `"a"`},
		{`{"$push":"$n"}`, `[2,1.0,null,3,2]`},
		{`{"$push":"$no"}`, `[]`},
		{`{"$push":{"s":"$s","n":"$no"}}`, `[{"s":"b"},{"s":"a"},{"s":"c"},{"s":"b"},{"s":"a"}]`},
		{`{"$addToSet":"$n"}`, `[2,1.0,null,3]`},
		{`{"$addToSet":"$s"}`, `["b","a","c"]`},
		{`{"$stdDevPop":"$n"}`, `0.7071067811865476`},
		{`{"$stdDevSamp":"$big"}`, `1.0`},
		{`{"$mergeObjects":"$o"}`, `{"x":2,"y":1}`},
		{`{"$mergeObjects":"$no"}`, `{}`},
		{`{"$mergeObjects":"$s"}`, `error: $mergeObjects: needs objects`},
		{`{"$firstN":{"input":"$n","n":3}}`, `[2,1.0,null]`},
		{`{"$lastN":{"input":"$big","n":3}}`, `[401,402,null]`},
		{`{"$minN":{"input":"$n","n":2}}`, `[1.0,2]`},
		{`{"$maxN":{"input":"$n","n":9}}`, `[3,2,2,1.0]`},
		{`{"$maxN":{"input":"$n","n":"$n"}}`, `error: constant as n`},
		{`{"$maxN":{"input":"$n","n":0}}`, `error: positive whole number`},
		{`{"$maxN":{"input":"$n"}}`, `error: needs the parameter "n"`},
		{`{"$top":{"sortBy":{"s":1,"n":-1},"output":["$s","$n"]}}`, `["a",2]`},
		{`{"$bottom":{"sortBy":{"s":1},"output":"$big"}}`, `401`},
		{`{"$topN":{"sortBy":{"s":1},"output":"$n","n":3}}`, `[1.0,2,2]`},
		{`{"$bottomN":{"sortBy":{"n":-1},"output":"$n","n":{"$add":[1,1]}}}`, `[1.0,null]`},
		{`{"$topN":{"sortBy":{"t":-1},"output":"$t","n":2}}`, `[[5,1],[3]]`},
		{`{"$bottomN":{"sortBy":{"t":1},"output":"$no","n":2}}`, `[null,null]`},
		{`{"$top":{"sortBy":{},"output":1}}`, `error: at least one path`},
		{`{"$top":{"sortBy":{"a":2},"output":1}}`, `error: 1 or -1`},
		{`{"$top":{"sortBy":5,"output":1}}`, `error: object of paths`},
		{`{"$add":"$n"}`, `error: unknown accumulator $add`},
		{`{"$accumulator":{}}`, `error: $accumulator: not implemented`},
		{`{"$sum":{"$nope":1}}`, `error: $sum: $nope: unknown operator`},
		{`{"$sum":1,"$avg":1}`, `error: object of one accumulator`},
		{`{"sum":1}`, `error: object of one accumulator`},
		{`"$n"`, `error: object of one accumulator`},
	} {
		if got := shown(accumulate(t, r.expr, docs)); !matches(got, r.want) {
			t.Errorf("%s makes %s, want %s", r.expr, got, r.want)
		}
	}
	for _, r := range []row{
		{`{"$sum":"$n"}`, `0`}, {`{"$avg":"$n"}`, `null`}, {`{"$first":"$n"}`, `null`}, {`{"$last":"$n"}`, `null`}, {`{"$push":"$n"}`, `[]`},
		{`{"$top":{"sortBy":{"n":1},"output":"$n"}}`, `null`}, {`{"$topN":{"sortBy":{"n":1},"output":"$n","n":1}}`, `[]`}, {`{"$count":{}}`, `0`},
	} {
		if got := shown(accumulate(t, r.expr, nil)); got != r.want {
			t.Errorf("%s makes %s of nothing, want %s", r.expr, got, r.want)
		}
	}
}

// Every accumulator has a name that tells it, and says what it reads.
func TestAccumulationReads(t *testing.T) {
	a, err := CompileAccumulation(wrapped{document.M{"$topN": document.M{"sortBy": document.D{{"a.b", 1}, {"c", -1}}, "output": "$d", "n": 2}}}, Scope{})
	if err != nil {
		t.Fatal(err)
	}
	if paths, whole := a.Operand().Paths(); a.Name() != "$topN" || strings.Join(paths, " ") != "a.b c d" || whole {
		t.Errorf("%s reads %v, %v", a.Name(), paths, whole)
	}
}

// What keeps values is bounded.
func TestAccumulatorsAreBounded(t *testing.T) {
	large := document.Text(strings.Repeat("x", 1<<20))
	for _, text := range []string{
		`{"$push":"$v"}`, `{"$addToSet":["$v"]}`, `{"$firstN":{"input":"$v","n":100}}`, `{"$lastN":{"input":"$v","n":100}}`,
		`{"$maxN":{"input":"$v","n":100}}`, `{"$bottomN":{"sortBy":{"v":1},"output":"$v","n":100}}`,
	} {
		a, err := CompileAccumulation(parse(t, text), Scope{})
		if err != nil {
			t.Fatal(err)
		}
		env, acc := NewEnv(Options{}), a.New()
		var failed error
		for i := 0; i < 40 && failed == nil; i++ {
			doc := valueOf(t, document.M{"v": []any{i, large}})
			v, err := a.Operand().Eval(env, doc)
			if err != nil {
				t.Fatal(err)
			}
			failed = acc.Add(v)
		}
		if !errors.Is(failed, fault.ErrTooLarge) {
			t.Errorf("%s: %v", text, failed)
		}
	}
}

// Accumulators make of documents what operators make of the array of their values.
func TestAccumulatorLaw(t *testing.T) {
	env := NewEnv(Options{})
	rapid.Check(t, func(t *rapid.T) {
		docs, rows := []document.Value{}, []document.Value{}
		for i := range rapid.IntRange(0, 30).Draw(t, "n") {
			v := valueOf(t, rapid.SampledFrom(leafValues).Draw(t, "v"))
			k := rapid.IntRange(0, 5).Draw(t, "k")
			docs = append(docs, valueOf(t, document.D{{"v", v}, {"k", k}, {"i", i}}))
			rows = append(rows, valueOf(t, document.D{{"v", v}, {"k", k}, {"i", i}}))
		}
		n := rapid.IntRange(1, 12).Draw(t, "N")
		all := valueOf(t, document.D{{"rows", rows}, {"n", n}})
		count := document.Int(int64(n)).String()
		for acc, operator := range map[string]string{
			`{"$sum":"$v"}`:       `{"$sum":"$rows.v"}`,
			`{"$avg":"$v"}`:       `{"$avg":"$rows.v"}`,
			`{"$min":"$v"}`:       `{"$min":"$rows.v"}`,
			`{"$max":"$v"}`:       `{"$max":"$rows.v"}`,
			`{"$stdDevPop":"$v"}`: `{"$stdDevPop":"$rows.v"}`,
			`{"$push":"$v"}`:      `{"$concatArrays":["$rows.v"]}`,
			`{"$addToSet":"$v"}`:  `{"$setUnion":["$rows.v"]}`,
			`{"$first":"$v"}`:     `{"$ifNull":[{"$first":"$rows.v"},null]}`,
			`{"$last":"$v"}`:      `{"$ifNull":[{"$last":"$rows.v"},null]}`,
			`{"$firstN":{"input":"$v","n":` + count + `}}`:                          `{"$firstN":{"input":"$rows.v","n":"$n"}}`,
			`{"$lastN":{"input":"$v","n":` + count + `}}`:                           `{"$lastN":{"input":"$rows.v","n":"$n"}}`,
			`{"$minN":{"input":"$v","n":` + count + `}}`:                            `{"$minN":{"input":"$rows.v","n":"$n"}}`,
			`{"$maxN":{"input":"$v","n":` + count + `}}`:                            `{"$maxN":{"input":"$rows.v","n":"$n"}}`,
			`{"$topN":{"sortBy":{"k":-1},"output":"$i","n":` + count + `}}`:         `{"$slice":[{"$map":{"input":{"$sortArray":{"input":"$rows","sortBy":{"k":-1}}},"in":"$$this.i"}},"$n"]}`,
			`{"$bottomN":{"sortBy":{"v":1,"k":1},"output":"$i","n":` + count + `}}`: `{"$slice":[{"$map":{"input":{"$sortArray":{"input":"$rows","sortBy":{"v":1,"k":1}}},"in":"$$this.i"}},{"$subtract":[0,"$n"]}]}`,
		} {
			got := accumulate(t, acc, docs)
			want := run(t, env, parse(t, operator), all)
			if !same(got, want) {
				t.Fatalf("%s makes %s of %v, %s makes %s", acc, shown(got), docs, operator, shown(want))
			}
		}
	})
}

// The names in tables are those of operators, and none is in two families.
func TestTables(t *testing.T) {
	seen := map[string]bool{}
	for _, table := range families {
		for _, name := range sortedNames(table) {
			op := table[name]
			switch {
			case !isOperator(name) || seen[name]:
				t.Errorf("%s is no name, or stands twice", name)
			case (op.fn == nil) == (op.build == nil):
				t.Errorf("%s has a function and a build, or neither", name)
			case op.params != nil && (op.min != 0 || op.max != 0):
				t.Errorf("%s has parameters and a number of operands", name)
			case op.fn != nil && op.params == nil && op.max == 0:
				t.Errorf("%s takes nothing", name)
			}
			seen[name] = true
		}
	}
	for name := range accumulators {
		if slices.Contains(sortedNames(foreign), name) {
			t.Errorf("%s is foreign and an accumulator", name)
		}
	}
	t.Logf("%d operators", len(seen)-len(foreign))
}
