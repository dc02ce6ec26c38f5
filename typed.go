package virga

import (
	"context"
	"iter"
)

// A Typed is a collection whose documents are values of T, a struct or a map.
// Struct tags are those of msgpack, or of JSON where there are none. It is safe
// for concurrent use.
type Typed[T any] struct {
	coll *Collection
}

// Of returns c as a collection of values of T.
func Of[T any](c *Collection) Typed[T] { return Typed[T]{coll: c} }

// Collection returns the collection itself.
func (t Typed[T]) Collection() *Collection { return t.coll }

// Add stores a new document, see [Collection.Add].
func (t Typed[T]) Add(ctx context.Context, v T) (ID, error) { return t.coll.Add(ctx, v) }

// AddMany stores all of vs or none, see [Collection.AddMany].
func (t Typed[T]) AddMany(ctx context.Context, vs []T) ([]ID, error) { return t.coll.AddMany(ctx, vs) }

// Get returns the document whose _id is id. One that does not exist is
// [ErrNotFound].
func (t Typed[T]) Get(ctx context.Context, id any) (T, error) {
	var v T
	doc, err := t.coll.Doc(id).Get(ctx)
	if err == nil {
		err = t.coll.failAt("get", doc.ID(), doc.Decode(&v))
	}
	return v, err
}

// Set stores v as the whole document whose _id is id, see [DocRef.Set].
func (t Typed[T]) Set(ctx context.Context, id any, v T) (SetResult, error) {
	return t.coll.Doc(id).Set(ctx, v)
}

// Where returns the query for the documents that match cond, see [Collection.Where].
func (t Typed[T]) Where(cond any) TypedQuery[T] { return TypedQuery[T]{query: t.coll.Where(cond)} }

// A TypedQuery is a [Query] that returns values of T. It is safe for concurrent
// use.
type TypedQuery[T any] struct {
	query *Query
}

// Query returns the query itself, for what returns no documents.
func (q TypedQuery[T]) Query() *Query { return q.query }

// OrderBy adds path to the order, see [Query.OrderBy].
func (q TypedQuery[T]) OrderBy(path string, dir Direction) TypedQuery[T] {
	return TypedQuery[T]{query: q.query.OrderBy(path, dir)}
}

// Skip passes over the first n documents.
func (q TypedQuery[T]) Skip(n int) TypedQuery[T] { return TypedQuery[T]{query: q.query.Skip(n)} }

// Limit returns at most n documents. Zero means no limit.
func (q TypedQuery[T]) Limit(n int) TypedQuery[T] { return TypedQuery[T]{query: q.query.Limit(n)} }

// Get returns the documents. None is no error.
func (q TypedQuery[T]) Get(ctx context.Context) ([]T, error) {
	vs := []T{}
	for v, err := range q.Each(ctx) {
		if err != nil {
			return nil, err
		}
		vs = append(vs, v)
	}
	return vs, nil
}

// One returns the first document. None is [ErrNotFound].
func (q TypedQuery[T]) One(ctx context.Context) (T, error) {
	var v T
	doc, err := q.query.One(ctx)
	if err == nil {
		err = q.decode(doc, &v)
	}
	return v, err
}

// Each returns a loop over the documents, see [Query.Each]. A document that is no
// T ends it with an error.
func (q TypedQuery[T]) Each(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for doc, err := range q.query.Each(ctx) {
			var v T
			if err == nil {
				err = q.decode(doc, &v)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// Count returns the number of documents that match, see [Query.Count].
func (q TypedQuery[T]) Count(ctx context.Context) (int64, error) { return q.query.Count(ctx) }

// decode turns a document into a value of T.
func (q TypedQuery[T]) decode(doc Doc, v *T) error {
	return q.query.coll.failAt("decode", doc.ID(), doc.Decode(v))
}
