package conformance

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// A runner carries vectors out on one database, each on collections of its own.
type runner struct {
	db     *virga.DB
	made   int               // collections made
	shared map[string]string // by documents, the collection that holds them and is only read
	named  []string          // collections made under names that vectors give
}

// errSkip says that a vector asks for what this database does not offer.
var errSkip = errors.New("skipped")

// run carries out one vector. It returns nil when the result is the expected one
// and errSkip when there is none to compare.
func (r *runner) run(ctx context.Context, v vector) error {
	switch v.kind {
	case "filter", "sort":
		return r.find(ctx, v)
	case "update":
		return r.update(ctx, v)
	case "program":
		return r.program(ctx, v)
	case "expr":
		return r.expr(ctx, v)
	case "aggregate":
		return r.aggregate(ctx, v)
	case "":
		if v.Field("op").Exists() { // a vector of geo.jsonl
			return r.geo(ctx, v)
		}
	}
	return fmt.Errorf("unknown kind %q", v.kind)
}

func (r *runner) find(ctx context.Context, v vector) error {
	coll, err := r.reading(ctx, v.Field("docs"))
	if err != nil {
		return err
	}
	docs, err := found(ctx, coll, v.Field("filter"), v.Value)
	if done, err := settled(v.Value, err); done {
		return err
	}
	want := elements(v.Field("expect"))
	got := docs
	if !v.Field("projection").Exists() {
		got = make([]document.Value, len(docs))
		for i, doc := range docs {
			got[i] = doc.Field("_id")
		}
	}
	if !comparisonOf(v.Value).lists(got, want, truth(v.Value, "ordered")) {
		return fmt.Errorf("found %v, want %v", got, want)
	}
	if v.Field("skip").Exists() || v.Field("limit").Exists() {
		return nil
	}
	if n, err := coll.Where(query.Raw(v.Field("filter"))).Count(ctx); err != nil || int(n) != len(want) {
		return fmt.Errorf("counted %d, %v, want %d", n, err, len(want))
	}
	return nil
}

func (r *runner) update(ctx context.Context, v vector) error {
	coll, err := r.writing(ctx, v.Field("docs"))
	if err != nil {
		return err
	}
	res, err := change(ctx, coll, v.Value)
	if err != nil && !truth(v.Value, "multi") {
		if same := contents(ctx, coll, v.Value, v.Field("docs")); same != nil {
			return fmt.Errorf("after the error %w: %w", err, same)
		}
	}
	if done, err := settled(v.Value, err); done {
		return err
	}
	stats := v.Field("stats")
	if stats.Exists() && (res.Matched != whole(stats, "matched") || res.Updated != whole(stats, "modified")) {
		return fmt.Errorf("result %+v, want %v", res, stats)
	}
	return contents(ctx, coll, v.Value, v.Field("expect"))
}

// change runs the update of a vector or step.
func change(ctx context.Context, coll *virga.Collection, v document.Value) (virga.UpdateResult, error) {
	matching := coll.Where(query.Raw(v.Field("filter")))
	if truth(v, "multi") {
		return matching.Update(ctx, query.Raw(v.Field("update")))
	}
	res, err := matching.UpdateAndReturn(ctx, query.Raw(v.Field("update")))
	return res.UpdateResult, err
}

// program runs the steps of a vector. Steps of aggregation make it a skipped one,
// once all others have given what they must.
func (r *runner) program(ctx context.Context, v vector) error {
	coll, err := r.writing(ctx, v.Field("docs"))
	if err == nil {
		_, err = r.beside(ctx, v.Value)
	}
	if err != nil {
		return err
	}
	skipped := false
	for i, step := range elements(v.Field("steps")) {
		switch err := r.step(ctx, coll, v.Value, step); {
		case errors.Is(err, errSkip):
			skipped = true
		case err != nil:
			return fmt.Errorf("step %d, %v: %w", i+1, step, err)
		}
	}
	if err := contents(ctx, coll, v.Value, v.Field("expect")); err != nil {
		return err
	}
	if skipped {
		return errSkip
	}
	return nil
}

func (r *runner) step(ctx context.Context, coll *virga.Collection, v, step document.Value) error {
	expect := step.Field("expect")
	switch {
	case step.Field("insert").Exists():
		_, err := coll.AddMany(ctx, step.Field("insert"))
		_, err = settled(step, err)
		return err
	case step.Field("remove").Exists():
		res, err := coll.Where(query.Raw(step.Field("remove"))).Remove(ctx)
		return number(step, res.Removed, err)
	case step.Field("count").Exists():
		n, err := coll.Where(query.Raw(step.Field("count"))).Count(ctx)
		return number(step, int(n), err)
	case step.Field("update").Exists():
		res, err := change(ctx, coll, step)
		if done, err := settled(step, err); done {
			return err
		}
		if res.Matched != whole(expect, "matched") || res.Updated != whole(expect, "modified") {
			return fmt.Errorf("result %+v", res)
		}
		return nil
	case step.Field("find").Exists():
		docs, err := found(ctx, coll, step.Field("find"), step)
		if done, err := settled(step, err); done {
			return err
		}
		if !comparisonOf(v).lists(docs, elements(expect), truth(step, "ordered")) {
			return fmt.Errorf("found %v", docs)
		}
		return nil
	case step.Field("aggregate").Exists():
		return r.pipeline(ctx, coll, v, step.Field("aggregate"), step)
	}
	return errors.New("unknown step")
}

// number compares the result of a step that yields one.
func number(step document.Value, got int, err error) error {
	if done, err := settled(step, err); done {
		return err
	}
	if got != whole(step, "expect") {
		return fmt.Errorf("result %d", got)
	}
	return nil
}

// settled reports whether err, what an operation answered, decides the vector or
// step already, and how.
func settled(v document.Value, err error) (bool, error) {
	wanted := truth(v, "error")
	switch {
	case errors.Is(err, virga.ErrNotImplemented):
		return true, errSkip
	case wanted && err == nil:
		return true, errors.New("no error")
	case wanted:
		return true, nil
	}
	return err != nil, err
}

// found returns the documents of filter under the sort, skip, limit and
// projection that v has.
func found(ctx context.Context, coll *virga.Collection, filter, v document.Value) ([]document.Value, error) {
	q := coll.Where(query.Raw(filter)).Skip(whole(v, "skip")).Limit(whole(v, "limit"))
	for f := v.Field("sort").Fields(); f.Next(); {
		dir, _ := f.Value().Int64()
		q = q.OrderBy(string(f.Key()), virga.Direction(dir))
	}
	if p := v.Field("projection"); p.Exists() {
		q = q.Field(p)
	}
	docs, err := q.Get(ctx)
	return values(docs), err
}

func values(docs []virga.Doc) []document.Value {
	list := make([]document.Value, len(docs))
	for i, doc := range docs {
		list[i] = doc.Value()
	}
	return list
}

// contents compares all documents of coll with want. Their order is that of _id,
// whatever order they were added in.
func contents(ctx context.Context, coll *virga.Collection, v, want document.Value) error {
	docs, err := coll.Where(nil).Get(ctx)
	if err != nil {
		return err
	}
	all := values(docs)
	if !comparisonOf(v).lists(all, elements(want), false) {
		return fmt.Errorf("documents are %v, want %v", all, want)
	}
	return nil
}

// writing returns a new collection that holds docs.
func (r *runner) writing(ctx context.Context, docs document.Value) (*virga.Collection, error) {
	r.made++
	coll := r.db.Collection("v" + strconv.Itoa(r.made))
	if docs.Len() == 0 {
		return coll, nil
	}
	if _, err := coll.AddMany(ctx, docs); err != nil {
		return nil, fmt.Errorf("adding the documents: %w", err)
	}
	return coll, nil
}

// reading returns a collection that holds docs and is not to be written to.
func (r *runner) reading(ctx context.Context, docs document.Value) (*virga.Collection, error) {
	key := string(docs.Raw())
	if name, ok := r.shared[key]; ok {
		return r.db.Collection(name), nil
	}
	coll, err := r.writing(ctx, docs)
	if err == nil {
		r.shared[key] = coll.Name()
	}
	return coll, err
}
