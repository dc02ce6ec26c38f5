package expr

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/virgadb/virga/document"
)

func valueOf(t rapid.TB, v any) document.Value {
	value, err := document.Of(v)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func run(t rapid.TB, env *Env, e any, doc document.Value) outcome {
	x, err := Compile(e, Scope{Now: now})
	if err != nil {
		return outcome{err: err}
	}
	v, err := x.Eval(env, doc)
	return outcome{v, err}
}

func same(a, b outcome) bool {
	if (a.err == nil) != (b.err == nil) {
		return false
	}
	return a.err != nil || string(a.value.Raw()) == string(b.value.Raw())
}

// What is computed when compiling is what would be computed for a document.
func TestFoldingLaw(t *testing.T) {
	env := NewEnv(Options{})
	agreed, failed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		g := &generator{t: t}
		e := g.expr(3)
		doc := valueOf(t, g.doc)
		folded, read := run(t, env, e.constant, doc), run(t, env, e.reading, doc)
		if !same(folded, read) {
			t.Fatalf("%s on %s\n yields %s\n%s\n yields %s", valueOf(t, e.reading), doc, shown(read), valueOf(t, e.constant), shown(folded))
		}
		if agreed++; read.err != nil {
			failed++
		}
		if read.value.Exists() {
			if err := canonical(read.value); err != nil {
				t.Fatalf("%s yields %x: %v", valueOf(t, e.reading), read.value.Raw(), err)
			}
		}
	})
	t.Logf("%d expressions, %d of them errors", agreed, failed)
}

// canonical refuses a value whose bytes are not the canonical form of it.
func canonical(v document.Value) error {
	list, err := document.Of([]any{v})
	if err == nil && !bytes.Equal(list.Element(0).Raw(), v.Raw()) {
		err = errors.New("not canonical")
	}
	return err
}

// An expression needs no more of a document than the paths it tells, and does not
// mind in which memory it is evaluated.
func TestPathsLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &generator{t: t}
		e := g.expr(3)
		g.doc = append(g.doc, document.E{Key: "unused", Value: 1})
		x, err := Compile(e.reading, Scope{Now: now})
		if err != nil {
			return
		}
		paths, whole := x.Paths()
		if whole {
			return
		}
		pruned := document.D{}
		for _, f := range g.doc {
			if slices.ContainsFunc(paths, func(p string) bool { return p == f.Key || strings.HasPrefix(p, f.Key+".") }) {
				pruned = append(pruned, f)
			}
		}
		env := NewEnv(Options{})
		v, err := x.Eval(env, valueOf(t, g.doc))
		want := outcome{v.Clone(), err}
		for range 3 {
			env.Reset()
			v, err = x.Eval(env, valueOf(t, pruned))
			if got := (outcome{v, err}); !same(got, want) {
				t.Fatalf("%s yields %s, on %v only %s", valueOf(t, e.reading), shown(want), paths, shown(got))
			}
		}
	})
}

// roundTrips holds expressions that yield two equal values.
var roundTrips = []string{
	`[{"$toLong":{"$toString":"$i"}},"$i"]`,
	`[{"$toDouble":{"$toString":"$f"}},"$f"]`,
	`[{"$arrayToObject":{"$objectToArray":"$o"}},"$o"]`,
	`[{"$concat":[{"$substrCP":["$s",0,"$n"]},{"$substrCP":["$s","$n",1000]}]},"$s"]`,
	`[{"$reduce":{"input":{"$split":["$ab","$sep"]},"initialValue":null,"in":{"$ifNull":[{"$concat":["$$value","$sep","$$this"]},"$$this"]}}},"$ab"]`,
	`[{"$replaceAll":{"input":"$ab","find":"$sep","replacement":"$sep"}},"$ab"]`,
	`[{"$reverseArray":{"$reverseArray":"$l"}},"$l"]`,
	`[{"$concatArrays":[{"$slice":["$l",5]},{"$lastN":{"input":"$l","n":{"$max":[1,{"$subtract":[{"$size":"$l"},5]}]}}}]},{"$cond":[{"$gt":[{"$size":"$l"},5]},"$l",{"$concatArrays":["$l",{"$slice":["$l",-1]}]}]}]`,
	`[{"$sortArray":{"input":{"$setUnion":["$l","$m"]},"sortBy":1}},{"$sortArray":{"input":{"$setUnion":["$m","$l"]},"sortBy":1}}]`,
	`[{"$setUnion":[{"$setDifference":["$l","$m"]},{"$setIntersection":["$l","$m"]}]},{"$let":{"vars":{"u":{"$setUnion":["$l"]}},"in":{"$cond":[{"$setEquals":["$$u","$l"]},{"$setUnion":[{"$setDifference":["$l","$m"]},{"$setIntersection":["$l","$m"]}]},"no"]}}}]`,
	`[{"$size":{"$setUnion":["$l","$m"]}},{"$subtract":[{"$add":[{"$size":{"$setUnion":["$l"]}},{"$size":{"$setUnion":["$m"]}}]},{"$size":{"$setIntersection":["$l","$m"]}}]}]`,
	`[{"$setIsSubset":[{"$setIntersection":["$l","$m"]},"$m"]},true]`,
	`[{"$sum":"$l"},{"$reduce":{"input":"$l","initialValue":0,"in":{"$add":["$$value","$$this"]}}}]`,
	`[{"$max":"$l"},{"$ifNull":[{"$arrayElemAt":[{"$sortArray":{"input":"$l","sortBy":-1}},0]},null]}]`,
	`[{"$map":{"input":{"$range":[0,{"$size":"$l"}]},"in":{"$arrayElemAt":["$l","$$this"]}}},"$l"]`,
	`[{"$dateFromString":{"dateString":{"$dateToString":{"date":"$d"}}}},"$d"]`,
	`[{"$dateFromString":{"dateString":{"$dateToString":{"date":"$d","timezone":"$tz","format":"%Y/%m/%d %H:%M:%S.%L %z"}},"format":"%Y/%m/%d %H:%M:%S.%L %z","onError":"$d"}},"$d"]`,
	`[{"$let":{"vars":{"p":{"$dateToParts":{"date":"$d","timezone":"$tz"}}},"in":{"$cond":[{"$in":["$$p.year",[0,10000]]},"$d",{"$dateFromParts":{"year":"$$p.year","month":"$$p.month","day":"$$p.day","hour":"$$p.hour","minute":"$$p.minute","second":"$$p.second","millisecond":"$$p.millisecond","timezone":"$tz"}}]}}},"$d"]`,
	`[{"$dateDiff":{"startDate":"$d","endDate":{"$dateAdd":{"startDate":"$d","unit":"day","amount":"$days"}},"unit":"day"}},"$days"]`,
	`[{"$dateSubtract":{"startDate":{"$dateAdd":{"startDate":"$d","unit":"week","amount":"$days","timezone":"$tz"}},"unit":"week","amount":"$days","timezone":"$tz"}},"$d"]`,
	`[{"$dateDiff":{"startDate":{"$dateTrunc":{"date":"$d","unit":"$unit"}},"endDate":"$d","unit":"$unit"}},0]`,
	`[{"$let":{"vars":{"t":{"$dateTrunc":{"date":"$d","unit":"$unit","timezone":"$tz","binSize":3}}},"in":[{"$lte":["$$t","$d"]},{"$dateTrunc":{"date":"$$t","unit":"$unit","timezone":"$tz","binSize":3}}]}},[true,{"$dateTrunc":{"date":"$d","unit":"$unit","timezone":"$tz","binSize":3}}]]`,
}

func TestRoundTripLaws(t *testing.T) {
	env := NewEnv(Options{})
	var compiledLaws []*Expr
	for _, text := range roundTrips {
		compiledLaws = append(compiledLaws, compiled(t, text))
	}
	rapid.Check(t, func(t *rapid.T) {
		doc := valueOf(t, document.D{
			{"i", rapid.Int64().Draw(t, "i")}, {"f", rapid.Float64().Draw(t, "f")}, {"s", rapid.String().Draw(t, "s")},
			{"n", rapid.IntRange(0, 10).Draw(t, "n")}, {"sep", rapid.StringMatching(`[ab]{1,2}`).Draw(t, "sep")},
			{"ab", rapid.StringMatching(`[ab]{0,12}`).Draw(t, "ab")},
			{"o", rapid.MapOf(rapid.StringMatching(`[a-z]{1,3}`), rapid.Int()).Draw(t, "o")},
			{"d", time.UnixMilli(rapid.Int64Range(-62130000000000, 253402000000000).Draw(t, "d")).UTC()},
			{"days", rapid.Int64Range(-100000, 100000).Draw(t, "days")},
			{"unit", rapid.SampledFrom([]string{"year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"}).Draw(t, "unit")},
			{"tz", rapid.SampledFrom([]string{"UTC", "+05:45", "-0300", "Etc/GMT-9"}).Draw(t, "tz")},
			{"l", rapid.SliceOf(rapid.IntRange(0, 20)).Draw(t, "l")}, {"m", rapid.SliceOf(rapid.IntRange(0, 20)).Draw(t, "m")},
		})
		for i, x := range compiledLaws {
			v, err := x.Eval(env, doc)
			if err != nil {
				t.Fatalf("%s on %s: %v", roundTrips[i], doc, err)
			}
			if a, b := v.Element(0), v.Element(1); !document.Equal(a, b) {
				t.Fatalf("%s on %s: %v is not %v", roundTrips[i], doc, a, b)
			}
		}
	})
}

// A sum is the float nearest to the exact one, however large and small its terms
// are, in whatever order and parts they are added.
func TestSumLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		exact, float := new(big.Float).SetPrec(3000), false
		parts := []*sumOf{new(sumOf), new(sumOf), new(sumOf)}
		terms := rapid.SliceOfN(rapid.Custom(sumTerm), 0, 40).Draw(t, "terms")
		repeat := rapid.SampledFrom([]int{1, 1, 1, 2 * maxAdds}).Draw(t, "repeat")
		deal := rapid.SliceOfN(rapid.IntRange(0, len(parts)-1), 7, 7).Draw(t, "deal")
		for n := range repeat {
			for i, v := range terms {
				_ = parts[deal[(n+i)%len(deal)]].Add(v)
				f, _ := v.Float64()
				term := new(big.Float).SetFloat64(f)
				if i, ok := v.Int64(); ok && v.IsInt() {
					term.SetPrec(64).SetInt64(i)
				} else {
					float = true
				}
				exact.Add(exact, term)
			}
		}
		for _, p := range parts[1:] {
			parts[0].Merge(p)
		}
		got := parts[0].total()
		if i, accuracy := exact.Int64(); !float && accuracy == big.Exact {
			if got.float || got.i != i {
				t.Fatalf("integers sum up to %+v, want %d", got, i)
			}
			return
		}
		if want, _ := exact.Float64(); got.asFloat() != want {
			t.Fatalf("sum is %v, want %v", got.asFloat(), want)
		}
	})
}

// sumTerm draws an integer, or a float of any size, most often one of those that
// stand next to each other.
func sumTerm(t *rapid.T) document.Value {
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return document.Int(rapid.Int64().Draw(t, "i"))
	case 1:
		bits := rapid.Uint64().Draw(t, "bits")
		if f := math.Float64frombits(bits); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return document.Float(f)
		}
	case 2:
		f := rapid.SampledFrom([]float64{math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0x1p53, 0x1p-53, 1, -1, 0x1p52 + 0.5}).Draw(t, "edge")
		return document.Float(f)
	}
	return document.Float(rapid.Float64Range(-1000, 1000).Draw(t, "f"))
}

// The set finds what comparing with each finds.
func TestDistinctLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d distinct
		var naive []document.Value
		for range rapid.IntRange(0, 60).Draw(t, "n") {
			v := valueOf(t, rapid.SampledFrom(leafValues).Draw(t, "v"))
			if rapid.Bool().Draw(t, "nest") {
				v = valueOf(t, []any{v, rapid.SampledFrom([]any{1, 1.0, 2, "x"}).Draw(t, "w")})
			}
			known := slices.ContainsFunc(naive, func(w document.Value) bool { return document.Compare(v, w) == 0 })
			if d.add(v) == known {
				t.Fatalf("%v added: %v", v, !known)
			}
			if !known {
				naive = append(naive, v)
			}
		}
	})
}
