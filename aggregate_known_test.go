package virga

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/document"
)

// realData loads a file of real data into a collection. The test is skipped where the
// folder, that of VIRGA_DATA or ../shared/data, is not there.
func realData(t *testing.T, name string) (*Collection, []document.Value) {
	t.Helper()
	dir := os.Getenv("VIRGA_DATA")
	if dir == "" {
		dir = filepath.Join("..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, name+".jsonl.gz"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var rows []document.Value
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		v, err := document.ParseJSON(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, v)
	}
	coll := openTest(t).Collection(name)
	for batch := range slices.Chunk(rows, 2000) {
		if _, err := coll.AddMany(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	return coll, rows
}

// TestZips runs the pipelines that MongoDB's manual has for its zip codes, and
// compares with what a loop over the file computes.
func TestZips(t *testing.T) {
	coll, rows := realData(t, "zips")
	type city struct{ state, name string }
	pops, states := map[city]int64{}, map[string]int64{}
	for _, v := range rows {
		pop, _ := v.Field("pop").Int64()
		state, _ := v.Field("state").Text()
		name, _ := v.Field("city").Text()
		states[state] += pop
		pops[city{state, name}] += pop
	}

	large, err := coll.Aggregate().Group("$state", M{"totalPop": aggregate.Sum("$pop")}).Match(M{"totalPop": M{"$gte": 10_000_000}}).
		Sort(D{{"totalPop", -1}}).All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range large {
		id, _ := d.Lookup("_id").Text()
		if n, _ := d.Lookup("totalPop").Int64(); n != states[id] {
			t.Errorf("%s has %d, want %d", id, n, states[id])
		}
		got = append(got, id)
	}
	if want := strings.Fields("CA NY TX FL PA IL OH"); !slices.Equal(got, want) {
		t.Errorf("states above ten million: %v, want %v", got, want)
	}

	means, err := coll.Aggregate().Group(M{"state": "$state", "city": "$city"}, M{"pop": aggregate.Sum("$pop")}).
		Group("$_id.state", M{"mean": aggregate.Avg("$pop")}).All(t.Context())
	if err != nil || len(means) != len(states) {
		t.Fatalf("%d averages, %v", len(means), err)
	}
	for _, d := range means {
		id, _ := d.Lookup("_id").Text()
		n, sum := 0, int64(0)
		for c, pop := range pops {
			if c.state == id {
				n, sum = n+1, sum+pop
			}
		}
		if mean, _ := d.Lookup("mean").Float64(); mean != float64(sum)/float64(n) {
			t.Errorf("average of %s is %v, want %v", id, mean, float64(sum)/float64(n))
		}
	}

	extremes, err := coll.Aggregate().Group(M{"state": "$state", "city": "$city"}, M{"pop": aggregate.Sum("$pop")}).Sort(D{{"pop", 1}}).
		Group("$_id.state", M{"biggestPop": aggregate.Last("$pop"), "smallestPop": aggregate.First("$pop"), "biggestCity": aggregate.Last("$_id.city")}).
		Project(D{{"_id", 0}, {"state", "$_id"}, {"biggest", D{{"name", "$biggestCity"}, {"pop", "$biggestPop"}}}, {"smallest", D{{"pop", "$smallestPop"}}}}).
		All(t.Context())
	if err != nil || len(extremes) != len(states) {
		t.Fatalf("%d extremes, %v", len(extremes), err)
	}
	for _, d := range extremes {
		state, _ := d.Lookup("state").Text()
		smallest, biggest := int64(-1), int64(-1)
		for c, pop := range pops {
			if c.state == state {
				if smallest < 0 || pop < smallest {
					smallest = pop
				}
				biggest = max(biggest, pop)
			}
		}
		name, _ := d.Lookup("biggest.name").Text()
		high, _ := d.Lookup("biggest.pop").Int64()
		low, _ := d.Lookup("smallest.pop").Int64()
		if high != biggest || low != smallest || pops[city{state, name}] != biggest {
			t.Errorf("%s: %s, want %d to %d", state, d, smallest, biggest)
		}
	}
}

// TestRestaurantGrades counts grades by borough.
func TestRestaurantGrades(t *testing.T) {
	coll, rows := realData(t, "restaurants")
	type key struct{ borough, grade string }
	type sum struct{ n, score, scored int64 }
	want := map[key]sum{}
	for _, v := range rows {
		borough, _ := v.Field("borough").Text()
		for e := v.Field("grades").Elements(); e.Next(); {
			grade, _ := e.Value().Field("grade").Text()
			s := want[key{borough, grade}]
			s.n++
			if n, ok := e.Value().Field("score").Int64(); ok {
				s.score, s.scored = s.score+n, s.scored+1
			}
			want[key{borough, grade}] = s
		}
	}
	got, err := coll.Aggregate().Unwind("$grades").
		Group(D{{"borough", "$borough"}, {"grade", "$grades.grade"}}, M{"n": aggregate.Sum(1), "score": aggregate.Avg("$grades.score")}).
		All(t.Context())
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d groups, want %d, %v", len(got), len(want), err)
	}
	for _, d := range got {
		borough, _ := d.Lookup("_id.borough").Text()
		grade, _ := d.Lookup("_id.grade").Text()
		w := want[key{borough, grade}]
		n, _ := d.Lookup("n").Int64()
		score, ok := d.Lookup("score").Float64()
		if n != w.n || ok != (w.scored > 0) || ok && score != float64(w.score)/float64(w.scored) {
			t.Errorf("%s, want %v", d, w)
		}
	}
}
