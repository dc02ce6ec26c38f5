package virga

import (
	"strings"
	"testing"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// A search reads no documents where a geo index tells all that is asked for: the _id,
// and of a region the other indexed fields. How a document writes its point, the index
// does not tell; nor anything of a document that it has several entries of.
func TestGeoSearchesAreCovered(t *testing.T) {
	needCells(t)
	c := openTest(t).Collection("places")
	for i := range 300 {
		d := M{"_id": i, "at": geo.Point{float64(i%60)/10 + 10, float64(i/60) / 10}, "kind": i % 3, "price": i}
		if _, err := c.Add(ctx(), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.CreateIndexes(ctx(), []index.Spec{{Geo: "at"}, {Fields: index.By("kind"), Geo: "at"}}, nil); err != nil {
		t.Fatal(err)
	}
	near := query.GeoNear(geo.Point{12, 0.2})
	within := query.GeoWithin(geo.Circle{Center: geo.Point{12, 0.2}, Radius: 30_000})
	cases := []struct {
		name  string
		where M
		field M
		want  bool
	}{
		{"ids of the nearest", M{"at": near}, M{"_id": true}, true},
		{"ids of the nearest of a kind", M{"at": near, "kind": 1}, M{"_id": true}, true},
		{"the kind of the nearest", M{"at": near, "kind": 1}, M{"kind": true}, false},
		{"places of the nearest", M{"at": near}, M{"at": true}, false},
		{"ids of the nearest by price", M{"at": near, "price": query.Lt(200)}, M{"_id": true}, false},
		{"all but the place of the nearest", M{"at": near}, M{"at": false}, false},
		{"ids within", M{"at": within}, M{"_id": true}, true},
		{"kinds within", M{"at": within, "kind": 1}, M{"kind": true}, true},
		{"places within", M{"at": within}, M{"at": true}, false},
		{"ids within by price", M{"at": within, "price": query.Lt(200)}, M{"_id": true}, false},
	}
	covered := func(how string, where, field M, want bool) {
		t.Helper()
		q := c.Where(where).Field(field).Limit(20)
		e, err := q.Explain(ctx())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(e.Tree(), "covered"); got != want || got != (e.DocsExamined == 0) || e.Returned == 0 {
			t.Errorf("%s: covered %v, want %v; %d documents read for %d\n%s", how, got, want, e.DocsExamined, e.Returned, e.Tree())
		}
		found, err := q.Get(ctx())
		if err != nil {
			t.Fatal(err)
		}
		scanned, err := q.Hint(NoIndex).Get(ctx())
		if err != nil || len(scanned) != len(found) {
			t.Fatalf("%s: %d documents, %d by a scan, %v", how, len(found), len(scanned), err)
		}
		for i := range found {
			if string(found[i].Raw()) != string(scanned[i].Raw()) {
				t.Errorf("%s: %v, by a scan %v", how, found[i], scanned[i])
			}
		}
	}
	for _, one := range cases {
		covered(one.name, one.where, one.field, one.want)
	}
	square := geo.Polygon{{{12, 0}, {12.1, 0}, {12.1, 0.1}, {12, 0.1}, {12, 0}}}
	if _, err := c.Add(ctx(), M{"_id": "square", "at": square, "kind": 1}); err != nil {
		t.Fatal(err)
	}
	covered("ids beside a shape", M{"at": near}, M{"_id": true}, false)
}
