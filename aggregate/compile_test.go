package aggregate

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

func parsed(t *testing.T, text string) []any {
	t.Helper()
	list, err := parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return list
}

// TestRefused goes through pipelines that cannot run, and what is said about them.
func TestRefused(t *testing.T) {
	for _, row := range []struct {
		pipeline string
		reason   error
		text     string
	}{
		{`[5]`, fault.ErrInvalid, "stage 1: a stage is an object of one field"},
		{`[{}]`, fault.ErrInvalid, "a stage is an object of one field"},
		{`[{"$limit": 1, "$skip": 1}]`, fault.ErrInvalid, "a stage is an object of one field"},
		{`[{"$nope": 1}]`, fault.ErrInvalid, `unknown stage "$nope"`},
		{`[{"$setWindowFields": {}}]`, fault.ErrNotImplemented, "$setWindowFields"},
		{`[{"$match": 5}]`, fault.ErrInvalid, "stage 1, $match"},
		{`[{"$match": {"$expr": {"$nope": 1}}}]`, fault.ErrInvalid, "$nope"},
		{`[{"$match": {"$or": [{"$expr": true}, {"a": {"$nope": 1}}]}}]`, fault.ErrInvalid, "$nope"},
		{`[{"$limit": 1}, {"$limit": 1.5}]`, fault.ErrInvalid, "stage 2, $limit"},
		{`[{"$skip": -1}]`, fault.ErrInvalid, "not negative"},
		{`[{"$sort": {}}]`, fault.ErrInvalid, "at least one path"},
		{`[{"$sort": {"a": 2}}]`, fault.ErrInvalid, "direction"},
		{`[{"$sample": {"size": 0}}]`, fault.ErrInvalid, "size"},
		{`[{"$sample": {"size": 1, "more": 1}}]`, fault.ErrInvalid, "unknown parameter"},
		{`[{"$project": {}}]`, fault.ErrInvalid, "at least one field"},
		{`[{"$project": {"a": 1, "b": 0}}]`, fault.ErrInvalid, "cannot be left out"},
		{`[{"$project": {"a": 1, "a.b": 1}}]`, fault.ErrInvalid, "collides"},
		{`[{"$project": {"a.b": 1, "a": 1}}]`, fault.ErrInvalid, "collides"},
		{`[{"$project": {"a..b": 1}}]`, fault.ErrInvalid, "a..b"},
		{`[{"$project": {"$a": 1}}]`, fault.ErrInvalid, "starts with $"},
		{`[{"$project": {"a": {}}}]`, fault.ErrInvalid, "empty object"},
		{`[{"$addFields": {"a": 1, "a.b": 2}}]`, fault.ErrInvalid, "collides"},
		{`[{"$unset": ""}]`, fault.ErrInvalid, "$unset"},
		{`[{"$unset": [1]}]`, fault.ErrInvalid, "a path or a list of paths"},
		{`[{"$replaceRoot": {"newRoot": "$a", "b": 1}}]`, fault.ErrInvalid, "unknown parameter"},
		{`[{"$count": "a.b"}]`, fault.ErrInvalid, "without a dot"},
		{`[{"$group": {"n": {"$sum": 1}}}]`, fault.ErrInvalid, "_id"},
		{`[{"$group": {"_id": 1, "n": 1}}]`, fault.ErrInvalid, "one accumulator"},
		{`[{"$group": {"_id": 1, "a.b": {"$sum": 1}}}]`, fault.ErrInvalid, "cannot name a field"},
		{`[{"$bucket": {"groupBy": "$a", "boundaries": [1, 2], "output": {"_id": {"$sum": 1}}}}]`, fault.ErrInvalid, "cannot name a field"},
		{`[{"$bucketAuto": {"groupBy": "$a", "buckets": 2, "output": {"_id": {"$sum": 1}}}}]`, fault.ErrInvalid, "cannot name a field"},
		{`[{"$group": {"_id": 1, "n": {"$abs": 1}}}]`, fault.ErrInvalid, "unknown accumulator"},
		{`[{"$bucket": {"groupBy": "a", "boundaries": [1, 2]}}]`, fault.ErrInvalid, "groupBy"},
		{`[{"$bucket": {"groupBy": "$a", "boundaries": [1]}}]`, fault.ErrInvalid, "at least two"},
		{`[{"$bucket": {"groupBy": "$a", "boundaries": [2, 1]}}]`, fault.ErrInvalid, "must ascend"},
		{`[{"$bucket": {"groupBy": "$a", "boundaries": [1, "$b"]}}]`, fault.ErrInvalid, "constant"},
		{`[{"$bucket": {"groupBy": "$a", "boundaries": [1, 5], "default": 3}}]`, fault.ErrInvalid, "between"},
		{`[{"$bucketAuto": {"groupBy": "$a", "buckets": 0}}]`, fault.ErrInvalid, "positive"},
		{`[{"$unwind": {"path": "$a", "includeArrayIndex": "$i"}}]`, fault.ErrInvalid, "starts with $"},
		{`[{"$lookup": {"from": "c", "as": "x"}}]`, fault.ErrInvalid, "or a pipeline"},
		{`[{"$lookup": {"from": "c", "let": {"X": 1}, "pipeline": [], "as": "x"}}]`, fault.ErrInvalid, "let"},
		{`[{"$lookup": {"from": "c", "let": 5, "pipeline": [], "as": "x"}}]`, fault.ErrInvalid, "let"},
		{`[{"$lookup": {"from": "c", "pipeline": [{"$match": {"$expr": "$$x"}}], "as": "x"}}]`, fault.ErrInvalid, "unknown variable $$x"},
		{`[{"$lookup": {"from": "c", "pipeline": [{"$out": "d"}], "as": "x"}}]`, fault.ErrInvalid, "cannot be part of a $lookup"},
		{`[{"$graphLookup": {"from": "c", "startWith": "$a", "connectFromField": "b", "connectToField": "c", "as": "d", "maxDepth": -1}}]`, fault.ErrInvalid, "maxDepth"},
		{`[{"$graphLookup": {"from": "c", "startWith": "$a", "connectFromField": "b", "connectToField": "c", "as": "d",
			"restrictSearchWithMatch": {"$and": [{"x": {"$near": {"$geometry": {"type": "Point", "coordinates": [0, 0]}}}}]}}}]`, fault.ErrInvalid, "restrictSearchWithMatch"},
		{`[{"$unionWith": {"coll": "c", "pipeline": 5}}]`, fault.ErrInvalid, "pipeline"},
		{`[{"$facet": {"a": [{"$facet": {"b": []}}]}}]`, fault.ErrInvalid, "cannot be part of a $facet"},
		{`[{"$facet": {"a": [{"$limit": 0}]}}]`, fault.ErrInvalid, "a: stage 1, $limit"},
		{`[{"$out": "a"}, {"$limit": 1}]`, fault.ErrInvalid, "must be the last stage"},
		{`[{"$out": {"db": "x", "coll": "y"}}]`, fault.ErrInvalid, "other databases"},
		{`[{"$merge": {"into": "a", "whenMatched": [{"$group": {"_id": 1}}]}}]`, fault.ErrInvalid, "$group cannot change a document"},
		{`[{"$merge": {"into": "a", "on": []}}]`, fault.ErrInvalid, "on"},
		{`[{"$redact": "$$NOPE"}]`, fault.ErrInvalid, "$$NOPE"},
	} {
		for _, compile := range []func([]any, time.Time) (*Program, error){Compile, CompilePlain} {
			_, err := compile(parsed(t, row.pipeline), time.Time{})
			if !errors.Is(err, row.reason) || !strings.Contains(err.Error(), row.text) {
				t.Errorf("%s: %v, want %v: %s", row.pipeline, err, row.reason, row.text)
			}
		}
	}
}

// TestNesting refuses pipelines that are too deep or too long.
func TestNesting(t *testing.T) {
	deep := New()
	for range maxNesting + 2 {
		deep = New().UnionWith("c", deep)
	}
	long := New()
	for range maxStages + 1 {
		long = long.Skip(0)
	}
	for _, p := range []Pipeline{deep, long} {
		if _, err := Compile(p.Stages(), time.Time{}); !errors.Is(err, fault.ErrTooLarge) {
			t.Error(err)
		}
	}
}

// TestEndlessConditions: maps that hold themselves, once or twice, are refused.
func TestEndlessConditions(t *testing.T) {
	for _, op := range []string{"$and", "$or", "$nor"} {
		for _, list := range [][]any{make([]any, 1), make([]any, 2), {nil, document.M{"$expr": "$a"}}, {document.M{"$expr": "$a"}, nil}} {
			cond := document.M{op: list}
			for i, v := range list {
				if v == nil {
					list[i] = cond
				}
			}
			for _, p := range []Pipeline{New().Match(cond), New().Raw([]any{document.M{"$match": cond}})} {
				if _, err := Compile(p.Stages(), time.Time{}); !errors.Is(err, fault.ErrTooLarge) {
					t.Errorf("%s of %d: %v", op, len(list), err)
				}
			}
		}
	}
}

// TestNamesAreUTF8: what is no text names no field of a result, at any place.
func TestNamesAreUTF8(t *testing.T) {
	const bad = "a\xff"
	sum := document.M{bad: document.M{"$sum": 1}}
	for what, p := range map[string]Pipeline{
		"count": New().Count(bad), "group": New().Group(nil, sum), "key": New().Group(document.M{bad: "$a"}, document.M{}), "root": New().ReplaceRoot(document.M{bad: "$a"}),
		"bucket": New().Bucket(BucketOptions{By: "$a", Boundaries: []any{1, 2}, Output: sum}), "project": New().Project(document.M{bad: "$a"}),
		"inside": New().AddFields(document.M{"x": []any{document.M{bad: "$a"}}}), "literal": New().AddFields(document.M{"x": Literal(document.M{bad: 1})}),
	} {
		if _, err := Compile(p.Stages(), time.Time{}); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestPipelineIsImmutable adds to one pipeline twice.
func TestPipelineIsImmutable(t *testing.T) {
	base := New().Match(document.M{"a": 1}).Sort(document.D{{"a", 1}}).Limit(3)
	a, b := base.Skip(1), base.Count("n")
	if len(base.Stages()) != 3 || len(a.Stages()) != 4 || len(b.Stages()) != 4 {
		t.Fatal("the lengths are wrong")
	}
	if f, _ := document.Pairs(a.Stages()[3]); f[0].Key != "$skip" {
		t.Errorf("the first has become %v", f)
	}
	for _, bad := range []Pipeline{base.Raw(`{"a": 1}`), base.Raw(`[`), base.Raw(5), base.Group(1, 5), base.UnionWith("c", base.Raw(1)), base.Facet(document.M{"a": New().Raw(1)})} {
		if bad.Err() == nil {
			t.Error("no error is remembered")
		}
	}
}

// TestOperators builds every operator and compiles it, so that its name and its form
// are ones that exist.
func TestOperators(t *testing.T) {
	for _, e := range []Expression{
		Add(1, 2), Subtract(1, 2), Multiply(1, 2), Divide(1, 2), Mod(1, 2), Abs(1), Ceil(1), Floor(1), Round(1.5), Round(1.5, 1), Trunc(1.5, 1), Exp(1), Ln(1),
		Log(1, 2), Log10(1), Pow(1, 2), Sqrt(1),
		Eq(1, 2), Neq(1, 2), Gt(1, 2), Gte(1, 2), Lt(1, 2), Lte(1, 2), Cmp(1, 2), And(1, 2), Or(), Not(1), Cond(1, 2, 3), IfNull(1, 2),
		ArrayElemAt("$a", 1), ArrayToObject("$a"), ObjectToArray("$a"), ConcatArrays("$a", "$b"), In(1, "$a"), IndexOfArray("$a", 1, 0, 2), IsArray("$a"),
		Range(1, 2, 3), ReverseArray("$a"), Size("$a"), Slice("$a", 1, 2), FirstElement("$a"), LastElement("$a"),
		SetDifference("$a", "$b"), SetEquals("$a", "$b"), SetIntersection("$a"), SetUnion("$a"), SetIsSubset("$a", "$b"), AllElementsTrue("$a"), AnyElementTrue("$a"),
		Concat("a", "$b"), IndexOfBytes("a", "b"), IndexOfCP("a", "b", 0), Split("a", "b"), StrLenBytes("a"), StrLenCP("a"), Strcasecmp("a", "b"), Substr("a", 0, 1),
		SubstrBytes("a", 0, 1), SubstrCP("a", 0, 1), ToLower("a"), ToUpper("a"), Trim("a"), LTrim("a", "b"), RTrim("a"), RegexMatch("a", "b", "i"), ReplaceAll("a", "b", "c"),
		Year("$d"), Month("$d"), DayOfMonth("$d"), Hour("$d", "+08:00"), Minute("$d"), Second("$d"), Millisecond("$d"), DayOfYear("$d"), DayOfWeek("$d"), Week("$d"),
		IsoDayOfWeek("$d"), IsoWeek("$d"), IsoWeekYear("$d"), DateToString("$d", "%Y"), DateFromString("2024-01-01"), DateFromParts(document.M{"year": 2024}),
		DateToParts("$d", "UTC"), MergeObjects("$a", "$b"), Literal("$a"), GetField("a.b", "$c"),
		ToBool(1), ToDate(1), ToDouble(1), ToInt(1), ToLong(1), ToString(1), Type(1), IsNumber(1),
		Sum("$a"), Avg("$a", 1), Min("$a"), Max("$a"), StdDevPop("$a"), StdDevSamp("$a"),
		Switch([]Case{{true, 1}}, 2), Let(document.M{"x": 1}, "$$x"), Filter("$a", "x", Gt("$$x", 1)), Map("$a", "x", "$$x"), Reduce("$a", 0, Add("$$value", "$$this")),
		Zip("$a", "$b"), Op("$abs", -1),
	} {
		if _, err := expr.Compile(e, expr.Scope{}); err != nil {
			t.Errorf("%s: %v", e.CommandName(), err)
		}
	}
	for _, e := range []Expression{Sum(1), Avg("$a"), Min("$a"), Max("$a"), StdDevPop("$a"), StdDevSamp("$a"), First("$a"), Last("$a"), Push("$a"), AddToSet("$a"), Count(), MergeObjects("$a")} {
		if _, err := expr.CompileAccumulation(e, expr.Scope{}); err != nil {
			t.Errorf("%s: %v", e.CommandName(), err)
		}
	}
}

// TestRounding rounds up and down to preferred numbers.
func TestRounding(t *testing.T) {
	for _, row := range []struct {
		series   string
		v        float64
		down, up float64
	}{
		{"R5", 10, 6.3, 16}, {"R5", 9.9, 6.3, 10}, {"R20", 19, 18, 20}, {"R20", 20, 18, 22.4}, {"E24", 68, 62, 75}, {"1-2-5", 50, 20, 100}, {"1-2-5", 0.3, 0.2, 0.5},
		{"POWERSOF2", 8, 4, 16}, {"POWERSOF2", 9, 8, 16}, {"POWERSOF2", 0.3, 0.25, 0.5}, {"E192", 988, 976, 1000}, {"R80", 100, 97.5, 103}, {"E6", 0, 0, 0},
	} {
		r := roundings[row.series]
		near := func(v document.Value, want float64) bool {
			f, _ := v.Float64()
			return f == want || (f-want)/want < 1e-12 && (want-f)/want < 1e-12
		}
		if down, up := r.down(document.Float(row.v)), r.up(document.Float(row.v)); !near(down, row.down) || !near(up, row.up) {
			t.Errorf("%s of %v: %v and %v, want %v and %v", row.series, row.v, down, up, row.down, row.up)
		}
	}
}

// TestLeaves says which conditions may come before a $project.
func TestLeaves(t *testing.T) {
	for _, row := range []struct {
		stage, path string
		want        bool
	}{
		{`{"$project": {"a": 1}}`, "a.b", true}, {`{"$project": {"a": 1}}`, "_id", true}, {`{"$project": {"a": 1, "_id": 0}}`, "_id", false},
		{`{"$project": {"a.b": 1}}`, "a", false}, {`{"$project": {"a.b": 1}}`, "a.b.c", true}, {`{"$project": {"a.0": 1}}`, "a.0", false},
		{`{"$project": {"a": "$b"}}`, "a", false}, {`{"$project": {"a": 0}}`, "b", true}, {`{"$project": {"a.b": 0}}`, "a", false},
		{`{"$addFields": {"a": 1}}`, "b", true}, {`{"$addFields": {"a.b": 1}}`, "a.c", false}, {`{"$addFields": {"a.b": 1}}`, "ab", true},
		{`{"$unset": "a.b"}`, "a.c", true}, {`{"$unset": "a.b"}`, "a.b.c", false},
	} {
		p, err := CompilePlain(parsed(t, "["+row.stage+"]"), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.steps[0].(*reshape).leaves(row.path); got != row.want {
			t.Errorf("%s and %s: %v", row.stage, row.path, got)
		}
	}
}
