package virga

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// needCells skips what makes entries of geo indexes where H3, which is C, is not there.
func needCells(t testing.TB) {
	t.Helper()
	if !geo.HasCells {
		t.Skip("built without cgo")
	}
}

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

func valid(g geo.Geometry) bool {
	_, err := geo.NewShape(g)
	return err == nil
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
		if g := (geo.Polygon{append(ring, ring[0])}); valid(g) {
			return g
		}
	}
}

// shrunk returns a ring brought nearer to its first corner.
func shrunk(ring geo.LineString, by float64) geo.LineString {
	small := slices.Clone(ring)
	for i, p := range ring {
		for j := range p {
			small[i][j] = ring[0][j] + by*math.Remainder(p[j]-ring[0][j], 360)
		}
		small[i][0] = math.Remainder(small[i][0], 360)
	}
	return small
}

// line returns a line from p to another place.
func (r *geoRig) line(p geo.Point) geo.LineString {
	for {
		if g := (geo.LineString{p, r.point()}); valid(g) {
			return g
		}
	}
}

// place returns the value of a geo field.
func (r *geoRig) place(shapes bool) any {
	p := r.point()
	r.spots = append(r.spots, p)
	if shapes {
		switch r.rnd.IntN(12) {
		case 0, 5, 6:
			return r.polygon()
		case 1:
			return r.line(p)
		case 7:
			return geo.MultiPoint{p, r.point()}
		case 8: // of one cell, perhaps
			g := r.polygon()
			if inner := (geo.Polygon{shrunk(g[0], 0.9)}); valid(inner) {
				return []any{g, inner}
			}
			return g
		case 9:
			g := r.polygon()
			if holed := append(g, shrunk(g[0], 0.3)); valid(holed) {
				return holed
			}
			return geo.MultiPolygon{g, r.polygon()}
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
	needCells(r.t)
	for _, s := range []index.Spec{
		{Geo: "at.place"},
		{Fields: index.By("kind"), Geo: "at.place"},
		{Fields: index.By("at.place", "-price"), Geo: "at.place"},
	} {
		r.must(r.coll.CreateIndex(ctx(), s))
		r.hints = append(r.hints, s.Named().Name)
	}
}
