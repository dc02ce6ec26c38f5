//go:build cgo

package index_test

import (
	"errors"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
)

// What a geo index holds of a document: as many entries as places times tuples of the
// other fields, which may be in another array.
func TestGeoEntries(t *testing.T) {
	x, err := index.Compile(7, index.Spec{Fields: index.By("kind"), Geo: "a.at"}.Named(), index.Traits{})
	if err != nil {
		t.Fatal(err)
	}
	square := geo.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}}
	shape, err := geo.NewShape(square)
	if err != nil {
		t.Fatal(err)
	}
	cells, levels := shape.Covering(geo.MaxCovering), uint16(0)
	for _, c := range cells {
		levels |= 1 << c.Resolution()
	}
	for name, c := range map[string]struct {
		doc    document.D
		want   int
		traits index.Traits
	}{
		"missing":         {document.D{{"kind", 1}}, 0, index.Traits{}},
		"null":            {document.D{{"a", document.D{{"at", nil}}}}, 0, index.Traits{}},
		"empty":           {document.D{{"a", document.D{{"at", []any{}}}}}, 0, index.Traits{}},
		"point":           {document.D{{"kind", 1}, {"a", document.D{{"at", geo.Point{1, 2}}}}}, 1, index.Traits{Points: true}},
		"point alone":     {document.D{{"a", document.D{{"at", geo.Point{1, 2}}}}}, 1, index.Traits{Points: true}},
		"one leaf cell":   {document.D{{"a", document.D{{"at", []any{geo.Point{1, 2}, geo.Point{1, 2.0000001}, geo.Point{1, 2}}}}}}, 2, index.Traits{Multikey: 2, Points: true, Several: true}},
		"array on a way":  {document.D{{"a", []any{document.D{{"at", geo.Point{1, 2}}}, document.D{}}}}, 1, index.Traits{Multikey: 2, Points: true}},
		"arrays multiply": {document.D{{"kind", []any{1, 2, 3}}, {"a", document.D{{"at", []any{geo.Point{1, 2}, geo.Point{3, 4}}}}}}, 6, index.Traits{Multikey: 3, Points: true, Several: true}},
		"polygon":         {document.D{{"a", document.D{{"at", square}}}}, len(cells), index.Traits{Multikey: 2, Shapes: true, Levels: levels}},
		"both":            {document.D{{"a", document.D{{"at", []any{geo.Point{1, 2}, square}}}}}, 1 + len(cells), index.Traits{Multikey: 2, Shapes: true, Points: true, Several: true, Levels: levels}},
		"null and one":    {document.D{{"a", document.D{{"at", []any{nil, square}}}}}, len(cells), index.Traits{Multikey: 2, Shapes: true, Levels: levels}},
	} {
		v, err := document.Of(append(document.D{{"_id", 1}}, c.doc...))
		if err != nil {
			t.Fatal(err)
		}
		doc, id := document.FromRaw(v.Raw()), keys.Append(nil, document.Int(1), false)
		entries, traits, err := x.Entries(doc, id)
		if err != nil || len(entries) != c.want || traits != c.traits {
			t.Errorf("%s: %d entries, %+v, %v, want %d, %+v", name, len(entries), traits, err, c.want, c.traits)
		}
		for _, e := range entries {
			if p, err := x.Split(e.Key, e.Value); err != nil || string(p.ID) != string(id) {
				t.Errorf("%s: entry %x: %v", name, e.Key, err)
			}
		}
	}
	v, err := document.Of(document.D{{"_id", 1}, {"a", document.D{{"at", []any{1, 2}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := x.Entries(document.FromRaw(v.Raw()), []byte{5}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("numbers: %v", err)
	}
}

// Every cell of a shape tells of its bounds, but for those that another shape of the
// document has as well: they tell of neither.
func TestGeoEntriesTellOfShapes(t *testing.T) {
	x, err := index.Compile(7, index.Spec{Fields: index.By("kind"), Geo: "at"}.Named(), index.Traits{})
	if err != nil {
		t.Fatal(err)
	}
	square := geo.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}}
	inner := geo.Polygon{{{0.1, 0.1}, {0.9, 0.1}, {0.9, 0.9}, {0.1, 0.9}, {0.1, 0.1}}}
	far := geo.Polygon{{{50, 50}, {51, 50}, {51, 51}, {50, 50}}}
	told := func(at any) (told, untold int) {
		v, err := document.Of(document.D{{"_id", 1}, {"kind", []any{1, 2}}, {"at", at}})
		if err != nil {
			t.Fatal(err)
		}
		entries, _, err := x.Entries(document.FromRaw(v.Raw()), keys.Append(nil, document.Int(1), false))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			switch _, ok := geo.ReadBounds(e.Value); {
			case ok:
				told++
			case len(e.Value) == 0:
				untold++
			default:
				t.Errorf("%v: the value %x", at, e.Value)
			}
			if _, err := x.Split(e.Key, e.Value); err != nil {
				t.Errorf("%v: %v", at, err)
			}
		}
		return told, untold
	}
	one, none := told(square)
	if one == 0 || none != 0 {
		t.Errorf("a square: %d, %d not", one, none)
	}
	if n, none := told([]any{square, square}); n != one || none != 0 {
		t.Errorf("a square twice: %d, %d not", n, none)
	}
	apart, _ := told(far)
	if n, none := told([]any{square, far}); n != one+apart || none != 0 {
		t.Errorf("squares apart: %d, %d not, want %d", n, none, one+apart)
	}
	for _, at := range [][]any{{square, inner}, {inner, square}, {square, inner, square}, {inner, square, inner, inner}} {
		if _, none := told(at); none == 0 {
			t.Errorf("%d squares in one another: all cells tell", len(at))
		}
	}
	if n, none := told(geo.Point{1, 2}); n != 0 || none != 2 {
		t.Errorf("a point: %d, %d not", n, none)
	}
}
