package virga

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// A geoRig asks about random places, through every geo index and without one: the
// answers must be the same.
type geoRig struct {
	t     testing.TB
	rnd   *rand.Rand
	seed  uint64
	db    *DB
	coll  *Collection
	hints []string
	next  int         // the next _id
	spots []geo.Point // where documents were put
	cases int
	found int
}

func newGeoRig(t testing.TB, db *DB, name string) *geoRig {
	r := &geoRig{t: t, seed: newSeed(t), db: db, coll: db.Collection(name)}
	r.rnd = random(r.seed, 2)
	db.plan.Wide = r.rnd.IntN(2) // on several cores, or not for so few documents
	return r
}

func (r *geoRig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("seed %d: %v", r.seed, err)
	}
}

// point returns a place: near to one that is taken, where the sphere is special, in
// one leaf cell, or anywhere.
func (r *geoRig) point() geo.Point {
	p := geo.Point{360*r.rnd.Float64() - 180, math.Asin(2*r.rnd.Float64()-1) * 180 / math.Pi}
	spread := math.Pow(10, 1-8*r.rnd.Float64())
	switch r.rnd.IntN(8) {
	case 0:
		p[1] = 90
	case 1:
		p[1] = -90
	case 2:
		p[0] = 180
	case 3: // a pentagon, and a corner where three faces of the icosahedron meet
		p = []geo.Point{{10.5362, 64.7}, {-5.2454, 2.3009}}[r.rnd.IntN(2)]
	case 4, 5, 6:
		if len(r.spots) > 0 {
			p = r.spots[r.rnd.IntN(len(r.spots))]
		}
	default:
		return p
	}
	if r.rnd.IntN(6) == 0 {
		return p
	}
	return geo.Point{math.Remainder(p.Lng()+spread*r.rnd.NormFloat64(), 360), min(90, max(-90, p.Lat()+spread*r.rnd.NormFloat64()))}
}

// polygon returns an area of up to some degrees around a place.
func (r *geoRig) polygon() geo.Polygon {
	for {
		at := r.point()
		spread := math.Pow(10, 1.5-6*r.rnd.Float64())
		var ring geo.LineString
		n := 3 + r.rnd.IntN(6)
		for i := range n {
			sin, cos := math.Sincos(2 * math.Pi * (float64(i) + 0.7*r.rnd.Float64()) / float64(n))
			lng := math.Remainder(at.Lng()+spread*cos/max(0.05, math.Cos(at.Lat()*math.Pi/180)), 360)
			ring = append(ring, geo.Point{lng, min(90, max(-90, at.Lat()+spread*sin))})
		}
		g := geo.Polygon{append(ring, ring[0])}
		if _, err := geo.NewShape(g); err == nil {
			return g
		}
	}
}

// line returns a line from p to another place.
func (r *geoRig) line(p geo.Point) geo.LineString {
	for {
		g := geo.LineString{p, r.point()}
		if _, err := geo.NewShape(g); err == nil {
			return g
		}
	}
}

// place returns the value of a geo field.
func (r *geoRig) place(shapes bool) any {
	p := r.point()
	r.spots = append(r.spots, p)
	if shapes {
		switch r.rnd.IntN(10) {
		case 0:
			return r.polygon()
		case 1:
			return r.line(p)
		case 2:
			return []any{p, r.point(), r.polygon()}
		case 3:
			return []any{p, r.point()}
		case 4:
			return nil
		}
	}
	return p
}

// doc returns a document without _id.
func (r *geoRig) doc(shapes bool) M {
	d := M{"kind": r.rnd.IntN(4), "price": r.rnd.IntN(50)}
	if r.rnd.IntN(20) > 0 {
		d["at"] = M{"place": r.place(shapes)}
	}
	if shapes && r.rnd.IntN(5) == 0 {
		d["kind"] = []int{r.rnd.IntN(4), r.rnd.IntN(4)}
	}
	return d
}

// write adds, moves or removes documents of c.
func (r *geoRig) write(c *Collection, shapes bool) {
	switch id := r.rnd.IntN(r.next + 1); r.rnd.IntN(5) {
	case 0:
		_, err := c.Doc(id).Remove(ctx())
		r.must(err)
	case 1:
		_, err := c.Doc(id).Update(ctx(), M{"at": M{"place": query.Set(r.place(shapes))}})
		r.must(err)
	default:
		d := r.doc(shapes)
		d["_id"] = []any{r.next, float64(r.next)}[r.next%2]
		r.next++
		_, err := c.Add(ctx(), d)
		r.must(err)
	}
}

// condition returns a random condition on where a document is.
func (r *geoRig) condition() query.Condition {
	switch r.rnd.IntN(7) {
	case 6:
		if cells := r.cells(); len(cells) > 0 {
			return query.H3Within(cells...)
		}
		return query.GeoWithin(r.polygon())
	case 0:
		return query.GeoWithin(r.polygon())
	case 1:
		return query.GeoWithin(geo.Circle{Center: r.point(), Radius: math.Pow(10, 7.3*r.rnd.Float64())})
	case 2:
		return query.GeoIntersects(r.polygon())
	case 3:
		return query.GeoIntersects([]geo.Geometry{r.point(), r.line(r.point())}[r.rnd.IntN(2)])
	}
	var o query.NearOptions
	if r.rnd.IntN(2) == 0 {
		o.Max = math.Pow(10, 7.3*r.rnd.Float64())
	}
	if r.rnd.IntN(3) == 0 {
		o.Min = math.Pow(10, 6*r.rnd.Float64())
	}
	return query.GeoNear(r.point(), o)
}

// cells returns neighbours of a place, and a cell that holds them; none without cgo.
func (r *geoRig) cells() []geo.Cell {
	if !geo.HasCells {
		return nil
	}
	c, err := geo.CellOf(r.point(), r.rnd.IntN(geo.MaxResolution+1))
	r.must(err)
	disk, err := c.Disk(r.rnd.IntN(3))
	r.must(err)
	if r.rnd.IntN(3) == 0 {
		c, err = c.Parent(r.rnd.IntN(c.Resolution() + 1))
		r.must(err)
		disk = append(disk, c)
	}
	return disk
}

// query returns a random query of c.
func (r *geoRig) query(c *Collection) (*Query, string) {
	where := M{"at.place": r.condition()}
	if r.rnd.IntN(2) == 0 {
		where["kind"] = []any{r.rnd.IntN(4), query.In([]int{r.rnd.IntN(4), r.rnd.IntN(4)})}[r.rnd.IntN(2)]
	}
	if r.rnd.IntN(3) == 0 {
		where["price"] = query.Lt(r.rnd.IntN(50))
	}
	text := fmt.Sprintf("%v", where)
	q := c.Where(where)
	if r.rnd.IntN(4) == 0 {
		q, text = q.OrderBy("price", Desc), text+" by price"
	}
	if r.rnd.IntN(2) == 0 {
		skip, limit := r.rnd.IntN(3)*r.rnd.IntN(4), 1+r.rnd.IntN(20)
		q, text = q.Skip(skip).Limit(limit), fmt.Sprintf("%s skip %d limit %d", text, skip, limit)
	}
	if r.rnd.IntN(3) == 0 { // some of it an index tells, some the document alone
		fields := []M{{"_id": true}, {"kind": true}, {"_id": false, "price": true}, {"at.place": true}, {"kind": true, "price": true}, {"_id": false}}
		f := fields[r.rnd.IntN(len(fields))]
		q, text = q.Field(f), fmt.Sprintf("%s, fields %v", text, f)
	}
	return q, text
}

// ask runs a query in every way, and compares.
func (r *geoRig) ask(c *Collection) {
	r.t.Helper()
	q, text := r.query(c)
	want, err := q.Hint(NoIndex).Get(ctx())
	r.must(err)
	r.cases++
	r.found += len(want)
	compare := func(how string, got []Doc, err error) {
		r.t.Helper()
		if how != "" && errors.Is(err, ErrInvalid) {
			return // the index does not serve it
		}
		r.must(err)
		if !slices.EqualFunc(got, want, func(a, b Doc) bool { return string(a.Raw()) == string(b.Raw()) }) {
			e, _ := q.Hint(how).Explain(ctx())
			r.t.Fatalf("seed %d: %s: %d documents by %q, %d by a scan\n%s\n%v\n%v", r.seed, text, len(got), how, len(want), e.Tree(), ids(got), ids(want))
		}
	}
	for _, hint := range append([]string{""}, r.hints...) {
		got, err := q.Hint(hint).Get(ctx())
		compare(hint, got, err)
		if r.rnd.IntN(4) == 0 && len(want) > 1 { // the second half behind a document of the first
			all := want
			at := r.rnd.IntN(len(all) - 1)
			if !strings.Contains(text, "skip") && !strings.Contains(text, "fields") {
				got, err = q.After(all[at]).Hint(hint).Get(ctx())
				want = all[at+1:]
				compare(hint, got, err)
				want = all
			}
		}
	}
	n, err := q.Hint(NoIndex).Count(ctx())
	r.must(err)
	m, err := q.Count(ctx())
	r.must(err)
	if n != m {
		r.t.Fatalf("seed %d: %s: counted %d, by a scan %d", r.seed, text, m, n)
	}
}

func ids(docs []Doc) (list []string) {
	for _, d := range docs {
		list = append(list, d.ID().String())
	}
	return list
}

// indexes creates geo indexes, alone and with fields before and behind.
func (r *geoRig) indexes() {
	if !geo.HasCells {
		r.t.Skip("built without cgo")
	}
	for _, s := range []index.Spec{
		{Geo: "at.place"},
		{Fields: index.By("kind"), Geo: "at.place"},
		{Fields: index.By("at.place", "-price"), Geo: "at.place"},
	} {
		r.must(r.coll.CreateIndex(ctx(), s))
		r.hints = append(r.hints, s.Named().Name)
	}
}

// TestGeoIndexes asks on both engines, of points alone and of everything, while
// documents come, move and go, in transactions and outside, and after a reopening.
func TestGeoIndexes(t *testing.T) {
	for _, engine := range []string{"memory", "badger"} {
		for _, shapes := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s shapes=%v", engine, shapes), func(t *testing.T) {
				path := Memory
				if engine == "badger" {
					path = t.TempDir()
				}
				r := newGeoRig(t, openWith(t, path, Fast), "places")
				for round := range effort() {
					r.round(fmt.Sprintf("places%d", round), shapes)
				}
				t.Logf("seed %d: %d queries, %d documents found", r.seed, r.cases, r.found)
			})
		}
	}
}

// round fills a collection, indexes it on the way, and asks.
func (r *geoRig) round(name string, shapes bool) {
	r.coll, r.next, r.spots, r.hints = r.db.Collection(name), 0, nil, nil
	for range 60 + r.rnd.IntN(60) {
		r.write(r.coll, shapes)
	}
	r.indexes()
	for range 40 + r.rnd.IntN(40) {
		r.write(r.coll, shapes)
	}
	for range 160 {
		r.ask(r.coll)
		if r.rnd.IntN(4) == 0 {
			r.write(r.coll, shapes)
		}
	}
	for range 4 { // what a transaction has written it finds
		err := r.db.RunTransaction(ctx(), func(_ context.Context, tx *Tx) error {
			c := tx.Collection(name)
			for range 1 + r.rnd.IntN(20) {
				r.write(c, shapes)
			}
			for range 25 {
				r.ask(c)
			}
			return errors.New("undone")
		})
		if err == nil {
			r.t.Fatal("committed")
		}
	}
	r.ask(r.coll)
	r.must(r.coll.DropIndex(ctx(), r.hints[0]))
	r.hints = r.hints[1:]
	r.ask(r.coll)
}

// What is no geometry cannot be written under a geo index, nor a geo index be built
// over it; what has none is not in it.
func TestGeoIndexRefuses(t *testing.T) {
	c := openTest(t).Collection("p")
	if !geo.HasCells {
		if err := c.CreateIndex(ctx(), index.Spec{Geo: "at"}); !errors.Is(err, ErrNotImplemented) || !strings.Contains(err.Error(), "cgo") {
			t.Errorf("without cgo: %v", err)
		}
		return
	}
	if _, err := c.Add(ctx(), M{"_id": 1, "at": "here"}); err != nil {
		t.Fatal(err)
	}
	err := c.CreateIndex(ctx(), index.Spec{Geo: "at"})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "document 1") || !strings.Contains(err.Error(), "at") {
		t.Errorf("built over no geometry: %v", err)
	}
	if list, err := c.Indexes(ctx()); len(list) != 0 || err != nil {
		t.Errorf("left: %v, %v", list, err)
	}
	if _, err := c.Doc(1).Remove(ctx()); err != nil {
		t.Fatal(err)
	}
	if err := c.CreateIndex(ctx(), index.Spec{Geo: "at"}); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{
		"text": "x", "number": 7, "pair": []float64{1, 2}, "no type": M{"coordinates": []int{1, 2}}, "far": geo.Point{181, 0},
		"open ring": geo.Polygon{{{0, 0}, {1, 0}, {1, 1}}}, "crossed": geo.Polygon{{{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0, 0}}}, "one of two": []any{geo.Point{1, 1}, 3},
	} {
		value := v
		if g, ok := v.(geo.Geometry); ok { // as JSON would bring it, unchecked
			value = M{"type": g.Type(), "coordinates": g}
		}
		if _, err := c.Add(ctx(), M{"at": value}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, doc := range map[string]M{"missing": {}, "null": {"at": nil}, "empty": {"at": []any{}}} {
		if _, err := c.Add(ctx(), doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Add(ctx(), M{"at": []geo.Point{{1, 1}, {1, 1.0000001}, {40, 40}}}); err != nil {
		t.Fatal(err)
	}
	list, err := c.Indexes(ctx())
	if err != nil || len(list) != 1 || list[0].Entries != 3 || !list[0].Multikey || list[0].Geo != "at" || list[0].Keys() != "geo at" {
		t.Errorf("%+v, %v", list, err)
	}
	if err := c.CreateIndex(ctx(), index.Spec{Fields: index.By("at"), Geo: "at", Name: "again"}); !errors.Is(err, ErrExists) {
		t.Errorf("a second one of the same fields: %v", err)
	}
}

// A serializable transaction that asks for what is near conflicts with a write there,
// and with none elsewhere.
func TestGeoIndexSerializable(t *testing.T) {
	db := openTest(t)
	c := db.Collection("p")
	for i := range 200 {
		if _, err := c.Add(ctx(), M{"_id": i, "at": geo.Point{float64(i) - 100, float64(i%50) - 25}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.CreateIndex(ctx(), index.Spec{Geo: "at"}); errors.Is(err, ErrNotImplemented) {
		t.Skip("built without cgo")
	} else if err != nil {
		t.Fatal(err)
	}
	for name, cond := range map[string]query.Condition{
		"near":   query.GeoNear(geo.Point{10, 10}, query.NearOptions{Max: 50_000}),
		"within": query.GeoWithin(geo.Circle{Center: geo.Point{10, 10}, Radius: 50_000}),
	} {
		for _, other := range []struct {
			at       geo.Point
			conflict bool
		}{{geo.Point{10.1, 10.1}, true}, {geo.Point{-90, -60}, false}} {
			tx, err := db.StartTransaction(ctx(), txn.Options{Isolation: txn.Serializable})
			if err != nil {
				t.Fatal(err)
			}
			if docs, err := tx.Collection("p").Where(M{"at": cond}).Get(ctx()); err != nil || len(docs) != 0 {
				t.Fatalf("%d documents, %v", len(docs), err)
			}
			if _, err := tx.Collection("q").Add(ctx(), M{"none": "near"}); err != nil {
				t.Fatal(err)
			}
			id, err := c.Add(ctx(), M{"at": other.at})
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Commit(ctx()); errors.Is(err, ErrConflict) != other.conflict || err != nil && !other.conflict {
				t.Errorf("%s, beside a write at %v: %v", name, other.at, err)
			}
			if _, err := c.Doc(id).Remove(ctx()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Buckets of cells are the same by a geo index and by a look at every document, and
// as those of a group by the expressions; with arrays and shapes the index gives way.
func TestH3Buckets(t *testing.T) {
	if !geo.HasCells {
		t.Skip("built without cgo")
	}
	r := newGeoRig(t, openTest(t), "p")
	for _, shapes := range []bool{false, true} {
		for range 300 {
			r.write(r.coll, shapes)
		}
		var before [][]Doc
		for res := range geo.MaxResolution + 1 {
			before = append(before, r.buckets(res))
		}
		r.must(r.coll.CreateIndex(ctx(), index.Spec{Fields: index.By("at.place", "price"), Geo: "at.place"}))
		for res, want := range before {
			if got := r.buckets(res); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("seed %d, resolution %d: %v by an index, %v without", r.seed, res, got, want)
			}
			rows, err := r.coll.Aggregate().Match(M{"at.place.type": "Point"}).
				Group(aggregate.H3Parent(aggregate.H3Cell("$at.place", geo.MaxResolution), res), M{"count": aggregate.Sum(1)}).Sort(D{{"_id", 1}}).All(ctx())
			if !shapes && (err != nil || fmt.Sprint(rows) != fmt.Sprint(want)) {
				t.Fatalf("seed %d, resolution %d: %v by a group, %v, want %v", r.seed, res, rows, err, want)
			}
		}
		r.must(r.coll.DropIndex(ctx(), "at.place_geo_price"))
	}
	for _, res := range []int{-1, 16} {
		if _, err := r.coll.Aggregate().H3Bucket("at.place", res).All(ctx()); !errors.Is(err, ErrInvalid) {
			t.Errorf("resolution %d: %v", res, err)
		}
	}
}

func (r *geoRig) buckets(res int) []Doc { return r.bucketsOf(r.coll, res) }

func (r *geoRig) bucketsOf(c *Collection, res int) []Doc {
	rows, err := c.Aggregate().H3Bucket("at.place", res).All(ctx())
	r.must(err)
	return rows
}

// Buckets count what a transaction has written as well, and have forgotten it after a
// rollback.
func TestH3BucketsOfTransactions(t *testing.T) {
	if !geo.HasCells {
		t.Skip("built without cgo")
	}
	onEngines(t, func(t *testing.T, open func(...Option) *DB) {
		r := newGeoRig(t, open(), "p")
		r.must(r.coll.CreateIndex(ctx(), index.Spec{Geo: "at.place"}))
		for range 400 {
			r.write(r.coll, false)
		}
		for _, shapes := range []bool{false, true} {
			before := r.buckets(5)
			tx, err := r.db.StartTransaction(ctx())
			r.must(err)
			mine := tx.Collection("p")
			for range 60 {
				r.write(mine, shapes)
				if r.rnd.IntN(10) == 0 {
					r.sameBuckets(mine)
				}
			}
			r.sameBuckets(mine)
			if got := r.buckets(5); fmt.Sprint(got) != fmt.Sprint(before) {
				t.Fatalf("seed %d: %v beside a transaction, %v before", r.seed, got, before)
			}
			r.must(tx.Rollback(nil))
			r.sameBuckets(r.coll)
			if got := r.buckets(5); fmt.Sprint(got) != fmt.Sprint(before) {
				t.Fatalf("seed %d: %v after a rollback, %v before", r.seed, got, before)
			}
		}
	})
}

// Buckets of many points are counted on several cores, and are the same: where a cell
// goes over the end of a piece, where all points lie in one cell, and where most of them
// stand at one end.
func TestH3BucketsOfMany(t *testing.T) {
	if !geo.HasCells {
		t.Skip("built without cgo")
	}
	const many = 4000
	for name, spread := range map[string]float64{"everywhere": 180, "a town": 0.1, "a cell": 1e-7} {
		t.Run(name, func(t *testing.T) {
			r := newGeoRig(t, openTest(t), "p")
			r.db.plan.Wide = 1
			docs := make([]M, many)
			for i := range docs {
				at := geo.Point{spread * (2*r.rnd.Float64() - 1), spread / 2 * (2*r.rnd.Float64() - 1)}
				if i == 0 {
					at = geo.Point{179.9, -89}
				}
				docs[i] = M{"_id": i, "at": M{"place": at}}
			}
			_, err := r.coll.AddMany(ctx(), docs)
			r.must(err)
			before := [][]Doc{r.buckets(0), r.buckets(7)}
			r.must(r.coll.CreateIndex(ctx(), index.Spec{Geo: "at.place"}))
			for i, res := range []int{0, 7} {
				if got := r.buckets(res); fmt.Sprint(got) != fmt.Sprint(before[i]) {
					t.Fatalf("seed %d, resolution %d: %d buckets by an index, %d without", r.seed, res, len(got), len(before[i]))
				}
			}
			tx, err := r.db.StartTransaction(ctx())
			r.must(err)
			mine := tx.Collection("p")
			_, err = mine.Where(M{"_id": query.Lt(100)}).Remove(ctx())
			r.must(err)
			r.sameBuckets(mine)
			r.must(tx.Rollback(nil))
			cancelled, cancel := context.WithCancel(ctx())
			cancel()
			if _, err := r.coll.Aggregate().H3Bucket("at.place", 5).All(cancelled); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		})
	}
}

// sameBuckets compares the buckets of c with those of all its documents, one by one,
// which is what a condition asks for.
func (r *geoRig) sameBuckets(c *Collection) {
	r.t.Helper()
	for _, res := range []int{0, r.rnd.IntN(geo.MaxResolution + 1)} {
		want, err := c.Aggregate().Match(M{"_id": query.Gte(0)}).H3Bucket("at.place", res).All(ctx())
		r.must(err)
		if got := r.bucketsOf(c, res); fmt.Sprint(got) != fmt.Sprint(want) {
			r.t.Fatalf("seed %d, resolution %d: %v, want %v", r.seed, res, got, want)
		}
	}
}

// Buckets count what who asks may read: never more, also where an index knows the
// number of all.
func TestH3BucketsUnderRules(t *testing.T) {
	if !geo.HasCells {
		t.Skip("built without cgo")
	}
	r := newGeoRig(t, openTest(t), "p")
	r.must(r.coll.CreateIndex(ctx(), index.Spec{Geo: "at.place"}))
	for i, owner := range []string{"alice", "bob", "alice", "bob", "bob"} {
		_, err := r.coll.Add(ctx(), M{"_id": i, "_openid": owner, "at": M{"place": geo.Point{113.3238, 23.0977}}})
		r.must(err)
	}
	count := func(a *Aggregation) string {
		rows, err := a.H3Bucket("at.place", 4).All(ctx())
		if errors.Is(err, ErrDenied) {
			return "denied"
		}
		r.must(err)
		var n []string
		for _, row := range rows {
			n = append(n, row.Lookup("count").String())
		}
		return strings.Join(n, " ")
	}
	own := M{"_openid": "{openid}"}
	for _, x := range []struct{ rules, whole, own string }{
		{`{"read": true}`, "5", "2"},
		{"READONLY", "5", "2"},
		{"PRIVATE", "2", "2"},
		{"ADMINONLY", "denied", "denied"},
		{`{"read": "auth.openid == doc._openid"}`, "denied", "2"},
		{`{"read": false}`, "denied", "denied"},
	} {
		setRules(t, r.coll, x.rules)
		mine := r.db.As(alice).Collection("p")
		if got := count(mine.Aggregate()); got != x.whole {
			t.Errorf("under %s alice counts %s, want %s", x.rules, got, x.whole)
		}
		if got := count(mine.Aggregate().Match(own)); got != x.own {
			t.Errorf("under %s alice counts %s of her own, want %s", x.rules, got, x.own)
		}
		if got := count(r.coll.Aggregate()); got != "5" {
			t.Errorf("under %s the program counts %s", x.rules, got)
		}
	}
}

// The operators on cells, null of null, and what they refuse.
func TestH3Operators(t *testing.T) {
	if !geo.HasCells {
		t.Skip("built without cgo")
	}
	c := openTest(t).Collection("p")
	if _, err := c.Add(ctx(), M{"_id": 1, "at": geo.Point{113.3238, 23.0977}, "no": nil}); err != nil {
		t.Fatal(err)
	}
	cell, err := geo.CellOf(geo.Point{113.3238, 23.0977}, 9)
	if err != nil {
		t.Fatal(err)
	}
	parent, err := cell.Parent(4)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		x    any
		want any
	}{
		{aggregate.H3Cell("$at", 9), cell.String()},
		{aggregate.H3Parent(aggregate.H3Cell("$at", 9), 4), parent.String()},
		{aggregate.H3Parent(cell, 9), cell.String()},
		{aggregate.H3Cell("$no", 9), nil},
		{aggregate.H3Cell("$missing", 9), nil},
		{aggregate.H3Parent("$no", 3), nil},
	} {
		docs, err := c.Aggregate().ReplaceRoot(M{"v": row.x}).All(ctx())
		if err != nil || len(docs) != 1 || fmt.Sprint(docs[0].Map()["v"]) != fmt.Sprint(row.want) {
			t.Errorf("%v: %v, %v, want %v", row.x, docs, err, row.want)
		}
	}
	for name, x := range map[string]any{
		"resolution 16": aggregate.H3Cell("$at", 16), "half": aggregate.H3Cell("$at", 1.5), "text": aggregate.H3Cell("$_id", 1),
		"no cell": aggregate.H3Parent("zz", 1), "finer": aggregate.H3Parent(cell, 10), "number": aggregate.H3Parent("$_id", 1),
	} {
		if _, err := c.Aggregate().ReplaceRoot(M{"v": x}).All(ctx()); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, x := range map[string]any{"no list": "8", "no cells": []int{1}, "bad": []string{"8928308280ffff0"}} {
		if _, err := c.Where(M{"at": M{"$h3Within": x}}).Get(ctx()); !errors.Is(err, ErrInvalid) {
			t.Errorf("within %s: %v", name, err)
		}
	}
	if docs, err := c.Where(M{"at": query.H3Within()}).Get(ctx()); err != nil || len(docs) != 0 {
		t.Errorf("within no cells: %v, %v", docs, err)
	}
}
