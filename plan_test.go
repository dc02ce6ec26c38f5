package virga

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// planQueries is the number of queries asked of one random collection.
const planQueries = 25

// TestPlans asks random queries of random collections with random indexes. A list
// that fails is shrunk, printed and kept in testdata/plan, where TestPlansKept
// finds it.
func TestPlans(t *testing.T) {
	seed, cases, failures := newSeed(t), 0, 0
	for n := 0; cases < 1000*effort() && failures < 3; n++ {
		ops := generatePlans(random(seed, uint64(n)))
		done, err := runPlans(ops)
		cases += done
		if err != nil {
			failures++
			reportPlans(t, err, ops, fmt.Sprintf("%x-%d", seed, n))
		}
	}
	t.Logf("seed %d, %d cases, %d failures", seed, cases, failures)
}

func reportPlans(t *testing.T, err error, ops []op, name string) {
	t.Helper()
	small := shrink(ops, func(list []op) bool { _, err := runPlans(list); return err != nil }, 20*time.Second)
	if _, again := runPlans(small); again != nil {
		err = again
	}
	file := filepath.Join("testdata", "plan", name+".txt")
	if err := os.WriteFile(file, []byte(printOps(small)), 0o666); err != nil {
		t.Error(err)
	}
	t.Errorf("%v\n\n%s:\n%s", err, file, printOps(small))
}

// TestPlansKept runs the lists that have failed once.
func TestPlansKept(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "plan", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no kept lists: %v", err)
	}
	for _, file := range files {
		list, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		ops, err := parseOps(string(list))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if _, err := runPlans(ops); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// generatePlans returns a list of indexes, documents and queries.
func generatePlans(rnd *rand.Rand) []op {
	g := generator{rnd}
	var ops []op
	indexes := g.indexes()
	early := g.IntN(len(indexes) + 1) // the others are made when there are documents
	ops = append(ops, indexes[:early]...)
	simple := g.chance(2) // documents without arrays, which leave indexes plain
	for range 4 + g.IntN(36) {
		ops = append(ops, op{Do: "add", Data: g.planDocument(simple)})
	}
	ops = append(ops, indexes[early:]...)
	for range planQueries {
		o := op{Do: "find", Where: g.filter(3), Order: g.order(), Skip: g.window(), Limit: g.window(), Fields: g.planFields(), Built: g.chance(3)}
		if g.chance(3) {
			o.Where = g.plain(indexes)
		}
		if g.chance(2) {
			o.Order = g.along(indexes)
		}
		if g.chance(6) {
			x := []op{pick(g, indexes...)}
			o.Where, o.Order = g.either(x), g.along(x)
		}
		if g.chance(4) {
			o.Path = g.path()
		}
		if g.chance(3) {
			o.Data = g.planDocument(simple)
		}
		ops = append(ops, o)
	}
	return ops
}

func (g generator) planDocument(simple bool) D {
	d := D{{"_id", g.id()}}
	for _, name := range g.some("a", "b", "c", "n", "t", "l") {
		switch {
		case !simple:
			d = append(d, E{Key: name, Value: g.field(name)})
		case name == "n":
			d = append(d, E{Key: name, Value: D{{"x", g.scalar()}, {"y", g.scalar()}}})
		default:
			d = append(d, E{Key: name, Value: g.scalar()})
		}
	}
	if last := len(d) - 1; last > 0 && g.chance(60) { // too long for a key, or nearly
		d[last].Value = strings.Repeat("a", 1000) + pick(g, "", "b", strings.Repeat("c", 100), strings.Repeat("d", 100))
	}
	return d
}

// indexes returns one to three indexes.
func (g generator) indexes() []op {
	var list []op
	for range 1 + g.IntN(3) {
		var fields []string
		for range 1 + g.IntN(3) {
			path := pick(g, "a", "b", "c", "n.x", "n.y", "n", "t", "l.x", "l.y", "l", "t.0", "l.0.x", "n.z.w", "_id")
			if !strings.Contains(" "+strings.Join(fields, " ")+" ", path+" ") {
				if g.chance(3) {
					path = "-" + path
				}
				fields = append(fields, path)
			}
		}
		o := op{Do: "index", Path: strings.Join(fields, ","), Data: D{}}
		if g.chance(8) {
			o.Data = D{{"sparse", true}}
		} else if g.chance(12) {
			o.Data = D{{"unique", true}}
		} else if g.chance(12) {
			o.Data = D{{"narrow", true}}
		}
		list = append(list, o)
	}
	return list
}

// plain returns a filter on the first fields of an index, of the kind indexes are
// made for.
func (g generator) plain(indexes []op) D {
	d := D{}
	for _, path := range strings.Split(pick(g, indexes...).Path, ",") {
		path = strings.TrimPrefix(path, "-")
		v := g.operand(path)
		if strings.HasPrefix(path, "l.") && get(d, "l") == (absent{}) && g.chance(2) {
			d = append(d, E{Key: "l", Value: D{{"$elemMatch", g.element(1)}}})
			continue
		}
		switch g.IntN(6) {
		case 0, 1:
			d = append(d, E{Key: path, Value: v})
		case 2:
			d = append(d, E{Key: path, Value: D{{"$in", g.operands(path)}}})
		case 3:
			d = append(d, E{Key: path, Value: D{{pick(g, "$gt", "$gte"), v}, {pick(g, "$lt", "$lte"), g.operand(path)}}})
		case 4:
			d = append(d, E{Key: path, Value: D{{pick(g, "$gt", "$gte", "$lt", "$lte"), v}}})
		}
	}
	return d
}

// either returns alternatives that each are about the first field of an index, and
// some about its others.
func (g generator) either(indexes []op) D {
	list := make([]any, 2+g.IntN(2))
	for i := range list {
		first, _, _ := strings.Cut(strings.TrimPrefix(pick(g, indexes...).Path, "-"), ",")
		d := D{{first, g.operand(first)}}
		if g.chance(2) {
			d = slices.DeleteFunc(g.plain(indexes), func(e E) bool { return e.Key == first })
			d = append(d, E{Key: first, Value: g.operand(first)})
		}
		list[i] = d
	}
	return D{{"$or", list}}
}

// along returns an order along an index, or nearly.
func (g generator) along(indexes []op) D {
	d := D{}
	turn := pick[int64](g, 1, -1)
	for _, path := range strings.Split(pick(g, indexes...).Path, ",") {
		path, desc := strings.CutPrefix(path, "-")
		dir := turn
		if desc {
			dir = -turn
		}
		if g.chance(10) {
			dir = -dir
		}
		if !g.chance(6) && !strings.Contains(path, ".0") { // the model sorts by no places
			d = append(d, E{Key: path, Value: dir})
		}
	}
	if g.chance(4) && get(d, "_id") == (absent{}) {
		d = append(d, E{Key: "_id", Value: pick[int64](g, 1, -1)})
	}
	if len(d) == 0 {
		return nil
	}
	return d
}

// planFields returns a projection, often one that an index can cover.
func (g generator) planFields() D {
	if !g.chance(3) {
		return g.fields()
	}
	return pick(g, D{{"a", int64(1)}}, D{{"n.x", int64(1)}}, D{{"b", int64(1)}, {"_id", int64(0)}}, D{{"_id", int64(1)}})
}
