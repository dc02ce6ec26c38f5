package virga

import (
	"fmt"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// wideFields is how many fields a wide request has. To hold each of them against all
// others would take the tests of this file a minute.
const wideFields = 20_000

// wide returns an object of many fields, called f0, f1 and so on with before in front.
func wide(before string, value func(i int) any) D {
	d := make(D, wideFields)
	for i := range d {
		d[i] = E{fmt.Sprintf("%sf%d", before, i), value(i)}
	}
	return d
}

func wideList(value func(i int) any) []any {
	list := make([]any, wideFields)
	for i := range list {
		list[i] = value(i)
	}
	return list
}

func itself(i int) any { return i }
func kept(int) any     { return 1 }
func pathOf(i int) any { return fmt.Sprintf("$f%d", i) }

// openWide returns a collection of a wide document, called 1, and a narrow one.
func openWide(t *testing.T) *Collection {
	c := openTest(t).Collection("shop")
	if err := c.CreateIndex(ctx(), index.Spec{Fields: index.By("f7", "f8")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddMany(ctx(), []any{append(D{{"_id", "wide"}}, wide("", itself)...), M{"_id": "narrow", "f7": 7}}); err != nil {
		t.Fatal(err)
	}
	return c
}

// Conditions on many fields find what those on a few do, and find it soon.
func TestWideConditions(t *testing.T) {
	c := openWide(t)
	for name, row := range map[string]struct {
		cond any
		want string
	}{
		"all equal":      {wide("", itself), "wide"},
		"a range each":   {wide("", func(i int) any { return query.Gte(i) }), "wide"},
		"one differs":    {append(wide("", itself)[1:], E{"f0", 5}), ""},
		"any":            {M{"$or": wideList(func(i int) any { return D{{fmt.Sprintf("f%d", i), i}} })}, "narrow wide"},
		"none of values": {M{"$and": wideList(func(i int) any { return D{{"f7", query.Neq(-i)}} })}, "narrow wide"},
		"an expression":  {M{"$expr": M{"$and": wideList(func(i int) any { return D{{"$gte", []any{pathOf(i), i}}} })}}, "wide"},
	} {
		docs, err := c.Where(row.cond).Get(ctx())
		if got := idsOf(docs, err); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
		docs, err = c.Aggregate().Match(row.cond).All(ctx())
		if got := idsOf(docs, err); got != row.want {
			t.Errorf("match, %s: %s, want %s", name, got, row.want)
		}
	}
}

// Pipelines over many fields make what those over a few do, and make it soon.
func TestWidePipelines(t *testing.T) {
	c := openWide(t)
	sums := wide("", func(i int) any { return aggregate.Sum(pathOf(i)) })
	inner := D{{"from", "shop"}, {"let", wide("", pathOf)}, {"as", "l"}, {"pipeline", []any{D{{"$project", wide("", func(i int) any { return fmt.Sprintf("$$f%d", i) })}}}}}
	for name, row := range map[string]struct {
		stages []any
		path   string // in the last document, the wide one where its _id is kept
		want   string
	}{
		"group":           {[]any{D{{"$group", append(D{{"_id", nil}}, sums...)}}}, "f7", "14"},
		"group computed":  {[]any{D{{"$group", append(D{{"_id", nil}}, wide("", func(i int) any { return aggregate.Sum(aggregate.Add(pathOf(i), 1)) })...)}}}, "f7", "16"},
		"group by":        {[]any{D{{"$group", D{{"_id", wide("", pathOf)}}}}, D{{"$replaceRoot", D{{"newRoot", "$_id"}}}}, D{{"$addFields", D{{"_id", 1}}}}}, "f19999", "19999"},
		"group by more":   {[]any{D{{"$group", D{{"_id", wide("", func(i int) any { return aggregate.Not(pathOf(i)) })}}}}, D{{"$replaceRoot", D{{"newRoot", "$_id"}}}}, D{{"$addFields", D{{"_id", 1}}}}}, "f19999", "true"},
		"project":         {[]any{D{{"$project", wide("", kept)}}}, "f19999", "19999"},
		"project without": {[]any{D{{"$project", wide("", func(int) any { return 0 })}}}, "f19999", ""},
		"project below":   {[]any{D{{"$project", wide("a.", pathOf)}}}, "a.f19999", "19999"},
		"add":             {[]any{D{{"$addFields", wide("a", pathOf)}}}, "af19999", "19999"},
		"add below":       {[]any{D{{"$addFields", wide("a.", pathOf)}}, D{{"$project", wide("a.", kept)}}}, "a.f19999", "19999"},
		"unset":           {[]any{D{{"$unset", wideList(func(i int) any { return fmt.Sprintf("f%d", i) })}}}, "f19999", ""},
		"match behind":    {[]any{D{{"$addFields", wide("a", pathOf)}}, D{{"$match", wide("", itself)}}, D{{"$match", wide("a", itself)}}, D{{"$sort", D{{"f1", 1}}}}, D{{"$unwind", "$f2"}}}, "af19999", "19999"},
		"lookup":          {[]any{D{{"$match", D{{"_id", "wide"}}}}, D{{"$lookup", inner}}}, "l.0.f19999", "19999"},
		"facet":           {[]any{D{{"$match", D{{"_id", "narrow"}}}}, D{{"$facet", wide("", func(i int) any { return []any{D{{"$project", D{{"f7", 1}}}}} })}}, D{{"$addFields", D{{"_id", 1}}}}}, "f19999.0.f7", "7"},
	} {
		docs, err := c.Aggregate().Raw(row.stages).All(ctx())
		if err != nil || len(docs) == 0 {
			t.Errorf("%s: %d documents, %v", name, len(docs), err)
			continue
		}
		if got := docs[len(docs)-1].Lookup(row.path); got.String() != row.want {
			t.Errorf("%s: %s is %s, want %s", name, row.path, got, row.want)
		}
	}
}

// Updates of many fields do what those of a few do, and a wide projection and a wide
// order are what narrow ones are.
func TestWideRest(t *testing.T) {
	c := openWide(t)
	if _, err := c.Doc("wide").Update(ctx(), wide("", func(int) any { return query.Inc(1) })); err != nil {
		t.Fatal(err)
	}
	docs, err := c.Where(M{"_id": "wide"}).Field(wide("", kept)).Get(ctx())
	if err != nil || len(docs) != 1 || docs[0].Lookup("f19999").String() != "20000" {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	_, err = c.Aggregate().Sort(wide("", kept)).All(ctx())
	mustRefuse(t, "sort", err, refusal{"", nil, ErrInvalid, "*", "the limit is 32"})
	ordered, spec := c.Where(nil), index.Spec{}
	for i := range wideFields {
		ordered = ordered.OrderBy(fmt.Sprint("f", i), Desc)
		spec.Fields = append(spec.Fields, index.Field{Path: fmt.Sprint("f", i)})
	}
	_, err = ordered.Get(ctx())
	mustRefuse(t, "order", err, refusal{"", nil, ErrInvalid, "*", "the limit is 32"})
	err = c.CreateIndex(ctx(), spec)
	mustRefuse(t, "index", err, refusal{"", nil, ErrInvalid, "*", "the limit is 31"})
	if n := len(err.Error()); n > 200 {
		t.Errorf("the index is refused in %d bytes", n)
	}
}
