package geo

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A cell comes back as it went, from a document and from JSON.
func TestCellsRoundTrip(t *testing.T) {
	type row struct {
		One  Cell         `json:"one"`
		None *Cell        `json:"none"`
		All  []Cell       `json:"all"`
		By   map[Cell]int `json:"by" msgpack:"-"` // of JSON alone: documents have names that are strings
	}
	c, err := ParseCell("87411caa6ffffff")
	if err != nil {
		t.Fatal(err)
	}
	want := row{One: c, All: []Cell{c, c}}
	doc, err := document.Encode(want, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var got row
	if err := doc.Decode(&got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v decoded: %+v, %v", doc, got, err)
	}

	want.By = map[Cell]int{c: 7}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != `{"one":"87411caa6ffffff","none":null,"all":["87411caa6ffffff","87411caa6ffffff"],"by":{"87411caa6ffffff":7}}` {
		t.Errorf("as JSON: %s", text)
	}
	got = row{}
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("from JSON: %+v, %v", got, err)
	}
}

func TestWhatIsNoCellIsNotRead(t *testing.T) {
	for _, v := range []any{7, true, []string{"87411caa6ffffff"}, "", "zz", "97411caa6ffffff", "ffffffffffffffff", Point{1, 2}} {
		value, err := document.Of(v)
		if err != nil {
			t.Fatal(err)
		}
		c := Cell(1)
		if err := c.UnmarshalValue(value); !errors.Is(err, fault.ErrInvalid) || c != 1 {
			t.Errorf("%v read as %v, %v", v, c, err)
		}
	}
	if text, err := json.Marshal(Cell(0)); err == nil {
		t.Errorf("the zero cell as JSON: %s", text)
	}
	if _, err := document.Of(Cell(0)); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("the zero cell stored: %v", err)
	}
}
