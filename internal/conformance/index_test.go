package conformance

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// TestVectorsWithIndexes runs the vectors that find with every index that their
// filter and sort may want, and with each of the ways to find forced in turn.
func TestVectorsWithIndexes(t *testing.T) {
	db, err := virga.Open(virga.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer closeSound(t, db)
	r := &runner{db: db, shared: map[string]string{}}
	vectors, ways := 0, 0
	for _, folder := range folders() {
		files, err := readFolder(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			for _, v := range f.vectors {
				if v.kind != "filter" && v.kind != "sort" || disagreements[v.id] != "" {
					continue
				}
				n, err := r.findWays(t, v)
				if err != nil {
					t.Errorf("%s %s: %v\n%s", f.path, v.id, err, v.Value)
				}
				vectors++
				ways += n
			}
		}
	}
	t.Logf("%d vectors, %d ways", vectors, ways)
	if ways < 5*vectors {
		t.Errorf("only %d ways for %d vectors", ways, vectors)
	}
}

// findWays runs a vector in each way and returns how many there are.
func (r *runner) findWays(t *testing.T, v vector) (int, error) {
	ctx := t.Context()
	coll, err := r.writing(ctx, v.Field("docs"))
	if err != nil {
		return 0, err
	}
	hints := []string{"", virga.NoIndex, virga.IDIndex}
	for _, spec := range plausible(v.Value) {
		switch err := coll.CreateIndex(ctx, spec); {
		case err == nil:
			hints = append(hints, spec.Named().Name)
		case !errors.Is(err, virga.ErrInvalid) && !errors.Is(err, virga.ErrExists):
			return 0, fmt.Errorf("index (%s): %w", spec.Keys(), err)
		}
	}
	for i, hint := range hints {
		docs, err := foundBy(t, coll, v.Value, hint)
		if strings.Contains(fmt.Sprint(err), "sparse") {
			continue
		}
		if done, err := settled(v.Value, err); done {
			if err != nil && !errors.Is(err, errSkip) {
				return i, fmt.Errorf("by %q: %w", hint, err)
			}
			continue
		}
		want, got := elements(v.Field("expect")), docs
		if !v.Field("projection").Exists() {
			got = make([]document.Value, len(docs))
			for i, doc := range docs {
				got[i] = doc.Field("_id")
			}
		}
		if !comparisonOf(v.Value).lists(got, want, truth(v.Value, "ordered")) {
			return i, fmt.Errorf("by %q found %v, want %v", hint, got, want)
		}
		if v.Field("skip").Exists() || v.Field("limit").Exists() {
			continue
		}
		if n, err := coll.Where(query.Raw(v.Field("filter"))).Hint(hint).Count(ctx); err != nil || int(n) != len(want) {
			return i, fmt.Errorf("by %q counted %d, %v, want %d", hint, n, err, len(want))
		}
	}
	return len(hints), nil
}

// foundBy is found by the way that hint names.
func foundBy(t *testing.T, coll *virga.Collection, v document.Value, hint string) ([]document.Value, error) {
	q := coll.Where(query.Raw(v.Field("filter"))).Skip(whole(v, "skip")).Limit(whole(v, "limit")).Hint(hint)
	for f := v.Field("sort").Fields(); f.Next(); {
		dir, _ := f.Value().Int64()
		q = q.OrderBy(string(f.Key()), virga.Direction(dir))
	}
	if p := v.Field("projection"); p.Exists() {
		q = q.Field(p)
	}
	docs, err := q.Get(t.Context())
	return values(docs), err
}

// plausible returns the indexes that a vector may want: one on each path of its
// filter, up and down, sparse too, one along its sort, and one on all of them.
func plausible(v document.Value) []index.Spec {
	paths := filterPaths(nil, "", v.Field("filter"), 0)
	var sort []string
	for f := v.Field("sort").Fields(); f.Next(); {
		dir, _ := f.Value().Int64()
		sort = append(sort, map[bool]string{true: "-"}[dir < 0]+string(f.Key()))
	}
	var specs []index.Spec
	add := func(name string, sparse bool, fields ...string) {
		if spec := (index.Spec{Name: name, Fields: index.By(fields...), Sparse: sparse}); len(fields) > 0 && spec.Validate() == nil {
			specs = append(specs, spec)
		}
	}
	for i, p := range paths[:min(len(paths), 4)] {
		add(fmt.Sprint("up ", i), false, p)
		add(fmt.Sprint("down ", i), false, "-"+p)
		add(fmt.Sprint("sparse ", i), true, p)
		add(fmt.Sprint("before ", i), false, append([]string{p}, sort...)...)
	}
	add("sort", false, sort...)
	add("all", false, paths[:min(len(paths), index.MaxFields)]...)
	return specs
}

// filterPaths appends the paths that a filter speaks of.
func filterPaths(paths []string, at string, v document.Value, depth int) []string {
	if depth > 6 {
		return paths
	}
	for e := v.Elements(); e.Next(); {
		paths = filterPaths(paths, at, e.Value(), depth+1)
	}
	for f := v.Fields(); f.Next(); {
		path := at
		if name := string(f.Key()); !strings.HasPrefix(name, "$") {
			path = strings.TrimPrefix(at+"."+name, ".")
			if !strings.Contains(" "+strings.Join(paths, " ")+" ", " "+path+" ") {
				paths = append(paths, path)
			}
		}
		paths = filterPaths(paths, path, f.Value(), depth+1)
	}
	return paths
}
