package virga

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// degree is a degree of a great circle in metres.
const degree = math.Pi / 180 * geo.EarthRadius

// shops returns a collection with a shop on the equator at each of some degrees east,
// whose _id says where.
func shops(t *testing.T, db *DB, degrees ...float64) *Collection {
	t.Helper()
	c := db.Collection("shops")
	for i, lng := range degrees {
		mustAdd(t, c, M{"_id": fmt.Sprint(lng), "place": geo.Point{lng, 0}, "even": i%2 == 0})
	}
	mustAdd(t, c, M{"_id": "nowhere"})
	mustAdd(t, c, M{"_id": "wrong", "place": M{"type": "Point", "coordinates": []int{1000, 0}}})
	return c
}

// idsOf returns the ids of documents, joined by spaces.
func idsOf(docs []Doc, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	ids := []string{}
	for _, d := range docs {
		text, _ := d.Value().Field("_id").Text()
		ids = append(ids, text)
	}
	return strings.Join(ids, " ")
}

// onBoth runs a test on both engines.
func onBoth(t *testing.T, test func(t *testing.T, db *DB)) {
	t.Run("memory", func(t *testing.T) { test(t, openTest(t, Memory)) })
	t.Run("badger", func(t *testing.T) { test(t, openWith(t, filepath.Join(t.TempDir(), "geo.virga"), Fast)) })
}

// TestGeoQueries asks without an index, then with one of the plain kind on the places,
// and then with a geo index.
func TestGeoQueries(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		c := shops(t, db, 5, 1, 4, 2, 3, -1)
		geoQueries(t, c)
		if err := c.CreateIndex(t.Context(), index.Spec{Fields: index.By("place", "even")}); err != nil {
			t.Fatal(err)
		}
		geoQueries(t, c)
		if err := c.CreateIndex(t.Context(), index.Spec{Geo: "place"}); errors.Is(err, ErrInvalid) {
			if _, err := c.Doc("wrong").Remove(t.Context()); err != nil {
				t.Fatal(err)
			}
			err = c.CreateIndex(t.Context(), index.Spec{Geo: "place"})
			if err != nil {
				t.Fatal(err)
			}
			mustAdd(t, c, M{"_id": "wrong", "place": nil})
		} else if geo.HasCells || !errors.Is(err, ErrNotImplemented) {
			t.Fatalf("a geo index over a place that is none: %v", err)
		}
		geoQueries(t, c)
		if got := idsOf(c.Aggregate().GeoNear(aggregate.GeoNearOptions{Near: geo.Point{4.4, 0}, DistanceField: "m", Limit: 2}).All(t.Context())); got != "4 5" && geo.HasCells {
			t.Errorf("the stage without a key found %s", got)
		}
	})
}

func geoQueries(t *testing.T, c *Collection) {
	t.Helper()
	ctx := t.Context()
	near := func(o ...query.NearOptions) *Query {
		return c.Where(M{"place": query.GeoNear(geo.Point{0.1, 0}, o...)})
	}
	west := geo.Polygon{{{-10, -10}, {2.5, -10}, {2.5, 10}, {-10, 10}, {-10, -10}}}
	for _, row := range []struct {
		want string
		q    *Query
	}{
		{"1 -1 2 3 4 5", near()},
		{"1 -1 2", near().Limit(3)},
		{"2 3", near().Skip(2).Limit(2)},
		{"2 3", near(query.NearOptions{Min: 1.5 * degree, Max: 3 * degree})},
		{"-1 1", near(query.NearOptions{Min: 0.5 * degree, Max: 1.2 * degree}).OrderBy("_id", Asc)},
		{"5 4 3 2 1 -1", near().OrderBy("_id", Desc)},
		{"1 -1 2", near().Where(M{"place": query.GeoNear(geo.Point{0.1, 0}), "even": false})},
		{"2 3 4 5", near().After(Doc{})},
		{"-1 1 2", c.Where(M{"place": query.GeoWithin(west)})},
		{"3 4 5 nowhere wrong", c.Where(M{"place": query.Not(query.GeoWithin(west))})},
		{"-1 1", c.Where(M{"place": query.GeoWithin(geo.Circle{Center: geo.Point{0, 0}, Radius: degree})})},
		{"3 4", c.Where(M{"place": query.GeoIntersects(geo.LineString{{2.5, 0}, {4.5, 0}})})},
		{"-1 1 3 4", c.Where(query.Or(M{"place": query.GeoIntersects(geo.LineString{{2.5, 0}, {4.5, 0}})},
			M{"place": query.GeoWithin(geo.Circle{Center: geo.Point{0, 0}, Radius: degree})}))},
		{"1 -1 2", near().Where(M{"place": query.GeoNear(geo.Point{0.1, 0}).GeoWithin(west)})},
	} {
		q := row.q
		if row.want == "2 3 4 5" { // behind the second
			docs, err := near().Limit(2).Get(ctx)
			if err != nil {
				t.Fatal(err)
			}
			q = near().After(docs[1])
		}
		if got := idsOf(q.Get(ctx)); got != row.want {
			t.Errorf("found %s, want %s", got, row.want)
		}
	}
	if n, err := near(query.NearOptions{Max: 2 * degree}).Count(ctx); n != 3 || err != nil {
		t.Errorf("counted %d, %v", n, err)
	}
	if ok, err := near(query.NearOptions{Min: 6 * degree}).Exists(ctx); ok || err != nil {
		t.Errorf("exists %v, %v", ok, err)
	}
	if list, err := near(query.NearOptions{Max: 3 * degree}).Distinct(ctx, "even"); len(list) != 2 || err != nil {
		t.Errorf("distinct %v, %v", list, err)
	}
	doc, err := near().Field(M{"even": true}).One(ctx)
	if err != nil || doc.String() != `{"_id":"1","even":false}` {
		t.Errorf("one %v, %v", doc, err)
	}
	far, _ := c.Doc("nowhere").Get(ctx)
	if _, err := near().After(far).Get(ctx); !errors.Is(err, ErrInvalid) {
		t.Errorf("after a document without a place: %v", err)
	}
	if docs, err := c.db.Collection("none").Where(M{"place": query.GeoNear(geo.Point{})}).Get(ctx); len(docs) != 0 || err != nil {
		t.Errorf("in no collection: %v, %v", docs, err)
	}
}

func TestGeoQueriesWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		ctx := t.Context()
		c := shops(t, db, 5, 1, 4, 2, 3, -1)
		near := c.Where(M{"place": query.GeoNear(geo.Point{0.1, 0}, query.NearOptions{Max: 2.5 * degree}), "taken": query.Exists(false)})
		for _, want := range []string{"1", "-1", "2", ""} { // the nearest that is free, until there is none
			res, err := near.UpdateAndReturn(ctx, M{"taken": true})
			if id, _ := res.Doc.Value().Field("_id").Text(); err != nil || id != want {
				t.Fatalf("took %v, %v, want %q", res, err, want)
			}
		}
		within := c.Where(M{"place": query.GeoWithin(geo.Circle{Center: geo.Point{4, 0}, Radius: 1.1 * degree})})
		if res, err := within.Update(ctx, M{"n": query.Inc(1)}); res.Updated != 3 || err != nil {
			t.Errorf("updated %+v, %v", res, err)
		}
		if res, err := c.Where(M{"place": query.GeoNear(geo.Point{4, 0}, query.NearOptions{Max: degree / 2})}).Update(ctx, M{"n": query.Inc(1)}); res.Updated != 1 || err != nil {
			t.Errorf("updated near %+v, %v", res, err)
		}
		if got := idsOf(c.Where(M{"n": 2}).Get(ctx)); got != "4" {
			t.Errorf("updated %s", got)
		}
		if res, err := c.Where(M{"place": query.GeoIntersects(geo.LineString{{0, 0}, {3.5, 0}})}).Remove(ctx); res.Removed != 3 || err != nil {
			t.Errorf("removed %+v, %v", res, err)
		}
		if got := idsOf(c.Where(nil).Get(ctx)); got != "-1 4 5 nowhere wrong" {
			t.Errorf("left %s", got)
		}
	})
}

func TestGeoInTransactions(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		shops(t, db, 1, 2, 3)
		err := db.RunTransaction(t.Context(), func(ctx context.Context, tx *Tx) error {
			c := tx.Collection("shops")
			if _, err := c.Add(ctx, M{"_id": "new", "place": geo.Point{1.5, 0}}); err != nil {
				return err
			}
			if _, err := c.Doc("3").Update(ctx, M{"place": geo.Point{0, 0}}); err != nil {
				return err
			}
			if _, err := c.Doc("2").Remove(ctx); err != nil {
				return err
			}
			near := c.Where(M{"place": query.GeoNear(geo.Point{0, 0})})
			if got := idsOf(near.Get(ctx)); got != "3 1 new" {
				t.Errorf("found %s", got)
			}
			stage := c.Aggregate().GeoNear(aggregate.GeoNearOptions{Near: geo.Point{0, 0}, Key: "place", DistanceField: "m"})
			if got := idsOf(stage.All(ctx)); got != "3 1 new" {
				t.Errorf("the stage found %s", got)
			}
			if got := idsOf(c.Where(M{"place": query.GeoWithin(geo.Circle{Radius: degree / 2})}).Get(ctx)); got != "3" {
				t.Errorf("within %s", got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.View(t.Context(), func(ctx context.Context, tx *Tx) error {
			if got := idsOf(tx.Collection("shops").Where(M{"place": query.GeoNear(geo.Point{0, 0})}).Limit(2).Get(ctx)); got != "3 1" {
				t.Errorf("a view finds %s", got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestGeoNearStage(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		ctx := t.Context()
		c := shops(t, db, 5, 1, 4, 2, 3, -1)
		o := aggregate.GeoNearOptions{Near: geo.Point{0.1, 0}, Key: "place", DistanceField: "at.km", Multiplier: 0.001}
		with := func(change func(*aggregate.GeoNearOptions)) *Aggregation {
			next := o
			change(&next)
			return c.Aggregate().GeoNear(next)
		}
		bounded := with(func(o *aggregate.GeoNearOptions) { o.Min, o.Max = degree, 4*degree })
		for _, row := range []struct {
			want string
			a    *Aggregation
		}{
			{"1 -1 2 3 4 5", c.Aggregate().GeoNear(o)},
			{"-1 2 3 4", bounded},
			{"1 -1", with(func(o *aggregate.GeoNearOptions) { o.Limit = 2 })},
			{"1", with(func(o *aggregate.GeoNearOptions) { o.Limit = 2 }).Match(M{"place": M{"type": "Point"}, "_id": "1"})},
			{"", with(func(o *aggregate.GeoNearOptions) { o.Limit = 2 }).Match(M{"_id": "5"})},
			{"1 -1 2", with(func(o *aggregate.GeoNearOptions) { o.Query = M{"even": false} }).Skip(0)},
			{"4 5", c.Aggregate().GeoNear(o).Match(M{"even": true}).Skip(1)},
			{"4 5", c.Aggregate().GeoNear(o).Match(M{"at": M{"km": query.Gt(3.5 * degree / 1000)}})},
			{"4 5", c.Aggregate().GeoNear(o).Match(M{"$expr": aggregate.Gt("$at.km", 3.5*degree/1000)})},
			{"1 -1", c.Aggregate().GeoNear(o).Match(M{"$expr": aggregate.Eq("$even", false)}).Limit(2)},
			{"5 4", c.Aggregate().GeoNear(o).Sort(D{{"at.km", -1}}).Limit(2)},
			{"1 -1 2", c.Aggregate().GeoNear(o).Match(M{"place": query.GeoWithin(geo.Circle{Radius: 10 * degree}), "even": false})},
		} {
			plain := *row.a
			plain.plain = true
			for name, a := range map[string]*Aggregation{"": row.a, "plain ": &plain} {
				if got := idsOf(a.All(ctx)); got != row.want {
					t.Errorf("%sfound %s, want %s", name, got, row.want)
				}
			}
		}
		rows, err := bounded.All(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []float64{1.1, 1.9, 2.9, 3.9} {
			if km, _ := rows[i].Lookup("at.km").Float64(); math.Abs(km-want*degree/1000) > 1e-9 {
				t.Errorf("%v is %v km away, want %v", rows[i], km, want*degree/1000)
			}
		}
		n, err := c.Aggregate().GeoNear(o).Count("n").One(ctx)
		if err != nil || n.String() != `{"n":6}` {
			t.Errorf("counted %v, %v", n, err)
		}
		e, err := c.Aggregate().GeoNear(o).Match(M{"even": true}).Limit(2).Explain(ctx)
		if err != nil || !strings.HasPrefix(e.String(), "scan | filter | top 2 by distance of place from [0.1, 0] | limit 2 | measure at.km") || e.Returned != 2 {
			t.Errorf("explained %v, %v", e, err)
		}
	})
}

// TestGeoNearLocations stores the nearest geometry of several.
func TestGeoNearLocations(t *testing.T) {
	c := openTest(t).Collection("chains")
	mustAdd(t, c, D{{"_id", "a"}, {"shops", []M{{"at": geo.Point{7, 0}}, {"at": geo.Point{2, 0}}}}})
	mustAdd(t, c, D{{"_id", "b"}, {"shops", []M{{"at": geo.Point{1, 0}}, {"at": geo.LineString{{3, 0}, {4, 0}}}}}})
	rows, err := c.Aggregate().GeoNear(aggregate.GeoNearOptions{Near: geo.Point{3, 0}, Key: "shops.at", DistanceField: "m", IncludeLocs: "loc"}).
		Project(M{"m": true, "loc": "$loc.coordinates"}).All(t.Context())
	want := []string{`{"_id":"b","m":0.0,"loc":[[3.0,0.0],[4.0,0.0]]}`, fmt.Sprintf(`{"_id":"a","m":%v,"loc":[2.0,0.0]}`, degree)}
	if err != nil || len(rows) != 2 || rows[0].String() != want[0] || !strings.HasSuffix(rows[1].String(), `"loc":[2.0,0.0]}`) {
		t.Errorf("found %v, %v, want %v", rows, err, want)
	}
	// The array gives way to the object that the distance is put into.
	near := c.Aggregate().GeoNear(aggregate.GeoNearOptions{Near: geo.Point{3, 0}, Key: "shops.at", DistanceField: "shops.m"})
	if got := idsOf(near.Match(M{"shops.at": query.Exists(false)}).All(t.Context())); got != "b a" {
		t.Errorf("without shops: %s", got)
	}
}

func TestGeoNearInPipelines(t *testing.T) {
	db := openTest(t)
	c := shops(t, db, 1, 2, 3)
	mustAdd(t, db.Collection("towns"), M{"_id": "east", "even": true})
	near := aggregate.New().GeoNear(aggregate.GeoNearOptions{Near: geo.Point{3, 0}, Key: "place", DistanceField: "m", Limit: 2})
	doc, err := db.Collection("towns").Aggregate().Lookup(aggregate.LookupOptions{From: "shops", Pipeline: near.Project(M{"_id": true}), As: "near"}).
		Project(M{"near": true}).One(t.Context())
	if err != nil || doc.String() != `{"_id":"east","near":[{"_id":"3"},{"_id":"2"}]}` {
		t.Errorf("looked up %v, %v", doc, err)
	}
	doc, err = db.Collection("towns").Aggregate().Lookup(aggregate.LookupOptions{From: "shops", LocalField: "even", ForeignField: "even", Pipeline: near.Project(M{"_id": true}), As: "near"}).
		Project(M{"near": true}).One(t.Context())
	if err != nil || doc.String() != `{"_id":"east","near":[{"_id":"3"},{"_id":"1"}]}` {
		t.Errorf("looked up by a field %v, %v", doc, err)
	}
	if got := idsOf(db.Collection("towns").Aggregate().UnionWith("shops", near).All(t.Context())); got != "east 3 2" {
		t.Errorf("the union has %s", got)
	}
	point := M{"type": "Point", "coordinates": []int{0, 0}}
	for text, stages := range map[string][]any{
		"it must be the first stage":            {M{"$match": M{}}, M{"$geoNear": M{"near": point, "distanceField": "m", "key": "place"}}},
		"it cannot be part of a $facet":         {M{"$facet": M{"a": []any{M{"$geoNear": M{"near": point, "distanceField": "m", "key": "place"}}}}}},
		"distanceField":                         {M{"$geoNear": M{"near": point, "key": "place"}}},
		"near: the parameter is missing":        {M{"$geoNear": M{"distanceField": "m"}}},
		"unknown parameter":                     {M{"$geoNear": M{"near": point, "distanceField": "m", "uniqueDocs": true}}},
		"has no geo index":                      {M{"$geoNear": M{"near": point, "distanceField": "m"}}},
		"spherical":                             {M{"$geoNear": M{"near": point, "distanceField": "m", "key": "place", "spherical": 1}}},
		"needs a number that is not negative":   {M{"$geoNear": M{"near": point, "distanceField": "m", "key": "place", "distanceMultiplier": -1}}},
		"measured from a Point":                 {M{"$geoNear": M{"near": M{"type": "LineString", "coordinates": [][]int{{0, 0}, {1, 1}}}, "distanceField": "m", "key": "place"}}},
		"maxDistance: needs a number":           {M{"$geoNear": M{"near": point, "distanceField": "m", "key": "place", "maxDistance": -5}}},
		"$near in the query":                    {M{"$geoNear": M{"near": point, "distanceField": "m", "key": "place", "query": M{"place": M{"$near": M{"$geometry": point}}}}}},
		"two names of one parameter":            {M{"$geoNear": M{"near": point, "distanceField": "m", "key": "place", "limit": 1, "num": 1}}},
		"limit":                                 {M{"$geoNear": M{"near": point, "distanceField": "m", "key": "place", "limit": 0}}},
		"which $match does not: use $geoNear":   {M{"$match": M{"place": M{"$near": M{"$geometry": point}}}}},
		"cannot be part of $or, $nor":           {M{"$match": M{"$or": []any{M{"place": M{"$near": M{"$geometry": point}}}}}}},
		"near: latitude 95 is outside":          {M{"$geoNear": M{"near": geo.Point{0, 95}, "distanceField": "m"}}},
		"near: a pair of numbers is no GeoJSON": {M{"$geoNear": M{"near": []int{1, 2}, "distanceField": "m"}}},
		"distanceField: path \"a..b\" has an":   {M{"$geoNear": M{"near": point, "distanceField": "a..b", "key": "place"}}},
		"distanceField: $m: a name in the path": {M{"$geoNear": M{"near": point, "distanceField": "$m", "key": "place"}}},
		"includeLocs: needs a string":           {M{"$geoNear": M{"near": point, "distanceField": "m", "key": "place", "includeLocs": true}}},
		"$geoNear: needs an object of near":     {M{"$geoNear": 5}},
		"query: filter loc: unknown operator ":  {M{"$geoNear": M{"near": point, "distanceField": "m", "key": "place", "query": M{"loc": M{"$nope": 1}}}}},
	} {
		_, err := c.Aggregate().Raw(stages).All(t.Context())
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), text) {
			t.Errorf("%v: %v, want %q", stages, err, text)
		}
	}
}

func TestGeoIsWatched(t *testing.T) {
	db := openTest(t)
	c := shops(t, db, 1, 2, 30)
	within := mustWatch(t, c.Where(M{"place": query.GeoWithin(geo.Circle{Radius: 5 * degree})}))
	near := mustWatch(t, c.Where(M{"place": query.GeoNear(geo.Point{1.6, 0})}).Limit(2))
	if got := idsOf(mustNext(t, within).Docs, nil); got != "1 2" {
		t.Errorf("within at first %s", got)
	}
	if got := idsOf(mustNext(t, near).Docs, nil); got != "2 1" {
		t.Errorf("near at first %s", got)
	}
	for _, step := range []struct {
		id             string
		lng            float64
		within, nearby string
	}{
		{"30", 3, "1 2 30", ""},
		{"30", 1.5, "1 2 30", "30 2"},
		{"2", 20, "1 30", "30 1"},
		{"2", 1.75, "1 2 30", "30 2"},
	} {
		if _, err := c.Doc(step.id).Update(t.Context(), M{"place": geo.Point{step.lng, 0}}); err != nil {
			t.Fatal(err)
		}
		if got := idsOf(mustNext(t, within).Docs, nil); got != step.within {
			t.Errorf("%s to %v: within %s, want %s", step.id, step.lng, got, step.within)
		}
		if step.nearby == "" {
			continue
		}
		if got := idsOf(mustNext(t, near).Docs, nil); got != step.nearby {
			t.Errorf("%s to %v: near %s, want %s", step.id, step.lng, got, step.nearby)
		}
	}
}

// TestNearTies puts documents at one distance in the order of their _id, and keeps
// it when there are so many that several goroutines look for them.
func TestNearTies(t *testing.T) {
	c := openTest(t).Collection("many")
	var docs []M
	for i := range 21_000 {
		docs = append(docs, M{"_id": i, "place": geo.Point{float64(i % 4), 0}})
	}
	for batch := range slices.Chunk(docs, 3000) {
		if _, err := c.AddMany(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	near := c.Where(M{"place": query.GeoNear(geo.Point{3, 0})})
	for _, limit := range []int{5000, 0} {
		got, err := near.Limit(limit).Get(t.Context())
		if err != nil || limit == 0 && len(got) != len(docs) || limit > 0 && len(got) != limit {
			t.Fatalf("%d documents, %v", len(got), err)
		}
		for i := 1; i < len(got); i++ {
			a, _ := got[i-1].Value().Field("_id").Int64()
			b, _ := got[i].Value().Field("_id").Int64()
			if a%4 < b%4 || a%4 == b%4 && a >= b {
				t.Fatalf("%d comes before %d", a, b)
			}
		}
	}
}

// Documents that an index has several entries of count once towards a limit.
func TestNearRepeats(t *testing.T) {
	c := openTest(t).Collection("tagged")
	if err := c.CreateIndex(t.Context(), index.Spec{Fields: index.By("place", "tags"), Geo: "place", Name: "tagged"}); err != nil {
		t.Fatal(err)
	}
	var docs []M
	for i := range 300 {
		docs = append(docs, M{"_id": i, "place": geo.Point{float64(i*7%300) / 10, 0}, "tags": []int{1, 2, 3, 4, 5}})
	}
	if _, err := c.AddMany(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	got, err := c.Where(M{"place": query.GeoNear(geo.Point{0, 0})}).Hint("tagged").Skip(5).Limit(35).Get(t.Context())
	if err != nil || len(got) != 35 {
		t.Fatalf("%d documents, %v", len(got), err)
	}
	for i, doc := range got {
		if id, _ := doc.Value().Field("_id").Int64(); id*7%300 != int64(i+5) {
			t.Errorf("document %d is %d", i, id)
		}
	}
}

// What is made of large geometries is kept, and never outlives them: an answer is that of
// what the documents hold, after updates, within a transaction and after its rollback.
func TestLargeGeometriesAreAskedAsTheyAre(t *testing.T) {
	for _, indexed := range []bool{false, geo.HasCells} {
		db := openTest(t)
		coll := db.Collection("borders")
		if indexed {
			if err := coll.CreateIndex(ctx(), index.Spec{Geo: "at"}); err != nil {
				t.Fatal(err)
			}
		}
		seed := newSeed(t)
		rnd := random(seed, 1)
		border := func() geo.Polygon {
			var ring geo.LineString
			lng, lat := 100+3*rnd.Float64(), 20+3*rnd.Float64()
			for i := range 100 {
				sin, cos := math.Sincos(2 * math.Pi * float64(i) / 100)
				r := 0.9 + 0.1*rnd.Float64()
				ring = append(ring, geo.Point{lng + r*cos, lat + r*sin})
			}
			return geo.Polygon{append(ring, ring[0])}
		}
		at := map[int]geo.Polygon{}
		check := func(c *Collection, at map[int]geo.Polygon) {
			t.Helper()
			p := geo.Point{99 + 5*rnd.Float64(), 19 + 5*rnd.Float64()}
			point, err := geo.NewShape(p)
			if err != nil {
				t.Fatal(err)
			}
			var want int64
			for _, g := range at {
				s, err := geo.NewShape(g)
				if err != nil {
					t.Fatal(err)
				}
				if s.Intersects(point) {
					want++
				}
			}
			if got, err := c.Where(M{"at": query.GeoIntersects(p)}).Count(ctx()); err != nil || got != want {
				t.Fatalf("seed %d: %d borders hold %v, want %d, %v", seed, got, p, want, err)
			}
		}
		set := func(c *Collection, at map[int]geo.Polygon) {
			t.Helper()
			i, g := rnd.IntN(12), border()
			if _, err := c.Doc(i).Set(ctx(), M{"at": g}); err != nil {
				t.Fatal(err)
			}
			at[i] = g
		}
		for range 60 {
			set(coll, at)
			check(coll, at)
		}
		tx, err := db.StartTransaction(ctx())
		if err != nil {
			t.Fatal(err)
		}
		inside := maps.Clone(at)
		for range 10 {
			set(tx.Collection("borders"), inside)
			check(tx.Collection("borders"), inside)
			check(coll, at)
		}
		if err := tx.Rollback(nil); err != nil {
			t.Fatal(err)
		}
		check(coll, at)
	}
}
