package virga

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/virgadb/virga/internal/trial"
)

// A rig runs a list on one database and on the model.
type rig struct {
	path  string
	db    *DB
	model *naive
	ctx   context.Context
}

// runList runs a list on a new database, on disk or in memory, and returns how
// the two came to disagree. A panic of the database is a disagreement too.
func runList(ops []op, disk bool) (err error) {
	r := &rig{path: Memory, model: newNaive()}
	if disk {
		if r.path, err = os.MkdirTemp("", "virga-model-"); err != nil {
			return err
		}
		defer os.RemoveAll(r.path)
	}
	var cancel context.CancelFunc
	r.ctx, cancel = context.WithTimeout(context.Background(), trial.Patience)
	defer cancel()
	if r.db, err = Open(r.path, Fast); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.db.Close()) }()
	for i, o := range ops {
		if err := r.step(o); err != nil {
			return fmt.Errorf("step %d, %v:\n%w", i+1, o, err)
		}
	}
	return r.check()
}

// step runs one op on both sides.
func (r *rig) step(o op) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	switch o.Do {
	case "add", "addmany", "set", "update", "remove", "updatewhere", "removewhere", "updateone", "create", "drop", "index", "unindex":
		if err := r.write(o); err != nil {
			return err
		}
		return r.same(o.In)
	case "reopen":
		return r.reopen()
	case "compact":
		return r.db.Compact(r.ctx)
	case "check":
		return r.check()
	}
	return r.read(o)
}

func (r *rig) reopen() error {
	if r.path == Memory {
		return nil
	}
	if err := r.db.Close(); err != nil {
		return err
	}
	db, err := Open(r.path, Fast)
	if err != nil {
		return err
	}
	r.db = db
	for name := range r.model.colls {
		if err := r.same(name); err != nil {
			return err
		}
	}
	return r.sameNames()
}

func (r *rig) check() error {
	report, err := r.db.Check(r.ctx)
	return errors.Join(err, report.Err())
}

// write runs an op that changes something.
func (r *rig) write(o op) error {
	coll := r.db.Collection(o.In)
	switch o.Do {
	case "add", "addmany":
		return r.add(coll, o)
	case "set":
		return r.set(coll, o)
	case "update", "remove":
		return r.changeOne(coll.Doc(o.ID), o)
	case "updatewhere":
		docs := found(r.model.all(o.In), op{Where: o.Where})
		changed, want := r.model.update(o.In, docs, o.Data.(D))
		if want != nil {
			return r.partly(coll, docs, o)
		}
		res, err := coll.Where(o.where()).Update(r.ctx, o.update())
		return agree(err, nil, res, UpdateResult{Matched: len(docs), Updated: changed})
	case "removewhere":
		docs := found(r.model.all(o.In), op{Where: o.Where})
		for _, d := range docs {
			delete(r.model.colls[o.In], idKey(get(d, "_id")))
		}
		res, err := coll.Where(o.where()).Remove(r.ctx)
		return agree(err, nil, res.Removed, len(docs))
	case "updateone":
		return r.updateOne(coll, o)
	case "create":
		return r.create(o)
	case "index", "unindex":
		return r.index(coll, o)
	}
	_, there := r.model.colls[o.In]
	delete(r.model.colls, o.In)
	delete(r.model.indexes, o.In)
	var want error
	if !there {
		want = ErrNotFound
	}
	return agree(r.db.DropCollection(r.ctx, o.In), want, 0, 0)
}

func (r *rig) add(coll *Collection, o op) error {
	docs := o.documents()
	var ids []ID
	var err error
	if o.Do == "add" {
		var id ID
		id, err = coll.Add(r.ctx, docs[0])
		ids = []ID{id}
	} else {
		ids, err = coll.AddMany(r.ctx, docs)
	}
	if err == nil && len(ids) != len(docs) {
		return fmt.Errorf("%d ids for %d documents", len(ids), len(docs))
	}
	for i, d := range docs {
		if get(d, "_id") == (absent{}) && err == nil { // the database has chosen one
			d = append(d, E{Key: "_id", Value: ids[i].Any()})
		}
		docs[i] = ordered(d)
	}
	return agree(err, r.model.insert(o.In, docs), 0, 0)
}

func (r *rig) set(coll *Collection, o op) error {
	doc := ordered(append(o.documents()[0], E{Key: "_id", Value: o.ID}))
	want := SetResult{Created: 1}
	if _, ok := r.model.colls[o.In][idKey(o.ID)]; ok {
		want = SetResult{Updated: 1}
	}
	r.model.put(o.In, doc)
	res, err := coll.Doc(o.ID).Set(r.ctx, o.documents()[0])
	return agree(err, nil, res, want)
}

// changeOne updates or removes a document by its _id.
func (r *rig) changeOne(ref *DocRef, o op) error {
	key := idKey(o.ID)
	old, there := r.model.colls[o.In][key]
	if o.Do == "remove" {
		delete(r.model.colls[o.In], key)
		res, err := ref.Remove(r.ctx)
		return agree(err, nil, res.Removed == 1, there)
	}
	var docs []D
	if there {
		docs = []D{old}
	}
	changed, want := r.model.update(o.In, docs, o.Data.(D))
	res, err := ref.Update(r.ctx, o.update())
	if want != nil {
		return agree(err, ErrInvalid, res, UpdateResult{})
	}
	return agree(err, nil, res, UpdateResult{Matched: len(docs), Updated: changed})
}

// partly runs an update that some of docs cannot take. What it did before it came
// to the first of those stays, and the result says how much that is.
func (r *rig) partly(coll *Collection, docs []D, o op) error {
	res, err := coll.Where(o.where()).Update(r.ctx, o.update())
	done := 0
	for _, d := range docs {
		next, wont := updated(d, o.Data.(D))
		if wont != nil || done == res.Updated {
			break
		}
		if !identical(next, d) {
			r.model.put(o.In, next)
			done++
		}
	}
	return agree(err, ErrInvalid, res.Updated, done)
}

func (r *rig) updateOne(coll *Collection, o op) error {
	docs := found(r.model.all(o.In), op{Where: o.Where, Order: o.Order, Limit: 1})
	changed, want := r.model.update(o.In, docs, o.Data.(D))
	res, err := ordering(coll.Where(o.where()), o).UpdateAndReturn(r.ctx, o.update())
	if want != nil {
		return agree(err, ErrInvalid, res.UpdateResult, UpdateResult{})
	}
	if err := agree(err, nil, res.UpdateResult, UpdateResult{Matched: len(docs), Updated: changed}); err != nil || len(docs) == 0 {
		return err
	}
	return sameDoc(res.Doc, r.model.colls[o.In][idKey(get(docs[0], "_id"))])
}

func (r *rig) create(o op) error {
	_, there := r.model.colls[o.In]
	r.model.make(o.In)
	var want error
	if there {
		want = ErrExists
	}
	return agree(r.db.CreateCollection(r.ctx, o.In), want, 0, 0)
}

// index creates or drops an index.
func (r *rig) index(coll *Collection, o op) error {
	spec := o.index()
	name := spec.Name
	if o.Do == "index" {
		r.model.make(o.In)
		r.model.indexes[o.In][name] = true
		return agree(coll.CreateIndex(r.ctx, spec), nil, 0, 0)
	}
	var want error
	if !r.model.indexes[o.In][name] {
		want = ErrNotFound
	}
	delete(r.model.indexes[o.In], name)
	return agree(coll.DropIndex(r.ctx, name), want, 0, 0)
}

// read runs an op that asks something.
func (r *rig) read(o op) error {
	coll := r.db.Collection(o.In)
	q := ordering(coll.Where(o.where()), o).Skip(o.Skip).Limit(o.Limit)
	if o.Fields != nil {
		q = q.Field(o.Fields)
	}
	want := found(r.model.all(o.In), o)
	matching := found(r.model.all(o.In), op{Where: o.Where})
	switch o.Do {
	case "get":
		old, there := r.model.colls[o.In][idKey(o.ID)]
		doc, err := coll.Doc(o.ID).Get(r.ctx)
		if !there {
			return agree(err, ErrNotFound, 0, 0)
		}
		return errors.Join(err, sameDoc(doc, old))
	case "find":
		docs, err := q.Get(r.ctx)
		return errors.Join(err, sameDocs(docs, want))
	case "one":
		doc, err := q.One(r.ctx)
		if len(want) == 0 {
			return agree(err, ErrNotFound, 0, 0)
		}
		return errors.Join(err, sameDoc(doc, want[0]))
	case "count":
		n, err := q.Count(r.ctx)
		return agree(err, nil, int(n), len(matching))
	case "exists":
		ok, err := coll.Where(o.where()).Exists(r.ctx)
		return agree(err, nil, ok, len(matching) > 0)
	case "distinct":
		values, err := q.Distinct(r.ctx, o.Path)
		if err != nil {
			return err
		}
		return sameValues(values, distinctValues(matching, o.Path))
	}
	return fmt.Errorf("unknown op %q", o.Do)
}

func ordering(q *Query, o op) *Query {
	for _, f := range o.Order {
		q = q.OrderBy(f.Key, Direction(f.Value.(int64)))
	}
	return q
}
