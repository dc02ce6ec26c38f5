package virga

import (
	"bytes"
	"errors"
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

// An index whose shapes have cells that an earlier version chose is made anew: no
// document could be taken out of it.
func TestGeoIndexOfAnEarlierVersion(t *testing.T) {
	needCells(t)
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
	ring := geo.LineString{{10, 10}, {10.3, 10}, {10.2, 10.4}, {10, 10}}
	_, err = fences.AddMany(ctx(), []M{{"_id": 1, "area": geo.Polygon{ring}}, {"_id": 2, "area": geo.Point{10.1, 10.1}}})
	err = errors.Join(err, fences.CreateIndex(ctx(), index.Spec{Geo: "area"}), db.Close())
	if err != nil {
		t.Fatal(err)
	}
	if f := catalogFormat(t, engine); f != 3 {
		t.Errorf("format %d with a geo index, earlier versions would spoil it", f)
	}

	makeEarlier(t, engine)
	db, err = openStore("earlier", engine, c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if f := catalogFormat(t, engine); f != 3 {
		t.Errorf("format %d after the index was made anew", f)
	}
	fences = db.Collection("fences")
	at := M{"area": query.GeoIntersects(geo.Point{10.1, 10.1})}
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

// makeEarlier turns a database into one of format 2: the cells of shapes are others,
// their parents, and nothing says how they were chosen.
func makeEarlier(t *testing.T, e storage.Engine) {
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
			writes = append(writes, storage.Write{Key: key, Value: earlierRecord(t, value)})
		}
		x, rest, ok := keys.SplitIndex(key)
		if !ok || len(rest) < 8 || rest[0] != 0x91 {
			continue
		}
		var number uint64
		for _, b := range rest[1:8] {
			number = number<<8 | uint64(b)
		}
		cell := geo.KeyCell(number)
		parent, err := cell.Parent(cell.Resolution() - 1)
		if err != nil {
			t.Fatal(err)
		}
		moved := append(keys.AppendCell(keys.AppendIndex(nil, x), parent.Key()), rest[8:]...)
		writes = append(writes, storage.Write{Key: key, Delete: true}, storage.Write{Key: moved, Value: value})
		cells++
	}
	if cells == 0 {
		t.Fatal("no cells of shapes")
	}
	if err := e.Apply(e.Version()+1, writes, true); err != nil {
		t.Fatal(err)
	}
}

// earlierRecord returns a record of the catalog as format 2 has it.
func earlierRecord(t *testing.T, record []byte) []byte {
	t.Helper()
	var d D
	if err := document.FromRaw(record).Decode(&d); err != nil {
		t.Fatal(err)
	}
	for i := range d {
		switch d[i].Key {
		case "format":
			d[i].Value = 2
		case "indexes":
			list := d[i].Value.([]any)
			for j := range list {
				list[j] = slices.DeleteFunc(list[j].(D), func(e E) bool { return e.Key == "coverings" })
			}
		}
	}
	doc, err := document.Of(d)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Raw()
}
