package virga

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/storagetest"
	"github.com/virgadb/virga/query"
)

// An index in which an earlier version has made the entries of shapes is made anew: no
// document could be taken out of one of format 2, and one of format 3 tells less.
func TestGeoIndexOfAnEarlierVersion(t *testing.T) {
	needCells(t)
	for _, earlier := range []int{2, 3} {
		t.Run(fmt.Sprint("format ", earlier), func(t *testing.T) { openEarlier(t, earlier) })
	}
}

func openEarlier(t *testing.T, earlier int) {
	ring := geo.LineString{{10, 10}, {10.3, 10}, {10.2, 10.4}, {10, 10}}
	docs := []M{{"_id": 1, "area": geo.Polygon{ring}}, {"_id": 2, "area": geo.Point{10.1, 10.1}}}
	engine, c := fencesOf(t, docs, index.Spec{Geo: "area"})
	if f := catalogFormat(t, engine); f != 4 {
		t.Errorf("format %d with a geo index, earlier versions would spoil it", f)
	}

	makeEarlier(t, engine, earlier)
	readEarlier(t, engine)
	db, err := openStore("earlier", engine, c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if f := catalogFormat(t, engine); f != 4 {
		t.Errorf("format %d after the index was made anew", f)
	}
	fences := db.Collection("fences")
	at := M{"area": query.GeoIntersects(geo.Point{10.15, 10.19})}
	if e, err := fences.Where(at).Hint("area_geo").ExplainCount(ctx()); err != nil || e.Returned != 1 || e.DocsExamined != 0 {
		t.Errorf("%d found, of %d documents, want 1 of 0: %v\n%s", e.Returned, e.DocsExamined, err, e.Tree())
	}
	at["area"] = query.GeoIntersects(geo.Point{10.1, 10.1})
	for left := int64(2); left >= 0; left-- {
		if n, err := fences.Where(at).Hint("area_geo").Count(ctx()); err != nil || n != left {
			t.Errorf("%d found, want %d: %v", n, left, err)
		}
		if report, err := db.Check(ctx()); err != nil || len(report.Problems) > 0 {
			t.Errorf("%d left: %v %v", left, report.Problems, err)
		}
		if left > 0 {
			if _, err := fences.Doc(3 - left).Remove(ctx()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// An index of which the catalog does not tell which cells there are, nor whether there
// are points, has the entries of today: it is not made anew, and whatever is in it is found.
func TestGeoIndexOfUntoldTraits(t *testing.T) {
	needCells(t)
	small, large := ringAround(10, 0.001), ringAround(10, 20)
	both := []any{geo.Polygon{small}, geo.Polygon{ringAround(10, 3)}, geo.Point{10, 10}}
	docs := []M{{"_id": 1, "area": geo.Polygon{small}}, {"_id": 2, "area": geo.Polygon{large}}, {"_id": 3, "area": both}}
	engine, c := fencesOf(t, docs, index.Spec{Geo: "area"})
	rewriteCatalog(t, engine, withCoverings(3))
	before := engine.Version()
	db, err := openStore("untold", engine, c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if engine.Version() != before {
		t.Error("opening it has written something")
	}
	at := db.Collection("fences").Where(M{"area": query.GeoIntersects(geo.Point{10, 10})}).Hint("area_geo")
	if n, err := at.Count(ctx()); err != nil || n != 3 {
		t.Errorf("%d found, want 3: %v", n, err)
	}
	mustAdd(t, db.Collection("fences"), M{"_id": 4, "area": geo.Polygon{ringAround(10, 1)}})
	if n, err := at.Count(ctx()); err != nil || n != 4 {
		t.Errorf("%d found, want 4: %v", n, err)
	}
	mustCheck(t, db)
}

// A program built without cgo searches the shapes of an index that is there, and finds each
// once, however many of its cells come near to a point. It could not create the index.
func TestShapesAreFoundOnceWithoutCells(t *testing.T) {
	seed := newSeed(t)
	rnd := random(seed, 1)
	var docs []M
	for i := range 200 {
		docs = append(docs, M{"_id": i, "area": geo.Polygon{ringAround(10+rnd.Float64(), 0.3*rnd.Float64())}})
	}
	engine, c := fencesOf(t, docs, index.Spec{Name: "area", Fields: index.By("area")})
	rewriteCatalog(t, engine, func(x D) D { return append(x, E{"geo", "area"}, E{"shapes", true}) }) // Open makes its entries
	db, err := openStore("shapes", engine, c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	fences := db.Collection("fences")
	for range 50 {
		at := 10 + rnd.Float64()
		q := fences.Where(M{"area": query.GeoIntersects(geo.Point{at, at})})
		want, err := q.Hint(query.NoIndex).Count(ctx())
		if err != nil {
			t.Fatal(err)
		}
		if n, err := q.Hint("area").Count(ctx()); err != nil || n != want {
			t.Errorf("seed %d: %d found around %v, want %d: %v", seed, n, at, want, err)
		}
	}
	mustCheck(t, db)
}

// fencesOf returns the engine of a closed database that has docs in a collection fences, with
// an index, and what the database was opened with.
func fencesOf(t *testing.T, docs []M, x index.Spec) (*storagetest.Crashing, *config) {
	t.Helper()
	c, err := configure(nil)
	if err != nil {
		t.Fatal(err)
	}
	engine := storagetest.NewCrashing()
	db, err := openStore("now", engine, c)
	if err != nil {
		t.Fatal(err)
	}
	fences := db.Collection("fences")
	_, err = fences.AddMany(ctx(), docs)
	if err = errors.Join(err, fences.CreateIndex(ctx(), x), db.Close()); err != nil {
		t.Fatal(err)
	}
	return engine, c
}

// ringAround returns the ring of a square around [at, at].
func ringAround(at, side float64) geo.LineString {
	lo, hi := at-side/2, at+side/2
	return geo.LineString{{lo, lo}, {hi, lo}, {hi, hi}, {lo, hi}, {lo, lo}}
}

// withCoverings returns what makes the record of a geo index one of an earlier number of
// coverings, 0 for none: it tells less.
func withCoverings(number int) func(D) D {
	return func(x D) D {
		x = slices.DeleteFunc(x, func(e E) bool { return slices.Contains([]string{"points", "several", "levels", "coverings"}, e.Key) })
		if number > 0 {
			x = append(x, E{"coverings", number})
		}
		return x
	}
}

// rewriteCatalog changes the records of indexes.
func rewriteCatalog(t *testing.T, e storage.Engine, change func(index D) D) {
	t.Helper()
	view := e.View()
	defer view.Release()
	cursor := view.Scan(storage.Range{}, storage.ScanOptions{})
	defer cursor.Close()
	var writes []storage.Write
	for cursor.Next() {
		if bytes.HasPrefix(cursor.Key(), keys.Catalog("")) {
			writes = append(writes, storage.Write{Key: bytes.Clone(cursor.Key()), Value: changedRecord(t, cursor.Value(), 4, change)})
		}
	}
	if err := e.Apply(e.Version()+1, writes, true); err != nil {
		t.Fatal(err)
	}
}

// readEarlier reads a database of an earlier version, which it leaves as it is.
func readEarlier(t *testing.T, e *storagetest.Crashing) {
	t.Helper()
	c, err := configure([]Option{ReadOnly()})
	if err != nil {
		t.Fatal(err)
	}
	before := e.Version()
	db, err := openStore("earlier", e, c)
	if err != nil {
		t.Fatal(err)
	}
	n, err := db.Collection("fences").Where(M{"area": query.GeoIntersects(geo.Point{10.15, 10.19})}).Count(ctx())
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if n != 1 || e.Version() != before {
		t.Errorf("%d found, want 1; version %d, it was %d", n, e.Version(), before)
	}
}

func catalogFormat(t *testing.T, e storage.Engine) int64 {
	t.Helper()
	view := e.View()
	defer view.Release()
	header, err := view.Get(keys.Catalog(""))
	if err != nil {
		t.Fatal(err)
	}
	f, _ := document.FromRaw(header.Value).Lookup("format").Int64()
	return f
}

// makeEarlier turns a database into one of an earlier format: nothing is told of shapes
// but their cells, and in format 2 the cells are others, their parents.
func makeEarlier(t *testing.T, e storage.Engine, format int) {
	t.Helper()
	var writes []storage.Write
	view := e.View()
	defer view.Release()
	cursor := view.Scan(storage.Range{}, storage.ScanOptions{})
	defer cursor.Close()
	cells := 0
	for cursor.Next() {
		key, value := bytes.Clone(cursor.Key()), bytes.Clone(cursor.Value())
		if catalogued := keys.Catalog(""); bytes.HasPrefix(key, catalogued) {
			writes = append(writes, storage.Write{Key: key, Value: changedRecord(t, value, format, withCoverings(2*(format-2)))})
		}
		x, rest, ok := keys.SplitIndex(key)
		if !ok || len(rest) < 8 || rest[0] != 0x91 {
			continue
		}
		if len(value) != geo.BoundsSize {
			t.Errorf("%d bytes are told of a shape", len(value))
		}
		writes = append(writes, storage.Write{Key: key, Delete: true})
		if format == 2 {
			key = underParent(t, x, rest)
		}
		writes = append(writes, storage.Write{Key: key, Value: []byte{}})
		cells++
	}
	if cells == 0 {
		t.Fatal("no cells of shapes")
	}
	if err := e.Apply(e.Version()+1, writes, true); err != nil {
		t.Fatal(err)
	}
}

// underParent returns the key of an entry with the parent of its cell.
func underParent(t *testing.T, x uint32, rest []byte) []byte {
	t.Helper()
	var number uint64
	for _, b := range rest[1:8] {
		number = number<<8 | uint64(b)
	}
	cell := geo.KeyCell(number)
	parent, err := cell.Parent(cell.Resolution() - 1)
	if err != nil {
		t.Fatal(err)
	}
	return append(keys.AppendCell(keys.AppendIndex(nil, x), parent.Key()), rest[8:]...)
}

// changedRecord returns a record of the catalog of a format, those of indexes changed.
func changedRecord(t *testing.T, record []byte, format int, change func(index D) D) []byte {
	t.Helper()
	var d D
	if err := document.FromRaw(record).Decode(&d); err != nil {
		t.Fatal(err)
	}
	for i := range d {
		switch d[i].Key {
		case "format":
			d[i].Value = format
		case "indexes":
			list := d[i].Value.([]any)
			for j := range list {
				list[j] = change(list[j].(D))
			}
		}
	}
	doc, err := document.Of(d)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Raw()
}
