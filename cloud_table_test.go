package virga

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/watch"
)

// TestCloudFilters: what conditions mean in the cloud, one document each.
func TestCloudFilters(t *testing.T) {
	nested, tags, scores := M{"a": D{{"b", 1}, {"c", 2}}}, M{"tags": []any{"x", "y"}}, M{"s": []any{10, 30}}
	for _, c := range []struct {
		doc, where M
		match      bool
	}{
		{nested, M{"a": M{"b": 1}}, true},
		{nested, M{"a": query.Eq(M{"b": 1})}, false},
		{nested, M{"a": query.Eq(D{{"c", 2}, {"b", 1}})}, false},
		{nested, M{"a": query.Eq(D{{"b", 1}, {"c", 2}})}, true},
		{tags, M{"tags": "x"}, true},
		{tags, M{"tags": []any{"x"}}, false},
		{tags, M{"tags": query.All([]any{"y", "x"})}, true},
		{scores, M{"s": query.Gt(25).And(query.Lt(15))}, true},
		{scores, M{"s": query.ElemMatch(query.Gt(25).Lt(15))}, false},
		{M{}, M{"a": nil}, true},
		{M{}, M{"a": query.Neq(1)}, true},
		{M{}, M{"a": query.Nin([]any{1})}, true},
		{M{}, M{"a": query.Not(query.Gt(1))}, true},
		{M{}, M{"a": query.Exists(false)}, true},
		{M{"a": nil}, M{"a": query.Exists(true)}, true},
		{M{"a": "5"}, M{"a": query.Gt(1)}, false},
		{M{"a": 1, "b": 9}, M{"a": query.Or(query.Eq(1), query.Eq(2)), "b": query.Or(query.Eq(3), query.Eq(4))}, false},
		{M{"a": 1, "b": 4}, M{"a": query.Or(query.Eq(1), query.Eq(2)), "b": query.Or(query.Eq(3), query.Eq(4))}, true},
		{M{"a": 1}, M{"a": M{}}, false},
		{M{"a": M{}}, M{"a": M{}}, true},
	} {
		coll := openTest(t).Collection("c")
		mustAdd(t, coll, c.doc)
		if n, err := coll.Where(c.where).Count(ctx()); err != nil || (n == 1) != c.match {
			t.Errorf("%v of %v: %d, %v, want a match: %v", c.where, c.doc, n, err, c.match)
		}
	}
}

// TestCloudUpdates: what updates do in the cloud.
func TestCloudUpdates(t *testing.T) {
	for _, c := range []struct {
		doc, update any
		want        string // without the _id; "!" and why it is refused; "=" when nothing changes
	}{
		{M{"a": M{"b": 1}}, M{"a": M{"c": 2}}, `"a":{"b":1,"c":2}`},
		{M{"a": M{"b": 1}}, M{"a": query.Set(M{"c": 2})}, `"a":{"c":2}`},
		{M{"a": nil}, M{"a": M{"c": 2}}, "!"},
		{M{}, D{{"n", query.Inc(2)}, {"m", query.Mul(3)}, {"p", query.Push(1)}, {"q", query.Max(5)}}, `"n":2,"m":0,"p":[1],"q":5`},
		{M{"p": []any{1}}, M{"p": query.Push([]any{2, 3})}, `"p":[1,2,3]`},
		{M{"p": []any{1}}, M{"p": query.Push([]any{[]any{2, 3}})}, `"p":[1,[2,3]]`},
		{M{"p": []any{3, 1}}, M{"p": query.Push(M{"each": []any{2}, "sort": 1, "slice": -2})}, `"p":[2,3]`},
		{M{"p": []any{1, 2}}, M{"p": query.Push(M{"each": []any{9}, "position": -1})}, `"p":[1,9,2]`},
		{M{"p": []any{1, 2, 2}}, M{"p": query.AddToSet(2)}, "="},
		{D{{"p", []any{D{{"x", 1}, {"y", 1}}, M{"x": 1}}}}, M{"p": query.Pull(M{"x": 1})}, `"p":[]`},
		{D{{"p", []any{D{{"x", 1}, {"y", 1}}, M{"x": 1}}}}, M{"p": query.PullAll([]any{M{"x": 1}})}, `"p":[{"x":1,"y":1}]`},
		{M{"p": []any{1, 2}}, M{"p.0": query.Remove()}, `"p":[null,2]`},
		{M{"a": 1}, M{"_id": 1}, "!"},
	} {
		coll := openTest(t).Collection("c")
		id, err := coll.Add(ctx(), c.doc)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := coll.Doc(id).Get(ctx())
		res, err := coll.Doc(id).Update(ctx(), c.update)
		after, _ := coll.Doc(id).Get(ctx())
		switch want := fmt.Sprintf(`{"_id":%s,%s}`, id, c.want); {
		case c.want == "!":
			if !errors.Is(err, ErrInvalid) || after.String() != before.String() {
				t.Errorf("%v of %v: %v, %v", c.update, before, after, err)
			}
		case c.want == "=":
			if err != nil || res.Updated != 0 || after.String() != before.String() {
				t.Errorf("%v of %v: %+v, %v, %v", c.update, before, res, after, err)
			}
		case err != nil || after.String() != want:
			t.Errorf("%v of %v: %v, %v, want %s", c.update, before, after, err, want)
		}
	}
}

// TestCloudWrites: the rest of what the cloud documents of writes.
func TestCloudWrites(t *testing.T) {
	coll := openTest(t).Collection("c")
	if res, err := coll.Doc("x").Update(ctx(), M{"a": 1}); err != nil || res.Updated != 0 {
		t.Errorf("update of nothing: %+v, %v", res, err)
	}
	if _, err := coll.Doc("x").Get(ctx()); !errors.Is(err, ErrNotFound) {
		t.Errorf("get of nothing: %v", err)
	}
	if _, err := coll.Doc("x").Set(ctx(), M{"a": query.Inc(1)}); !errors.Is(err, ErrInvalid) {
		t.Errorf("set with a command: %v", err)
	}
	if res, err := coll.Doc("x").Set(ctx(), M{"a": 1}); err != nil || res.Created != 1 {
		t.Errorf("set of nothing: %+v, %v", res, err)
	}
	mustAdd(t, coll, M{"a": 1})
	mustAdd(t, coll, M{"a": 1, "s": []any{1, 2, 3}})
	if _, err := coll.Where(M{"s": 2}).Update(ctx(), M{"s.$": 9}); err != nil {
		t.Errorf("update of the element found: %v", err)
	}
	if n, err := coll.Where(M{"s": query.Eq([]any{1, 9, 3})}).Count(ctx()); n != 1 || err != nil {
		t.Errorf("the element found: %d, %v", n, err)
	}
	if res, err := coll.Where(M{"a": 1}).Remove(ctx()); err != nil || res.Removed != 3 {
		t.Errorf("remove: %+v, %v", res, err)
	}
	if err := coll.CreateIndex(ctx(), index.Spec{Fields: index.By("email"), Unique: true}); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, coll, M{})
	if _, err := coll.Add(ctx(), M{}); !errors.Is(err, ErrDuplicate) {
		t.Errorf("a second document without a unique field: %v", err)
	}
	dates := openTest(t).Collection("c")
	id, err := dates.Add(ctx(), M{"a": query.ServerDate(0), "b": query.ServerDate(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := dates.Doc(id).Get(ctx())
	if err != nil {
		t.Fatal(err)
	}
	a, _ := doc.Lookup("a").Millis()
	b, _ := doc.Lookup("b").Millis()
	if b-a != 1000 {
		t.Errorf("two dates of one request, a second apart, are %d ms apart", b-a)
	}
}

// TestCloudOrder: null and missing come first, arrays by their least or greatest element.
func TestCloudOrder(t *testing.T) {
	coll := openTest(t).Collection("c")
	for _, doc := range []M{
		{"_id": 1, "b": 3, "t": []any{5, 1}}, {"_id": 2, "b": nil, "t": []any{3}}, {"_id": 3, "t": 0}, {"_id": 4, "b": "x", "t": 9},
	} {
		mustAdd(t, coll, doc)
	}
	for _, c := range []struct {
		path string
		dir  Direction
		want string
	}{{"b", Asc, "[2 3 1 4]"}, {"b", Desc, "[4 1 2 3]"}, {"t", Asc, "[3 1 2 4]"}, {"t", Desc, "[4 1 2 3]"}} {
		docs, err := coll.Where(nil).OrderBy(c.path, c.dir).Get(ctx())
		var ids []ID
		for _, d := range docs {
			ids = append(ids, d.ID())
		}
		if got := fmt.Sprint(ids); err != nil || got != c.want {
			t.Errorf("by %s, %v: %s, %v, want %s", c.path, c.dir, got, err, c.want)
		}
	}
}

// TestCloudPipelines: what stages and expressions mean in the cloud.
func TestCloudPipelines(t *testing.T) {
	coll := openTest(t).Collection("c")
	mustAdd(t, coll, M{"_id": 1, "n": 20, "e": []any{}, "day": time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)})
	mustAdd(t, coll, M{"_id": 2, "x": nil})
	one := func() *Aggregation { return coll.Aggregate().Match(M{"_id": 1}) }
	value := func(expression any) *Aggregation { return one().ReplaceRoot(M{"v": expression}) }
	for name, c := range map[string]struct {
		a    *Aggregation
		want string // "!" for an error
	}{
		"group of missing and null": {coll.Aggregate().Group("$x", M{"n": aggregate.Sum(1)}), `[{"_id":null,"n":2}]`},
		"lookup of missing": {one().Lookup(aggregate.LookupOptions{From: "c", LocalField: "gone", ForeignField: "none", As: "l"}).
			Project(M{"n": aggregate.Size("$l")}), `[{"_id":1,"n":2}]`},
		"unwind of nothing":          {one().Unwind("$e"), `[]`},
		"size of missing":            {value(aggregate.Size("$missing")), "!"},
		"missing is not null":        {value(aggregate.Eq("$missing", nil)), `[{"v":false}]`},
		"concat with null":           {value(aggregate.Concat("a", nil)), `[{"v":null}]`},
		"division by zero":           {value(aggregate.Divide(1, 0)), "!"},
		"a Monday":                   {value(aggregate.DayOfWeek("$day")), `[{"v":2}]`},
		"a date in Shanghai":         {value(aggregate.Op("dateToString", M{"date": "$day", "format": "%Y-%m-%d %H", "timezone": "Asia/Shanghai"})), `[{"v":"2024-01-01 08"}]`},
		"an operator without a name": {value(aggregate.Op("", 1)), "!"},
		"count of nothing":           {coll.Aggregate().Match(M{"_id": 9}).Count("n"), `[]`},
		"a value in no bucket":       {one().Bucket(aggregate.BucketOptions{By: "$n", Boundaries: []any{0, 10, 20}}), "!"},
		"a value in another bucket":  {one().Bucket(aggregate.BucketOptions{By: "$n", Boundaries: []any{0, 10, 20}, Default: "more"}), `[{"_id":"more","count":1}]`},
	} {
		docs, err := c.a.All(ctx())
		if got := fmt.Sprint(docs); c.want == "!" && err == nil || c.want != "!" && (err != nil || got != c.want) {
			t.Errorf("%s: %s, %v, want %s", name, got, err, c.want)
		}
	}
}

// TestCloudStreams: what a live query tells of changes in and around its limit.
func TestCloudStreams(t *testing.T) {
	db := openTest(t)
	coll := db.Collection("c")
	for i, score := range []int{5, 4, 3} {
		mustAdd(t, coll, M{"_id": i + 1, "score": score, "done": false})
	}
	top, err := coll.Where(nil).OrderBy("score", Desc).Limit(2).Watch(ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer top.Close()
	open, err := coll.Where(M{"done": false, "_id": query.Lte(2)}).Watch(ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	told := func(s *watch.Stream) string {
		snap, err := s.Next(ctx())
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, c := range snap.Changes {
			text := fmt.Sprintf("%s/%s %v", c.DataType, c.QueueType, c.DocID)
			if len(c.UpdatedFields) > 0 {
				text += fmt.Sprint(" ", c.UpdatedFields)
			}
			texts = append(texts, text)
		}
		return strings.Join(texts, ", ")
	}
	told(top)
	told(open)
	for _, c := range []struct {
		write  func() error
		stream *watch.Stream
		want   string
	}{
		{func() error { _, err := coll.Doc(3).Update(ctx(), M{"score": 6}); return err }, top, "update/enqueue 3 map[score:6], limit/dequeue 2"},
		{func() error { _, err := coll.Doc(3).Remove(ctx()); return err }, top, "remove/dequeue 3, limit/enqueue 2"},
		{func() error { _, err := coll.Doc(1).Update(ctx(), M{"done": true}); return err }, open, "update/dequeue 1 map[done:true]"},
		{func() error { _, err := coll.Doc(2).Set(ctx(), M{"score": 4, "done": false}); return err }, open, "replace/update 2"},
	} {
		if err := c.write(); err != nil {
			t.Fatal(err)
		}
		if got := told(c.stream); got != c.want {
			t.Errorf("told %s, want %s", got, c.want)
		}
	}
}
