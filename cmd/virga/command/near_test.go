package command_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/virgadb/virga/cmd/virga/command"
)

const places = `{"_id":"a","name":"tea","at":{"place":{"type":"Point","coordinates":[114.05,22.5]},"floor":2}}
{"_id":"b","name":"cup","at":{"place":{"type":"Point","coordinates":[114.06,22.5]}}}
{"_id":"c","name":"pot"}
{"_id":4,"at":{"place":{"type":"Polygon","coordinates":[[[114.2,22.5],[114.3,22.5],[114.3,22.6],[114.2,22.5]]]}},"other":{"type":"Point","coordinates":[0,0]}}
`

// shapes are polygons whose rings go the wrong way round, several geometries in a field,
// and what is none.
const shapes = `{"_id":1,"at":{"type":"Polygon","coordinates":[[[0,0],[0,9],[9,9],[9,0,7],[0,0]],[[1,1],[2,2],[1,2],[1,1]]]}}
{"_id":2,"at":{"type":"MultiPolygon","coordinates":[[[[0,0],[9,0],[9,9],[0,0]]],[[[170,0],[180,9],[-170,0],[170,0]]]]}}
{"_id":3,"at":[{"type":"Point","coordinates":[1,2]},{"type":"Polygon","coordinates":[[[0,0],[9,9],[9,0],[0,0]]]}]}
{"_id":4,"at":[1,2]}
{"_id":5,"at":[{"type":"Point","coordinates":[1,2]},7]}
{"_id":6,"at":{"type":"MultiPoint","coordinates":[[{"$numberDouble":"-0.0"},2],[1,2,{"$numberDouble":"NaN"}],[3,4.5,"up"]]}}
{"_id":{"$numberDouble":"Infinity"},"at":{"type":"LineString","coordinates":[[170,0],[-170,{"$numberDouble":"-0.0"}]]}}
`

// lines returns some of the lines of places.
func lines(n ...int) string {
	var all []string
	rest := places
	for rest != "" {
		for i := range rest {
			if rest[i] == '\n' {
				all, rest = append(all, rest[:i+1]), rest[i+1:]
				break
			}
		}
	}
	text := ""
	for _, i := range n {
		text += all[i]
	}
	return text
}

func TestFindNear(t *testing.T) {
	db := path(t)
	run(t, places, "import", db, "places").want(t, command.Done, "imported 4\n", "")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--near", "114.07,22.5"}, lines(1, 0, 3)},
		{[]string{"--near", "114.07, 22.5", "--max", "1500"}, lines(1)},
		{[]string{"--near", "114.07,22.5", "--min", "1500", "--max", "3000"}, lines(0)},
		{[]string{"--near", "114.07,22.5", "--geo", "other"}, lines(3)},
		{[]string{"--near", "114.07,22.5", "--where", `{"name": "tea"}`}, lines(0)},
		{[]string{"--near", "114.07,22.5", "--where", `{"at": {"floor": 2}}`}, lines(0)},
		{[]string{"--near", "114.07,22.5", "--sort", "name", "--limit", "2"}, lines(3, 1)},
		{[]string{"--near", "-114.07,-22.5", "--skip", "2"}, lines(0)},
		{[]string{"--near", "114.07,22.5", "--distance", "m", "--fields", "name", "--limit", "1"}, `{"_id":"b","name":"cup","m":1028.4520247882517}` + "\n"},
		{[]string{"--near", "114.07,22.5", "--distance", "m", "--fields", `{"at": 0}`, "--limit", "1", "--skip", "1"}, `{"_id":"a","name":"tea","m":2056.904048431797}` + "\n"},
		{[]string{"--near", "114.07,22.5", "--distance", "m", "--fields", `{"m": 1, "_id": 0}`, "--where", `{"name": "tea"}`}, `{"m":2056.904048431797}` + "\n"},
		{[]string{"--near", "114.07,22.5", "--distance", "m", "--fields", "name", "--sort", "-name", "--max", "2000"}, `{"_id":"b","name":"cup","m":1028.4520247882517}` + "\n"},
		{[]string{"--near", "114.07,22.5", "--distance", "m", "--fields", `{"_id": 1}`, "--limit", "1"}, `{"_id":"b","m":1028.4520247882517}` + "\n"},
		{[]string{"--near", "114.07,22.5", "--distance", "m", "--fields", `{"_id": 1, "at": 0}`, "--max", "2000"}, `{"_id":"b","name":"cup","m":1028.4520247882517}` + "\n"},
		{[]string{"--near", "114.07,22.5", "--distance", "m", "--fields", `{}`, "--max", "2000"}, strings.Replace(lines(1), "}}}", `}},"m":1028.4520247882517}`, 1)},
		{[]string{"--near", "114.07,22.5", "--raw", "--where", `{"at": {"floor": 2}}`}, ""},
	} {
		run(t, "", append([]string{"find", db, "places"}, c.args...)...).want(t, command.Done, c.want, "")
	}
	for text, args := range map[string][]string{
		"--near is a longitude and a latitude":  {"--near", "114"},
		"is no number":                          {"--near", "114,east"},
		"latitude 95 is outside":                {"--near", "114,95"},
		"--min, --max and --distance are about": {"--max", "5"},
		"--near, which is missing":              {"--distance", "m"},
		"but --near is missing":                 {"--geo", "other"},
		"has an empty segment":                  {"--near", "114,22", "--distance", "m."},
		"--format is jsonl or geojson":          {"--format", "xml"},
		"is a number of metres, not negative":   {"--near", "114,22", "--max", "-5"},
		"path \"a..b\" has an empty segment":    {"--near", "114,22", "--geo", "a..b"},
	} {
		if r := run(t, "", append([]string{"find", db, "places"}, args...)...); r.code == command.Done || r.out != "" {
			t.Errorf("%v: %+v, want %q", args, r, text)
		} else {
			r.want(t, r.code, "", text)
		}
	}
	run(t, "", "count", db, "places", "--near", "114.07,22.5", "--max", "3000").want(t, command.Done, "2\n", "")
	if r := run(t, "", "explain", db, "places", "--near", "114.07,22.5", "--max", "3000"); r.code != command.Done || !strings.Contains(r.out, "distance of at.place from [114.07, 22.5]") {
		t.Errorf("explained as %+v", r)
	}
	none := shop(t)
	run(t, "", "find", none, "products", "--near", "1,2").want(t, command.Misused, "", "name its path by --geo")
}

func TestFindGeoJSON(t *testing.T) {
	db := path(t)
	run(t, places, "import", db, "places").want(t, command.Done, "imported 4\n", "")
	run(t, "", "find", db, "places", "--format", "geojson").want(t, command.Done, `{"type":"FeatureCollection","features":[
{"type":"Feature","id":4,"geometry":{"type":"Polygon","coordinates":[[[114.2,22.5],[114.3,22.5],[114.3,22.6],[114.2,22.5]]]},"properties":{"_id":4,"at":{},"other":{"type":"Point","coordinates":[0,0]}}},
{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[114.05,22.5]},"properties":{"_id":"a","name":"tea","at":{"floor":2}}},
{"type":"Feature","id":"b","geometry":{"type":"Point","coordinates":[114.06,22.5]},"properties":{"_id":"b","name":"cup","at":{}}},
{"type":"Feature","id":"c","geometry":null,"properties":{"_id":"c","name":"pot"}}
]}
`, "")
	run(t, "", "find", db, "places", "--format", "geojson", "--geo", "other", "--near", "1,1", "--fields", "other").want(t, command.Done,
		`{"type":"FeatureCollection","features":[
{"type":"Feature","id":4,"geometry":{"type":"Point","coordinates":[0,0]},"properties":{"_id":4}}
]}
`, "")
	run(t, "", "find", db, "places", "--format", "geojson", "--geo", "other", "--fields", "_id", "--where", `{"_id": 4}`).want(t, command.Done,
		`{"type":"FeatureCollection","features":[
{"type":"Feature","id":4,"geometry":{"type":"Point","coordinates":[0,0]},"properties":{"_id":4}}
]}
`, "")
	run(t, "", "find", db, "places", "--format", "geojson", "--where", `{"name": "nobody"}`).want(t, command.Done,
		`{"type":"FeatureCollection","features":[
]}
`, "")
	run(t, "", "find", db, "places", "--format", "geojson", "--near", "114.07,22.5", "--distance", "at.m", "--fields", "name", "--limit", "1").want(t, command.Done,
		`{"type":"FeatureCollection","features":[
{"type":"Feature","id":"b","geometry":{"type":"Point","coordinates":[114.06,22.5]},"properties":{"_id":"b","name":"cup","at":{"m":1028.4520247882517}}}
]}
`, "")
	run(t, shapes, "import", db, "shapes").want(t, command.Done, "imported 7\n", "")
	run(t, "", "find", db, "shapes", "--format", "geojson").want(t, command.Done, `{"type":"FeatureCollection","features":[
{"type":"Feature","id":1,"geometry":{"type":"Polygon","coordinates":[[[0,0],[9,0,7],[9,9],[0,9],[0,0]],[[1,1],[1,2],[2,2],[1,1]]]},"properties":{"_id":1}},
{"type":"Feature","id":2,"geometry":{"type":"MultiPolygon","coordinates":[[[[0.0,0.0],[9.0,0.0],[9.0,9.0],[0.0,0.0]]],[[[-180.0,9.0],[-180.0,0.0],[-170.0,0.0],[-180.0,9.0]]],[[[170.0,0.0],[180.0,0.0],[180.0,9.0],[170.0,0.0]]]]},"properties":{"_id":2}},
{"type":"Feature","id":3,"geometry":{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,0]]]}]},"properties":{"_id":3}},
{"type":"Feature","id":4,"geometry":null,"properties":{"_id":4,"at":[1,2]}},
{"type":"Feature","id":5,"geometry":null,"properties":{"_id":5,"at":[{"type":"Point","coordinates":[1,2]},7]}},
{"type":"Feature","id":6,"geometry":{"type":"MultiPoint","coordinates":[[0.0,2],[1,2],[3,4.5]]},"properties":{"_id":6}},
{"type":"Feature","geometry":{"type":"MultiLineString","coordinates":[[[170.0,0.0],[180.0,0.0]],[[-180.0,0.0],[-170.0,0.0]]]},"properties":{"_id":{"$numberDouble":"Infinity"}}}
]}
`, "")
	r := run(t, "", "find", db, "places", "--format", "geojson")
	var collection struct {
		Features []struct{ Geometry struct{ Type string } }
	}
	if err := json.Unmarshal([]byte(r.out), &collection); err != nil || len(collection.Features) != 4 {
		t.Errorf("read as JSON: %v, %+v", err, collection)
	}
}
