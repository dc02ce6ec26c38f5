package virga

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
	"github.com/virgadb/virga/watch"
)

// guard lets the stream of spec show what the identity may read. The rules are asked
// in the state that each reading is of: the first, and one whenever they change. Now
// in them is when the stream was opened, as it is in conditions: what they add to the
// query stays the same as long as they do.
func (q *Query) guard(ctx context.Context, spec *watch.Spec) error {
	snap, err := q.coll.db.docs.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	asked, opened := spec.Request, q.coll.db.clock.Now()
	allowed, added, err := q.coll.mayWatch(ctx, snap, asked, opened)
	if err != nil {
		return err
	}
	spec.Request = allowed
	spec.Find = func(ctx context.Context, _ string, r *query.Request) (watch.Result, error) {
		snap, err := q.coll.db.docs.Snapshot()
		if err != nil {
			return watch.Result{}, err
		}
		defer snap.Release()
		_, now, err := q.coll.mayWatch(ctx, snap, asked, opened)
		if err == nil && now != nil && !reflect.DeepEqual(now, added) {
			err = fmt.Errorf("the rules have changed, and allow less than the stream shows: %w", fault.ErrDenied)
		}
		if err != nil {
			return watch.Result{}, err
		}
		return q.coll.db.findIn(ctx, snap, q.coll.name, r)
	}
	spec.Readable = q.coll.readable
	return nil
}

// readable reports whether the identity may read doc, a document of the collection.
func (c *Collection) readable(ctx context.Context, doc Doc) (bool, error) {
	snap, err := c.db.docs.Snapshot()
	if err != nil {
		return false, err
	}
	defer snap.Release()
	p, err := c.permit(snap, snap.Catalog().Collection(c.name))
	if err != nil {
		return false, err
	}
	p.call.Static, p.call.Coverage = false, nil // nobody has called for the document by its id
	ok, err := p.allows(ctx, rules.Read, doc.ID(), doc)
	if errors.Is(err, fault.ErrDenied) {
		return false, nil
	}
	return ok, err
}

// mayWatch decides whether the identity may watch r from the time opened on, and
// returns it narrowed, with the condition that does it.
func (c *Collection) mayWatch(ctx context.Context, snap txn.Snapshot, r *query.Request, opened time.Time) (*query.Request, any, error) {
	coll := snap.Catalog().Collection(c.name)
	if err := c.db.known(coll); err != nil {
		return nil, nil, err
	}
	p, err := c.permit(snap, coll)
	if err != nil {
		return nil, nil, err
	}
	p.call.Now = opened
	return p.permitted(ctx, rules.Read, r)
}
