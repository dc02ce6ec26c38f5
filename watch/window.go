package watch

import (
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// A window holds the first documents that match a query, in its order: all of them,
// or, under a limit, those that are shown and some behind them, which move up when
// others leave. It belongs to one goroutine.
//
// A sorted slice serves better than a tree here: it holds few documents, and each
// snapshot is a copy of it.
type window struct {
	filter *query.Filter // nil takes every document
	sort   *query.Sort   // nil orders by _id
	limit  int           // the most documents shown; 0 for all
	room   int           // under a limit, the most documents held
	docs   []document.Doc
	whole  bool // there are no matching documents behind docs
}

// spare is the least number of documents that a window holds behind those it shows.
const spare = 16

func newWindow(r *query.Request) window {
	return window{filter: r.Filter, sort: r.Sort, limit: r.Limit, room: r.Limit + max(r.Limit, spare), whole: true}
}

// shown returns the documents of the list, valid until the window changes.
func (w *window) shown() []document.Doc {
	if w.limit > 0 && len(w.docs) > w.limit {
		return w.docs[:w.limit]
	}
	return w.docs
}

// dry reports whether documents belong in the list that the window does not hold.
func (w *window) dry() bool { return !w.whole && len(w.docs) < w.limit }

// position returns the place of d among the documents held, and whether it is there.
func (w *window) position(d document.Doc) (int, bool) {
	return slices.BinarySearchFunc(w.docs, d, w.compare)
}

// compare is the total order of the list: ties come by _id.
func (w *window) compare(a, b document.Doc) int {
	if w.sort != nil {
		if c := w.sort.Compare(a, b); c != 0 {
			return c
		}
	}
	return document.Compare(a.Value().Field("_id"), b.Value().Field("_id"))
}

// shows reports whether d, exactly as it is, is in the list.
func (w *window) shows(d document.Doc) bool {
	if d.IsZero() {
		return false
	}
	i, held := w.position(d)
	return held && (w.limit == 0 || i < w.limit)
}

// apply puts after in the place of before, either of which may be no document. It
// works in both directions: with the two exchanged it takes the change back.
//
// Where documents are known only up to the last one held, a document that comes
// behind that one is not taken in: others that nobody has read may come before it.
func (w *window) apply(before, after document.Doc) error {
	var last document.Doc // up to here everything is known, unless all is
	if !w.whole && len(w.docs) > 0 {
		last = w.docs[len(w.docs)-1]
	}
	if !before.IsZero() {
		if i, held := w.position(before); held {
			w.docs = slices.Delete(w.docs, i, i+1)
		}
	}
	if after.IsZero() {
		return nil
	}
	if w.filter != nil {
		if ok, err := w.filter.Match(after); err != nil || !ok {
			return err
		}
	}
	if !w.whole && (last.IsZero() || w.compare(after, last) > 0) {
		return nil
	}
	i, _ := w.position(after)
	w.docs = slices.Insert(w.docs, i, after)
	if w.limit > 0 && len(w.docs) > w.room {
		w.docs, w.whole = slices.Delete(w.docs, w.room, len(w.docs)), false
	}
	return nil
}
