package virga

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/storagetest"
	"github.com/virgadb/virga/query"
)

// box returns a polygon of four corners around a place.
func box(lng, lat, half float64) geo.Polygon {
	return geo.Polygon{{{lng - half, lat - half}, {lng + half, lat - half}, {lng + half, lat + half}, {lng - half, lat + half}, {lng - half, lat - half}}}
}

// withFences calls f with boxes of half a degree around every whole degree of a square,
// and of them with every tenth as one of two shapes of its document.
func withFences(t *testing.T, f func(t *testing.T, fences *Collection)) {
	needCells(t)
	engines(t, func(t *testing.T, path string) {
		db := openWith(t, path, Fast)
		fences := db.Collection("fences")
		done(t, fences.CreateIndex(ctx(), index.Spec{Geo: "area"}))
		done(t, fences.CreateIndex(ctx(), index.Spec{Fields: index.By("kind"), Geo: "area"}))
		var docs []M
		for i := range 100 {
			doc := M{"_id": i, "n": i, "kind": i % 2, "area": box(float64(i%10), float64(i/10), 0.25)}
			if i%10 == 9 {
				doc["area"] = []any{doc["area"], box(40, 40, 0.1)}
			}
			docs = append(docs, doc)
		}
		_, err := fences.AddMany(ctx(), docs)
		done(t, err)
		f(t, fences)
	})
}

// What the bounds of shapes decide takes no document, and Explain says so.
func TestFencesAreDecidedByTheirBounds(t *testing.T) {
	withFences(t, func(t *testing.T, fences *Collection) {
		for name, c := range map[string]struct {
			where       M
			found, read int64
		}{
			"the middle of one":        {M{"area": query.GeoIntersects(geo.Point{3.01, 4.01})}, 1, 0},
			"its corner":               {M{"area": query.GeoIntersects(geo.Point{3.24, 4.24})}, 1, 1},
			"beside its corner":        {M{"area": query.GeoIntersects(geo.Point{3.24, 4.2501})}, 0, 1},
			"between them":             {M{"area": query.GeoIntersects(geo.Point{3.45, 4.45})}, 0, 0},
			"one of two in a document": {M{"area": query.GeoIntersects(geo.Point{40, 40.01})}, 10, 0},
			"the other one":            {M{"area": query.GeoIntersects(geo.Point{9, 5.01})}, 1, 0},
			"a place in two of one":    {M{"area": query.GeoIntersects(geo.MultiPoint{{9, 5.01}, {40, 40.01}})}, 10, 0},
			"a box over nine":          {M{"area": query.GeoIntersects(box(4, 4, 1.2))}, 9, 0},
			"a box that holds nine":    {M{"area": query.GeoWithin(box(4, 4, 1.5))}, 9, 0},
			"a circle":                 {M{"area": query.GeoWithin(geo.Circle{Center: geo.Point{4, 4}, Radius: 50_000})}, 1, 0},
			"by its kind":              {M{"kind": 0, "area": query.GeoWithin(box(4, 4, 1.5))}, 3, 0},
			"by what is elsewhere":     {M{"area": query.GeoWithin(box(4, 4, 1.5)), "n": query.Gt(44)}, 4, 9},
			"any of two":               {M{"$or": []M{{"area": query.GeoIntersects(geo.Point{3.01, 4.01})}, {"area": query.GeoIntersects(geo.Point{3.01, 5.01})}}}, 2, 0},
		} {
			e, err := fences.Where(c.where).ExplainCount(ctx())
			if err != nil || e.Returned != c.found || e.DocsExamined != c.read {
				t.Errorf("%s: counted %d, of %d documents, want %d, %d: %v\n%s", name, e.Returned, e.DocsExamined, c.found, c.read, err, e.Tree())
			}
			if sure := strings.Contains(e.Tree(), "fetch what is undecided | filter"); sure != (name != "any of two" && name != "by what is elsewhere") {
				t.Errorf("%s: says so %v\n%s", name, sure, e.Tree())
			}
			e, err = fences.Where(c.where).Field(M{"_id": true}).Explain(ctx())
			if _, union := c.where["$or"]; !union && e.DocsExamined != c.read || err != nil || e.Returned != c.found {
				t.Errorf("%s: found the _ids of %d, of %d documents, want %d, %d: %v\n%s", name, e.Returned, e.DocsExamined, c.found, c.read, err, e.Tree())
			}
			e, err = fences.Where(c.where).Explain(ctx())
			if want := max(c.found, c.read); err != nil || e.Returned != c.found || e.DocsExamined != want {
				t.Errorf("%s: found %d, of %d documents, want %d, %d: %v\n%s", name, e.Returned, e.DocsExamined, c.found, want, err, e.Tree())
			}
		}
	})
}

// Shapes whose balls are far away are not measured on the way to the nearest.
func TestFarFencesAreNotMeasured(t *testing.T) {
	withFences(t, func(t *testing.T, fences *Collection) {
		for limit, most := range map[int]int64{1: 2, 5: 12, 9: 20} {
			near := fences.Where(M{"area": query.GeoNear(geo.Point{4.01, 4.02}, query.NearOptions{})}).Limit(limit).Hint("area_geo")
			e, err := near.Explain(ctx())
			if err != nil || e.Returned != int64(limit) || e.DocsExamined > most {
				t.Errorf("%d found, of %d documents, want %d, of up to %d: %v\n%s", e.Returned, e.DocsExamined, limit, most, err, e.Tree())
			}
			got, err := near.Get(ctx())
			done(t, err)
			want, err := near.Hint(NoIndex).Get(ctx())
			if done(t, err); fmt.Sprint(ids(got)) != fmt.Sprint(ids(want)) {
				t.Errorf("%v, want %v", ids(got), ids(want))
			}
		}
	})
}

// A shape that changes within its cells keeps the keys of its entries, and a document of
// two shapes in one cell has one entry for both.
func TestFencesChangeWithinTheirCells(t *testing.T) {
	withFences(t, func(t *testing.T, fences *Collection) {
		holds := func(c *Collection, want bool) {
			t.Helper()
			n, err := c.Where(M{"area": query.GeoIntersects(geo.Point{20, 20})}).Hint("area_geo").Count(ctx())
			if err != nil || n == 1 != want {
				t.Errorf("%d hold the place, want %v: %v", n, want, err)
			}
		}
		for _, c := range []struct {
			area any
			want bool
		}{
			{box(20, 20, 0.0101), true}, {geo.Polygon{box(20, 20, 0.0101)[0], box(20, 20, 0.01)[0]}, false}, {box(20, 20, 0.0102), true},
			{[]any{box(20, 20, 0.0101), geo.Polygon{box(20, 20, 0.0101)[0], box(20, 20, 0.01)[0]}}, true},
			{[]any{geo.Polygon{box(20, 20, 0.0101)[0], box(20, 20, 0.01)[0]}, box(20.01, 20.01, 0.0001)}, false},
			{[]any{box(20.01, 20.01, 0.0001), box(20, 20, 0.0001)}, true}, {nil, false}, {[]any{box(20, 20, 2), box(20, 20, 1)}, true},
		} {
			_, err := fences.Doc(7).Update(ctx(), M{"area": query.Set(c.area)})
			done(t, err)
			holds(fences, c.want)
			mustCheck(t, fences.db)
			undone := errors.New("undone")
			err = fences.db.RunTransaction(ctx(), func(ctx context.Context, tx *Tx) error {
				mine := tx.Collection("fences")
				for _, area := range []geo.Polygon{box(20, 20, 0.0103), box(20.01, 20.01, 0.0001)} {
					_, err := mine.Doc(7).Update(ctx, M{"area": query.Set(area)})
					done(t, err)
					holds(mine, area[0][0][0] < 20)
				}
				return undone
			})
			if !errors.Is(err, undone) {
				t.Error(err)
			}
			holds(fences, c.want)
		}
	})
}

// Check tells of an entry whose bounds are not those of its shape, and a search of one
// whose value is no bounds.
func TestWrongBoundsAreFound(t *testing.T) {
	needCells(t)
	c, err := configure(nil)
	done(t, err)
	engine := storagetest.NewCrashing()
	db, err := openStore("whole", engine, c)
	done(t, err)
	fences := db.Collection("fences")
	_, err = fences.Add(ctx(), M{"_id": 1, "area": box(10, 10, 0.3)})
	done(t, errors.Join(err, fences.CreateIndex(ctx(), index.Spec{Geo: "area"}), db.Close()))

	other, err := geo.NewShape(box(10, 10, 0.301))
	done(t, err)
	bounds := other.Bounds()
	for name, c2 := range map[string]struct {
		value   []byte
		problem string
		corrupt bool
	}{
		"of another shape": {bounds.Append(nil), "belongs to no document", false},
		"none":             {[]byte{}, "belongs to no document", false},
		"no bounds":        {bytes.Repeat([]byte{0xFF}, geo.BoundsSize), "belongs to no document", true},
		"too short":        {make([]byte, geo.BoundsSize-1), "", true},
	} {
		damaged := engine.Kill()
		tellShapes(t, damaged, c2.value)
		db, err := openStore("damaged", damaged, c)
		done(t, err)
		report, err := db.Check(ctx())
		if err == nil && (len(report.Problems) == 0 || !strings.Contains(fmt.Sprint(report.Problems), c2.problem)) || c2.problem == "" && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v, %v", name, report.Problems, err)
		}
		_, err = db.Collection("fences").Where(M{"area": query.GeoIntersects(geo.Point{10, 10})}).Hint("area_geo").Count(ctx())
		if errors.Is(err, ErrCorrupt) != c2.corrupt || err != nil && !c2.corrupt {
			t.Errorf("%s: counted: %v", name, err)
		}
		done(t, db.Close())
	}
}

// tellShapes puts a value into every entry of a shape.
func tellShapes(t *testing.T, e storage.Engine, value []byte) {
	t.Helper()
	var writes []storage.Write
	view := e.View()
	defer view.Release()
	cursor := view.Scan(storage.Range{}, storage.ScanOptions{})
	defer cursor.Close()
	for cursor.Next() {
		if _, rest, ok := keys.SplitIndex(cursor.Key()); ok && rest[0] == 0x91 {
			writes = append(writes, storage.Write{Key: bytes.Clone(cursor.Key()), Value: value})
		}
	}
	if len(writes) == 0 {
		t.Fatal("no entries of shapes")
	}
	done(t, e.Apply(e.Version()+1, writes, true))
}
