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
	for _, hint := range r.hints {
		if err := r.ask(o, hint); err != nil {
			return fmt.Errorf("with hint %q: %w", hint, err)
		}
	}
	return r.distinct(o)
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

// ask compares what a query finds, counts and pages through.
func (r *planRig) ask(o op, hint string) error {
	all := r.model.all("p")
	q := r.query(o, hint)
	docs, err := q.Get(r.ctx)
	if errors.Is(err, ErrInvalid) && strings.Contains(err.Error(), "sparse") {
		return nil
	}
	if err != nil {
		return err
	}
	if err := sameDocs(docs, found(all, o)); err != nil {
		return err
	}
	matching := found(all, op{Where: o.Where})
	n, err := q.Count(r.ctx)
	if err := agree(err, nil, int(n), len(matching)); err != nil {
		return fmt.Errorf("count: %w", err)
	}
	exists, err := q.Skip(0).Exists(r.ctx)
	if err := agree(err, nil, exists, len(matching) > 0); err != nil {
		return fmt.Errorf("exists: %w", err)
	}
	return r.page(o, hint)
}

// page goes through all that matches in pages, each behind the last document of
// the one before, and behind a document that need not be there.
func (r *planRig) page(o op, hint string) error {
	whole := op{Where: o.Where, Order: o.Order}
	want := found(r.model.all("p"), whole)
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
	want = slices.DeleteFunc(want, func(d D) bool { return orderDocs(d, foreign, by) <= 0 })
	if err := sameDocs(rest, want); err != nil {
		return fmt.Errorf("after %s: %w", text(foreign), err)
	}
	return nil
}

// distinct compares the values at the path of an op.
func (r *planRig) distinct(o op) error {
	if o.Path == "" {
		return nil
	}
	want := distinctValues(found(r.model.all("p"), op{Where: o.Where}), o.Path)
	for _, hint := range r.hints {
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
