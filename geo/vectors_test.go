package geo

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/virgadb/virga/document"
)

// TestVectors asks the questions of the conformance vectors of the geometries
// directly, one document at a time.
func TestVectors(t *testing.T) {
	file, err := os.Open("../testdata/conformance/geo.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	asked := 0
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		asked++
		t.Run(v.ID, v.run)
	}
	if err := lines.Err(); err != nil || asked < 100 {
		t.Fatalf("%d vectors, %v", asked, err)
	}
}

type vector struct {
	ID    string
	Op    string
	Field string
	Doc   json.RawMessage
	Docs  []json.RawMessage
	Query struct {
		Geometry                 json.RawMessage
		CenterSphere             []json.RawMessage
		MinDistance, MaxDistance *float64
	}
	Limit  int
	Expect struct {
		Error     bool
		IDs       []int
		Distances []float64
	}
}

func parseJSON(t *testing.T, text []byte) document.Value {
	t.Helper()
	v, err := document.ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (v vector) run(t *testing.T) {
	var holds func(document.Value) bool
	var err error
	switch v.Op {
	case "insert":
		_, err = Read(parseJSON(t, v.Doc).Field(v.Field))
	case "geoWithin":
		holds, err = v.within(t)
	case "geoIntersects":
		var s *Shape
		s, err = Read(parseJSON(t, v.Query.Geometry))
		holds = func(d document.Value) bool { return s.Touches(d) }
	case "geoNear":
		v.near(t)
		return
	default:
		t.Skip("asked through the database")
	}
	if (err != nil) != v.Expect.Error {
		t.Fatalf("error %v, expected %v", err, v.Expect.Error)
	}
	if holds == nil || err != nil {
		return
	}
	expected := map[int64]bool{}
	for _, id := range v.Expect.IDs {
		expected[int64(id)] = true
	}
	for _, raw := range v.Docs {
		d := parseJSON(t, raw)
		id, _ := d.Field("_id").Int64()
		if got := holds(d.Field(v.Field)); got != expected[id] {
			t.Errorf("%v: %v, expected %v", d, got, !got)
		}
	}
}

func (v vector) within(t *testing.T) (func(document.Value) bool, error) {
	var a *Area
	var err error
	if c := v.Query.CenterSphere; len(c) == 2 {
		var center Point
		var radians float64
		if err := json.Unmarshal(c[0], (*[2]float64)(&center)); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(c[1], &radians); err != nil {
			t.Fatal(err)
		}
		a, err = NewCircle(center, radians)
	} else {
		a, err = NewArea(parseJSON(t, v.Query.Geometry))
	}
	return func(d document.Value) bool { return a.Holds(d) }, err
}

func (v vector) near(t *testing.T) {
	if v.Expect.Error {
		t.Skip("asked through the database")
	}
	p, ok := ReadPoint(parseJSON(t, v.Query.Geometry))
	if !ok {
		t.Fatal("no point")
	}
	o, err := NewOrigin(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range v.Docs {
		d := parseJSON(t, raw)
		id, _ := d.Field("_id").Int64()
		distance, _ := o.Distance(d.Field(v.Field))
		for i, expected := range v.Expect.IDs {
			if int64(expected) == id && math.Abs(distance-v.Expect.Distances[i]) > 1e-6*max(1, distance) {
				t.Errorf("%v: %v metres, expected %v", d, distance, v.Expect.Distances[i])
			}
		}
	}
}
