package virga

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
)

// A planRig runs lists whose queries are asked in every way there is: with the
// planner's own choice, through each index, by _id and by walking over everything,
// all at once and page by page. Every answer must be that of the model.
type planRig struct {
	db    *DB
	model *naive
	ctx   context.Context
	hints []string
	cases int // queries asked
}

// runPlans runs a list on a new database in memory and returns how the two came to
// disagree.
func runPlans(ops []op) (cases int, err error) {
	r := &planRig{model: newNaive(), ctx: context.Background(), hints: []string{"", NoIndex, IDIndex}}
	if r.db, err = Open(Memory); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.db.Close()) }()
	for i, o := range ops {
		if err := r.step(o); err != nil {
			return r.cases, fmt.Errorf("step %d, %v:\n%w", i+1, o, err)
		}
	}
	report, err := r.db.Check(r.ctx)
	return r.cases, errors.Join(err, report.Err())
}

func (r *planRig) step(o op) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	switch o.Do {
	case "index":
		return r.index(o)
	case "add":
		return r.add(o)
	}
	r.cases++
	all := r.model.all("p")
	w := wanted{window: found(all, o), matching: found(all, op{Where: o.Where}), ordered: found(all, op{Where: o.Where, Order: o.Order})}
	for _, hint := range r.hints {
		if err := r.ask(o, hint, w); err != nil {
			return fmt.Errorf("with hint %q: %w", hint, err)
		}
	}
	for n := range 5 {
		r.db.plan.Candidate = n + 1
		err := errors.Join(r.ask(o, "", w), r.distinct(o, w))
		r.db.plan.Candidate = 0
		if err != nil {
			return fmt.Errorf("with candidate %d: %w", n+1, err)
		}
	}
	return nil
}

// index creates an index of the fields in Path, "a,-b", with the options in Data.
// Documents that cannot be in it are reason enough to do without.
func (r *planRig) index(o op) error {
	spec := index.Spec{Fields: index.By(strings.Split(o.Path, ",")...)}
	options, _ := o.Data.(D)
	spec.Unique, spec.Sparse = get(options, "unique") == true, get(options, "sparse") == true
	switch err := r.db.Collection("p").CreateIndex(r.ctx, spec); {
	case errors.Is(err, ErrInvalid), errors.Is(err, ErrDuplicate), errors.Is(err, ErrExists), errors.Is(err, ErrTooLarge):
		return nil
	case err != nil:
		return err
	}
	r.hints = append(r.hints, spec.Named().Name)
	if get(options, "narrow") == true {
		r.db.plan.Memory = 2000 // sorts spill
	}
	return nil
}

// add stores one document, unless an index refuses it.
func (r *planRig) add(o op) error {
	d := o.documents()[0]
	if get(d, "_id") == (absent{}) {
		return nil
	}
	switch _, err := r.db.Collection("p").Add(r.ctx, d); {
	case errors.Is(err, ErrInvalid), errors.Is(err, ErrDuplicate), errors.Is(err, ErrTooLarge):
		return nil
	case err != nil:
		return err
	}
	return r.model.insert("p", []D{ordered(d)})
}

func (r *planRig) query(o op, hint string) *Query {
	q := ordering(r.db.Collection("p").Where(o.where()), o).Skip(o.Skip).Limit(o.Limit).Hint(hint)
	if o.Fields != nil {
		q = q.Field(o.Fields)
	}
	return q
}

// wanted is what the model answers.
type wanted struct {
	window   []D // to the query itself
	matching []D // all that match
	ordered  []D // all that match, in order
}

// ask compares what a query finds, counts and pages through.
func (r *planRig) ask(o op, hint string, w wanted) error {
	q := r.query(o, hint)
	docs, err := q.Get(r.ctx)
	if errors.Is(err, ErrInvalid) && strings.Contains(err.Error(), "sparse") {
		return nil
	}
	if err != nil {
		return err
	}
	if err := sameDocs(docs, w.window); err != nil {
		return err
	}
	n, err := q.Count(r.ctx)
	if err := agree(err, nil, int(n), len(w.matching)); err != nil {
		return fmt.Errorf("count: %w", err)
	}
	exists, err := q.Skip(0).Exists(r.ctx)
	if err := agree(err, nil, exists, len(w.matching) > 0); err != nil {
		return fmt.Errorf("exists: %w", err)
	}
	if o.Skip > 0 {
		return nil
	}
	return r.page(o, hint, w.ordered)
}

// page goes through all that matches in pages, each behind the last document of
// the one before, and behind a document that need not be there.
func (r *planRig) page(o op, hint string, want []D) error {
	size := max(2, len(want)/3)
	q := r.query(op{Where: o.Where, Order: o.Order, Built: o.Built}, hint)
	var got []Doc
	for {
		page, err := q.Limit(size).Get(r.ctx)
		if err != nil {
			return fmt.Errorf("page: %w", err)
		}
		got = append(got, page...)
		if len(page) < size || len(got) > len(want) {
			break
		}
		q = q.After(page[size-1])
	}
	if err := sameDocs(got, want); err != nil {
		return fmt.Errorf("page by page: %w", err)
	}
	foreign, ok := o.Data.(D)
	if !ok || get(foreign, "_id") == (absent{}) {
		return nil
	}
	doc, err := document.Encode(foreign, r.db.clock.Now())
	if err != nil {
		return err
	}
	rest, err := r.query(op{Where: o.Where, Order: o.Order, Built: o.Built}, hint).After(doc).Get(r.ctx)
	if err != nil {
		return fmt.Errorf("after %s: %w", text(foreign), err)
	}
	by := append(slices.Clip(o.Order), E{Key: "_id", Value: int64(1)})
	by = by[:slices.IndexFunc(by, func(e E) bool { return e.Key == "_id" })+1] // equal ids are one document
	want = slices.DeleteFunc(slices.Clone(want), func(d D) bool { return orderDocs(d, foreign, by) <= 0 })
	if err := sameDocs(rest, want); err != nil {
		return fmt.Errorf("after %s: %w", text(foreign), err)
	}
	return nil
}

// distinct compares the values at the path of an op.
func (r *planRig) distinct(o op, w wanted) error {
	if o.Path == "" {
		return nil
	}
	want := distinctValues(w.matching, o.Path)
	hints := r.hints
	if r.db.plan.Candidate > 1 {
		hints = hints[:1]
	}
	for _, hint := range hints {
		q := r.query(op{Where: o.Where, Built: o.Built}, hint)
		values, err := q.Distinct(r.ctx, o.Path)
		if errors.Is(err, ErrInvalid) && strings.Contains(err.Error(), "sparse") {
			continue
		}
		if err != nil {
			return err
		}
		if err := sameValues(values, want); err != nil {
			return fmt.Errorf("distinct with hint %q: %w", hint, err)
		}
	}
	return nil
}
