package expr

import (
	"bufio"
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
)

// disagreements names the vectors whose expectation contradicts the specification,
// each with the reason.
var disagreements = map[string]string{}

// TestVectors evaluates the expressions of the vectors that the database as a
// whole is held against too.
func TestVectors(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/conformance/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range filepath.SplitList(os.Getenv("VIRGA_VECTORS")) {
		more, _ := filepath.Glob(filepath.Join(folder, "*.jsonl"))
		paths = append(paths, more...)
	}
	total := 0
	for _, path := range paths {
		passed, failed := 0, 0
		for _, v := range vectors(t, path) {
			got := evaluated(v)
			reason, known := disagreements[string(v.Field("id").Bytes())]
			switch ok := got.agrees(v); {
			case ok && known:
				t.Errorf("%s passes, though listed as a disagreement: %s", v.Field("id"), reason)
			case ok:
				passed++
			case known:
				failed++
			default:
				failed++
				t.Errorf("%s %s\n\tyields %v, %v, want %s", v.Field("id"), v.Field("expr"), got.value, got.err, v.Field("expect"))
			}
		}
		if total += passed + failed; passed+failed > 0 {
			t.Logf("%s: %d passed, %d failed", filepath.Base(path), passed, failed)
		}
	}
	if total < 615 {
		t.Errorf("%d vectors, want 615 at least", total)
	}
}

// vectors returns the vectors of expressions in a file.
func vectors(t testing.TB, path string) []document.Value {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []document.Value
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 32<<20)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		v, err := document.ParseJSON(lines.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if string(v.Field("kind").Bytes()) == "expr" {
			all = append(all, v)
		}
	}
	return all
}

// An outcome is what an expression came to.
type outcome struct {
	value document.Value
	err   error
}

func evaluated(v document.Value) outcome {
	x, err := Compile(v.Field("expr"), Scope{Now: time.UnixMilli(0)})
	if err != nil {
		return outcome{err: err}
	}
	value, err := x.Eval(NewEnv(Options{}), v.Field("doc"))
	return outcome{value, err}
}

// agrees reports whether o is what the vector expects.
func (o outcome) agrees(v document.Value) bool {
	if wanted, _ := v.Field("error").Bool(); wanted || o.err != nil {
		return wanted == (o.err != nil)
	}
	want := v.Field("expect")
	if want.Field("$missing").Exists() {
		return !o.value.Exists()
	}
	c := comparison{}
	c.tolerance, _ = v.Field("tol").Float64()
	if asSet, _ := v.Field("asSet").Bool(); asSet {
		return c.lists(values(o.value), values(want), false)
	}
	for _, name := range values(v.Field("anyOrder")) {
		c.anyOrder = append(c.anyOrder, string(name.Bytes()))
	}
	return c.equal(o.value, want)
}

func values(v document.Value) []document.Value {
	var all []document.Value
	for e := v.Elements(); e.Next(); {
		all = append(all, e.Value())
	}
	return all
}

// A comparison says when a result counts as the expected one: numbers are equal by
// value, and the order of fields is free.
type comparison struct {
	tolerance float64
	anyOrder  []string
}

func (c comparison) equal(got, want document.Value) bool {
	if got.Kind() != want.Kind() {
		return false
	}
	switch got.Kind() {
	case document.Number:
		g, _ := got.Float64()
		w, _ := want.Float64()
		return document.Equal(got, want) || math.Abs(g-w) <= c.tolerance*max(math.Abs(g), math.Abs(w))
	case document.Array:
		return c.lists(values(got), values(want), true)
	case document.Object:
		same := got.Len() == want.Len()
		for f := want.Fields(); same && f.Next(); {
			g := got.Field(string(f.Key()))
			if g.Kind() == document.Array && slices.Contains(c.anyOrder, string(f.Key())) {
				same = c.lists(values(g), values(f.Value()), false)
			} else {
				same = c.equal(g, f.Value())
			}
		}
		return same
	}
	return document.Equal(got, want)
}

func (c comparison) lists(got, want []document.Value, ordered bool) bool {
	if ordered || len(got) != len(want) {
		return slices.EqualFunc(got, want, c.equal)
	}
	open := slices.Clone(want)
	for _, g := range got {
		at := slices.IndexFunc(open, func(w document.Value) bool { return c.equal(g, w) })
		if at < 0 {
			return false
		}
		open = slices.Delete(open, at, at+1)
	}
	return true
}
