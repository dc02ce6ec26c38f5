package virga

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/watch"
)

// TestWatchModel lets random watchers look at random writes. Every snapshot must be
// what a fresh query found at that version, and its changes what follows from the
// documents before and after.
func TestWatchModel(t *testing.T) {
	for _, where := range []string{Memory, "disk"} {
		t.Run(where, func(t *testing.T) {
			path := where
			if path != Memory {
				path = t.TempDir()
			}
			db := openWith(t, path, Fast)
			seed := newSeed(t)
			var total watchRun
			for n := range 10 * effort() {
				r := &watchRun{t: t, db: db, g: generator{random(seed, uint64(n))}, coll: db.Collection("watched")}
				r.drops = r.g.chance(2)
				if err := r.run(50); err != nil {
					t.Fatalf("seed %d, run %d, step %d: %v\n%s", seed, n, len(r.steps)-1, err, strings.Join(r.log, "\n"))
				}
				total.written += r.written
				total.snapshots += r.snapshots
				total.merged += r.merged
				total.changes += r.changes
				total.limits += r.limits
			}
			t.Logf("%s: seed %d, %d steps, %d snapshots, %d of them merged, %d changes, %d by limits",
				where, seed, total.written, total.snapshots, total.merged, total.changes, total.limits)
		})
	}
}

// A watchRun is a list of writes with some watchers beside it.
type watchRun struct {
	t        *testing.T
	db       *DB
	g        generator
	coll     *Collection
	watchers []*watcher
	steps    []watchStep
	log      []string
	drops    bool // the collection is dropped now and then

	written, snapshots, merged, changes, limits int
}

// A watchStep is the collection as one write left it.
type watchStep struct {
	version  uint64
	docs     map[ID]Doc
	replaced map[ID]bool // documents that were written as a whole
	dropped  bool
}

// replace says that a document was written as a whole. When it was there before the
// step, a transaction may have removed it in between.
func (s *watchStep) replace(id ID) {
	if s.replaced == nil {
		s.replaced = map[ID]bool{}
	}
	s.replaced[id] = true
}

// A watcher is a stream with the query that it must agree with.
type watcher struct {
	name    string
	query   *Query
	options watch.Options
	lazy    bool // reads only now and then
	stream  *watch.Stream
	lists   [][]Doc // what the query found at each step
	at      int     // the step that the stream has come to
	shown   int     // the step of its last snapshot
	last    watch.Snapshot
}

func (r *watchRun) run(steps int) error {
	if err := r.db.DropCollection(ctx(), r.coll.Name()); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	r.steps = nil
	for range r.g.IntN(40) {
		if _, err := r.write(); err != nil {
			return err
		}
	}
	if r.g.chance(2) { // enough to fill windows, and to empty them
		docs := make([]any, r.g.IntN(80))
		for i := range docs {
			docs[i] = slices.DeleteFunc(r.g.document(false), func(e E) bool { return e.Key == "_id" })
		}
		if _, err := r.coll.AddMany(ctx(), docs); err != nil {
			return err
		}
	}
	if err := r.note(watchStep{}); err != nil {
		return err
	}
	defer func() {
		for _, w := range r.watchers {
			w.stream.Close()
		}
	}()
	for range 3 + r.g.IntN(6) {
		if err := r.watch(); err != nil {
			return err
		}
	}
	for range steps {
		step, err := r.write()
		if err == nil {
			err = r.note(step)
		}
		if err != nil {
			return err
		}
		r.written++
		for _, w := range r.watchers {
			if w.lazy && !r.g.chance(8) {
				continue
			}
			if err := r.read(w); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
	}
	for _, w := range r.watchers {
		if err := r.read(w); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		if w.merges() {
			w.stream.Close() // it may have gone astray and come back
		}
	}
	settling, cancel := context.WithTimeout(ctx(), trial.Patience)
	defer cancel()
	return r.db.Settle(settling) // a snapshot too many would keep it waiting
}

// watch opens a stream of a random query.
func (r *watchRun) watch() error {
	g := r.g
	filter := g.filter(2)
	if g.chance(3) { // something that streams are found by
		filter = append(D{{Key: pick(g, "a", "b", "n.x", "t", "l.x", "t.0"), Value: g.scalar()}}, filter...)
		filter = slices.CompactFunc(filter, func(a, b E) bool { return a.Key == b.Key })
	}
	w := &watcher{query: r.coll.Where(query.Raw(filter)), lazy: g.chance(2)}
	order := D{}
	if g.chance(2) {
		order = g.order()
	}
	for _, e := range order {
		w.query = w.query.OrderBy(e.Key, Direction(e.Value.(int64)))
	}
	limit := 0
	if g.chance(2) {
		limit = pick(g, 1, 2, 3, 5, 8)
		w.query = w.query.Limit(limit)
	}
	if g.chance(3) || w.lazy && r.drops { // what a drop ends may come merged with what follows
		w.options.Backlog = 1 + g.IntN(6)
	}
	w.name = fmt.Sprintf("where %s order %s limit %d backlog %d lazy %v", text(filter), text(order), limit, w.options.Backlog, w.lazy)
	w.lists = make([][]Doc, len(r.steps)-1, 64)
	if err := w.look(); err != nil {
		return err
	}
	var err error
	w.stream, err = w.query.Watch(ctx(), w.options)
	if err != nil {
		return err
	}
	w.at = len(r.steps) - 1
	w.shown = w.at
	r.watchers = append(r.watchers, w)
	if w.last, err = w.stream.Next(ctx()); err != nil {
		return err
	}
	return sameList(w.last.Docs, w.lists[w.at])
}

// look runs the query.
func (w *watcher) look() error {
	docs, err := w.query.Get(ctx())
	w.lists = append(w.lists, docs)
	return err
}

// note remembers the collection as it is now.
func (r *watchRun) note(step watchStep) error {
	snap, err := r.db.docs.Snapshot()
	if err != nil {
		return err
	}
	step.version = snap.Version()
	snap.Release()
	docs, err := r.coll.Where(nil).Get(ctx())
	if err != nil {
		return err
	}
	step.docs = make(map[ID]Doc, len(docs))
	for _, d := range docs {
		step.docs[d.ID()] = d
	}
	r.steps = append(r.steps, step)
	for _, w := range r.watchers {
		if err := w.look(); err != nil {
			return err
		}
	}
	return nil
}

// write does something that is at most one change of the documents.
func (r *watchRun) write() (watchStep, error) {
	var step watchStep
	var err error
	switch n := r.g.IntN(100); {
	case n < 20:
		err = r.db.RunTransaction(ctx(), func(ctx context.Context, tx *Tx) error {
			step = watchStep{}
			for range 1 + r.g.IntN(5) {
				if err := r.writeOne(&step, tx.Collection(r.coll.Name())); err != nil {
					return err
				}
			}
			return nil
		})
	case n < 22 && r.drops:
		r.log = append(r.log, "drop")
		step.dropped = true
		err = r.db.DropCollection(ctx(), r.coll.Name())
	case n < 24:
		fields := r.g.index()
		key := fields[0].Key
		if fields[0].Value == int64(-1) {
			key = "-" + key
		}
		r.log = append(r.log, "index "+key)
		err = r.coll.CreateIndex(ctx(), index.Spec{Fields: index.By(key)})
	default:
		err = r.writeOne(&step, r.coll)
	}
	if errors.Is(err, ErrInvalid) || errors.Is(err, ErrDuplicate) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrExists) {
		r.log = append(r.log, "  "+err.Error())
		return watchStep{}, nil // then nothing has happened
	}
	return step, err
}

// writeOne does one write that changes documents in one commit.
func (r *watchRun) writeOne(step *watchStep, coll *Collection) (err error) {
	g := r.g
	o := op{}
	switch n := g.IntN(20); {
	case n < 5:
		o.Do, o.Data = "add", g.document(true)
		var id ID
		id, err = coll.Add(ctx(), o.Data)
		step.replace(id)
	case n < 7:
		o.Do, o.Data = "addmany", g.documents()
		var ids []ID
		ids, err = coll.AddMany(ctx(), o.Data)
		for _, id := range ids {
			step.replace(id)
		}
	case n < 10:
		o.Do, o.ID, o.Data = "set", g.id(), g.document(false)
		if g.chance(4) {
			if old, err := coll.Doc(o.ID).Get(ctx()); err == nil {
				o.Data = old
			}
		}
		_, err = coll.Doc(o.ID).Set(ctx(), o.Data)
		step.replace(coll.Doc(o.ID).ID())
	case n < 15:
		o.Do, o.ID, o.Data = "update", g.id(), g.update()
		_, err = coll.Doc(o.ID).Update(ctx(), query.Raw(o.Data))
	case n < 17:
		o.Do, o.Where, o.Data = "updatewhere", g.filter(2), g.update()
		_, err = coll.Where(query.Raw(o.Where)).Update(ctx(), query.Raw(o.Data))
	case n < 19:
		o.Do, o.ID = "remove", g.id()
		_, err = coll.Doc(o.ID).Remove(ctx())
	default:
		o.Do, o.Where = "removewhere", g.filter(2)
		_, err = coll.Where(query.Raw(o.Where)).Remove(ctx())
	}
	r.log = append(r.log, fmt.Sprintf("%s %v", o, coll.tx != nil))
	return err
}

// read takes the snapshots that w must have by now.
func (r *watchRun) read(w *watcher) error {
	newest := len(r.steps) - 1
	for {
		if w.merges() {
			if sameList(w.last.Docs, w.lists[newest]) == nil {
				return nil
			}
		} else {
			for w.at < newest && len(r.expected(w, w.at+1)) == 0 {
				w.at++
			}
			if w.at == newest {
				return nil
			}
		}
		waiting, cancel := context.WithTimeout(ctx(), trial.Patience)
		snap, err := w.stream.Next(waiting)
		cancel()
		if err != nil {
			return fmt.Errorf("behind step %d of %d: %w", w.at, newest, err)
		}
		r.snapshots++
		r.changes += len(snap.Changes)
		if err := r.judge(w, snap); err != nil {
			return fmt.Errorf("after step %d of %d, snapshot %s behind %s: %w", w.at, newest, told(snap), told(w.last), err)
		}
		w.last = snap
	}
}

// merges reports whether snapshots may be missing that a prompt reader gets.
func (w *watcher) merges() bool { return w.options.Backlog > 0 }
