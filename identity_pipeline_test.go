package virga

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
)

func TestJoinsUnderRules(t *testing.T) {
	ctx := context.Background()
	db, crm := openTest(t), openTest(t)
	owned(t, db, "c")
	owned(t, db, "d")
	owned(t, crm, "e")
	if err := db.Attach("crm", crm); err != nil {
		t.Fatal(err)
	}
	setRules(t, db.Collection("c"), "READONLY")
	mine := db.As(alice).Collection("c")
	pipelines := func(from string) map[string]*Aggregation {
		return map[string]*Aggregation{
			"lookup":             mine.Aggregate().Limit(1).Lookup(aggregate.LookupOptions{From: from, LocalField: "n", ForeignField: "n", As: "l"}).Unwind("$l"),
			"lookup by pipeline": mine.Aggregate().Limit(1).Lookup(aggregate.LookupOptions{From: from, Pipeline: aggregate.New().Match(M{"n": 1}), As: "l"}).Unwind("$l"),
			"graph": mine.Aggregate().Limit(1).GraphLookup(aggregate.GraphLookupOptions{
				From: from, StartWith: "$n", ConnectFromField: "x", ConnectToField: "n", As: "l"}).Unwind("$l"),
			"union": mine.Aggregate().Match(M{"_id": "none"}).UnionWith(from),
		}
	}
	for _, from := range []string{"d", "crm.e"} {
		foreign := db.Collection("d")
		if from != "d" {
			foreign = crm.Collection("e")
		}
		for _, x := range []struct {
			rules string
			n     int // -1: denied
		}{{"READONLY", 3}, {"PRIVATE", 1}, {"ADMINONLY", -1}, {`{"read": "doc.n == 1"}`, -1}, {`{"read": true}`, 3}} {
			setRules(t, foreign, x.rules)
			for name, a := range pipelines(from) {
				rows, err := a.All(ctx)
				switch {
				case x.n >= 0 && (err != nil || len(rows) != x.n):
					t.Errorf("%s of %s under %s: %d, %v", name, from, x.rules, len(rows), err)
				case x.n < 0 && x.rules != "ADMINONLY" && name != "union":
					if err != nil { // it asks for documents whose n is 1, which proves the rule
						t.Errorf("%s of %s under %s: %v", name, from, x.rules, err)
					}
				case x.n < 0 && !errors.Is(err, ErrDenied):
					t.Errorf("%s of %s under %s: %v", name, from, x.rules, err)
				}
			}
		}
	}
}

// TestPlaceholdersInPipelines asks for the caller wherever a stage takes conditions.
func TestPlaceholdersInPipelines(t *testing.T) {
	onEngines(t, func(t *testing.T, open func(...Option) *DB) {
		ctx := context.Background()
		db := open()
		for _, name := range []string{"c", "d"} {
			for i, id := range []string{"a", "b", "c"} {
				doc := M{"_id": id, "who": []string{"alice", "bob", "{openid}"}[i], "n": 1, "at": M{"type": "Point", "coordinates": []any{i, 0}}}
				if _, err := db.Collection(name).Add(ctx, doc); err != nil {
					t.Fatal(err)
				}
			}
			setRules(t, db.Collection(name), `{"read": "doc.who == auth.openid || doc._id == 'c'"}`)
		}
		own := M{"who": "{openid}"}
		inner := aggregate.New().Match(own)
		c := db.As(bob).Collection("c")
		for name, a := range map[string]*Aggregation{
			"match":    c.Aggregate().Match(own),
			"raw":      c.Aggregate().Raw(`[{"$match": {"$or": [{"who": "{openid}", "$expr": {"$eq": ["$who", "{openid}"]}}]}}]`),
			"near":     c.Aggregate().GeoNear(aggregate.GeoNearOptions{Near: geo.Point{0, 0}, DistanceField: "far", Key: "at", Query: own}),
			"raw near": c.Aggregate().Raw(`[{"$geoNear": {"near": {"type": "Point", "coordinates": [0, 0]}, "distanceField": "far", "key": "at", "query": {"who": "{openid}"}}}]`),
			"lookup": c.Aggregate().Match(own).Lookup(aggregate.LookupOptions{From: "d", Pipeline: inner, As: "l"}).Unwind("$l").
				ReplaceRoot("$l"),
			"lookup of equal values": c.Aggregate().Match(own).Lookup(aggregate.LookupOptions{From: "d", LocalField: "n", ForeignField: "n", Pipeline: inner, As: "l"}).
				Unwind("$l").ReplaceRoot("$l"),
			"lookup in a lookup": c.Aggregate().Match(own).Lookup(aggregate.LookupOptions{From: "d", As: "l", Pipeline: inner.
				Lookup(aggregate.LookupOptions{From: "c", Pipeline: inner, As: "l"})}).Unwind("$l").ReplaceRoot("$l").Unwind("$l").ReplaceRoot("$l"),
			"union": c.Aggregate().Match(M{"_id": "c"}).UnionWith("d", inner).Skip(1),
			"facet": c.Aggregate().Match(M{"$or": []any{own, M{"_id": "c"}}}).Facet(M{"l": inner}).Unwind("$l").ReplaceRoot("$l"),
			"graph": c.Aggregate().Match(own).GraphLookup(aggregate.GraphLookupOptions{From: "d", StartWith: "$n", ConnectFromField: "x", ConnectToField: "n",
				As: "l", Match: own}).Unwind("$l").ReplaceRoot("$l"),
			"raw graph": c.Aggregate().Match(own).Raw(`[{"$graphLookup": {"from": "d", "startWith": "$n", "connectFromField": "x", "connectToField": "n",
				"as": "l", "restrictSearchWithMatch": {"who": "{openid}"}}}, {"$unwind": "$l"}, {"$replaceRoot": {"newRoot": "$l"}}]`),
		} {
			rows, err := a.All(ctx)
			if err != nil || len(rows) != 1 || rows[0].ID().String() != `"b"` {
				t.Errorf("%s: %v, %v", name, rows, err)
			}
			if _, err := db.As(rules.Auth{}).Collection("c").Aggregate().Raw(a.pipe.Stages()).All(ctx); !errors.Is(err, ErrDenied) {
				t.Errorf("%s by nobody: %v", name, err)
			}
		}
		e, err := c.Aggregate().Match(own).AddFields(M{"uid": "{uid}"}).Explain(ctx)
		if text := fmt.Sprint(e.Modifications); err != nil || text != "[{{openid} bob}]" {
			t.Errorf("explained: %s, %v", text, err)
		}
		rows, err := db.Collection("c").Aggregate().Match(own).All(ctx)
		if err != nil || len(rows) != 1 || rows[0].ID().String() != `"c"` {
			t.Errorf("the program's own: %v, %v", rows, err)
		}
		rows, err = c.Aggregate().Match(own).AddFields(M{"who": "{openid}"}).All(ctx)
		if err != nil || len(rows) != 1 || rows[0].Lookup("who").String() != `"{openid}"` {
			t.Errorf("a value that is no condition: %v, %v", rows, err)
		}
	})
}

// TestAlternativesProveAsFindsDo holds what a $match proves to what the same filter
// proves in a query, with expressions in it or without.
func TestAlternativesProveAsFindsDo(t *testing.T) {
	onEngines(t, func(t *testing.T, open func(...Option) *DB) {
		ctx := context.Background()
		db := open()
		for _, name := range []string{"c", "d"} {
			setRules(t, owned(t, db, name), `{"read": "doc._openid == auth.openid || doc.n == 2"}`)
		}
		mine := db.As(alice).Collection("c")
		own, other := D{{"_openid", "alice"}}, D{{"_openid", "bob"}}
		truth := E{"$expr", D{{"$eq", []any{"$n", 1}}}}
		for _, x := range []struct {
			filter  D
			allowed bool
		}{
			{D{{"$or", []any{D{own[0], truth}, D{{"n", 2}}}}}, true},
			{D{{"$or", []any{D{own[0], truth}, D{truth}}}}, false},
			{D{{"$or", []any{D{own[0], truth}, D{other[0], truth}}}}, false},
			{D{{"$or", []any{D{{"$and", []any{own, D{truth}}}}, D{{"$or", []any{D{truth, own[0]}, D{{"n", 2}}}}}}}}, true},
			{D{{"$nor", []any{D{truth}, D{{"_openid", D{{"$ne", "alice"}}}}}}}, true},
			{D{{"$nor", []any{D{truth, {"_openid", D{{"$ne", "alice"}}}}}}}, false},
			{D{{"$nor", []any{D{truth}, D{{"$nor", []any{own}}}}}}, true},
			{D{{"$nor", []any{D{{"$nor", []any{own, D{truth}}}}}}}, false},
			{D{{"$and", []any{D{{"$or", []any{D{truth, own[0]}, own}}}, D{truth}}}}, true},
			{D{{"$or", []any{D{}, D{own[0], truth}}}}, false},
		} {
			for name, ask := range map[string]func() error{
				"find":  func() error { _, err := mine.Where(query.Raw(x.filter)).Get(ctx); return err },
				"match": func() error { _, err := mine.Aggregate().Raw([]any{D{{"$match", x.filter}}}).All(ctx); return err },
				"lookup": func() error {
					_, err := mine.Aggregate().Match(own).Raw([]any{D{{"$lookup", D{{"from", "d"}, {"as", "l"}, {"pipeline", []any{D{{"$match", x.filter}}}}}}}}).All(ctx)
					return err
				},
				"lookup with variables": func() error {
					_, err := mine.Aggregate().Match(own).Raw([]any{D{{"$lookup", D{{"from", "d"}, {"as", "l"}, {"let", D{{"n", "$n"}}}, {"pipeline", []any{
						D{{"$match", x.filter}}, D{{"$match", D{{"$expr", D{{"$eq", []any{"$n", "$$n"}}}}}}}}}}}}}).All(ctx)
					return err
				},
				"union": func() error {
					_, err := mine.Aggregate().Match(own).Raw([]any{D{{"$unionWith", D{{"coll", "d"}, {"pipeline", []any{D{{"$match", x.filter}}}}}}}}).All(ctx)
					return err
				},
			} {
				if err := ask(); x.allowed && err != nil || !x.allowed && !errors.Is(err, ErrDenied) {
					t.Errorf("%s by %s: %v", shown([]any{x.filter}), name, err)
				}
			}
		}
	})
}

// TestConditionsTooLargeTogether asks what is small enough for one filter condition by
// condition and too large for one as a whole.
func TestConditionsTooLargeTogether(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := db.Collection("c")
	for i := range 5 {
		if _, err := c.Add(ctx, M{"_id": i, "n": i}); err != nil {
			t.Fatal(err)
		}
	}
	large := []any{strings.Repeat("x", 9<<20), 1}
	for name, a := range map[string]*Aggregation{
		"two stages": c.Aggregate().Match(M{"n": query.In(large)}).Match(M{"_id": query.In(large)}),
		"one stage":  c.Aggregate().Match(M{"n": query.In(large), "_id": query.In(large)}),
		"a pin":      c.Aggregate().Raw([]any{D{{"$match", D{{"n", D{{"$in", large}}}, {"_id", D{{"$in", large}}}, {"$expr", D{{"$eq", []any{"$n", 1}}}}}}}}),
	} {
		rows, err := a.All(ctx)
		if err != nil || len(rows) != 1 || rows[0].ID().String() != "1" {
			t.Errorf("%s: %d documents, %v", name, len(rows), err)
		}
	}
}
