package conformance

import (
	"context"
	"errors"
	"fmt"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
)

// expr evaluates an expression on a document. The document is one inside of a stored
// one, so that it has exactly the fields it is given with.
func (r *runner) expr(ctx context.Context, v vector) error {
	doc := v.Field("doc")
	if doc.Kind() != document.Object {
		doc = object()
	}
	coll, err := r.reading(ctx, list(object("_id", document.Int(1), "doc", doc)))
	if err != nil {
		return err
	}
	got, err := coll.Aggregate().ReplaceRoot("$doc").ReplaceRoot(virga.D{{"v", v.Field("expr")}}).All(ctx)
	if done, err := settled(v.Value, err); done {
		return err
	}
	want := object("v", v.Field("expect"))
	if truth(v.Field("expect"), "$missing") {
		want = object()
	}
	c := comparisonOf(v.Value)
	if truth(v.Value, "asSet") {
		c.anyOrder = append(c.anyOrder, "v")
	}
	if len(got) != 1 || !c.equal(got[0].Value(), want) {
		return fmt.Errorf("yields %v, want %v", got, want)
	}
	return nil
}

// aggregate runs a pipeline, and runs it again with every field indexed.
func (r *runner) aggregate(ctx context.Context, v vector) error {
	coll, err := r.writing(ctx, v.Field("docs"))
	if err != nil {
		return err
	}
	for _, indexed := range []bool{false, true} {
		colls, err := r.beside(ctx, v.Value)
		if err != nil {
			return err
		}
		if indexed {
			for _, one := range append(colls, coll) {
				if err := indexAll(ctx, one); err != nil {
					return err
				}
			}
		}
		if err := r.pipeline(ctx, coll, v.Value, v.Field("pipeline"), v.Value); err != nil {
			return fmt.Errorf("indexed %v: %w", indexed, err)
		}
		for f := v.Field("expectCollections").Fields(); f.Next(); {
			if err := contents(ctx, r.db.Collection(string(f.Key())), v.Value, f.Value()); err != nil {
				return fmt.Errorf("indexed %v: collection %s: %w", indexed, f.Key(), err)
			}
		}
	}
	return nil
}

// pipeline runs a pipeline and compares what it yields with what v expects.
func (r *runner) pipeline(ctx context.Context, coll *virga.Collection, flags, pipeline, v document.Value) error {
	docs, err := coll.Aggregate().Raw(pipeline).All(ctx)
	if done, err := settled(v, err); done {
		return err
	}
	got := values(docs)
	if !comparisonOf(flags).lists(got, elements(v.Field("expect")), truth(v, "ordered")) {
		return fmt.Errorf("yields %v", got)
	}
	return nil
}

// beside makes the collections a vector names anew, and returns them.
func (r *runner) beside(ctx context.Context, v document.Value) ([]*virga.Collection, error) {
	var colls []*virga.Collection
	for f := v.Field("expectCollections").Fields(); f.Next(); {
		if err := r.drop(ctx, string(f.Key())); err != nil {
			return nil, err
		}
	}
	for _, name := range r.named {
		if err := r.drop(ctx, name); err != nil {
			return nil, err
		}
	}
	r.named = nil
	for f := v.Field("collections").Fields(); f.Next(); {
		name := string(f.Key())
		if err := r.drop(ctx, name); err != nil {
			return nil, err
		}
		r.named = append(r.named, name)
		coll := r.db.Collection(name)
		if f.Value().Len() > 0 {
			if _, err := coll.AddMany(ctx, f.Value()); err != nil {
				return nil, err
			}
		}
		colls = append(colls, coll)
	}
	return colls, nil
}

func (r *runner) drop(ctx context.Context, name string) error {
	if err := r.db.DropCollection(ctx, name); err != nil && !errors.Is(err, virga.ErrNotFound) {
		return err
	}
	return nil
}

// indexAll indexes every field of the documents of coll.
func indexAll(ctx context.Context, coll *virga.Collection) error {
	docs, err := coll.Where(nil).Get(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{"_id": true}
	for _, doc := range docs {
		for f := doc.Value().Fields(); f.Next(); {
			name := string(f.Key())
			if seen[name] || len(seen) > 8 {
				continue
			}
			seen[name] = true
			if err := coll.CreateIndex(ctx, index.Spec{Fields: index.By(name)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// object returns an object of names and values in turn; list returns an array.
func object(pairs ...any) document.Value {
	var b document.Builder
	b.BeginObject()
	for i := 0; i < len(pairs); i += 2 {
		b.Field(pairs[i].(string), pairs[i+1].(document.Value))
	}
	b.End()
	return b.Built()
}

func list(elements ...document.Value) document.Value {
	var b document.Builder
	b.BeginArray()
	for _, e := range elements {
		b.Value(e)
	}
	b.End()
	return b.Built()
}
