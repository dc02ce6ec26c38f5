package plan

import (
	"bytes"
	"context"
	"encoding/binary"
	"runtime"
	"slices"
	"sync"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// wideFrom returns the number of documents from which a scan runs on several cores.
func (o *Options) wideFrom() float64 {
	if o.Wide > 0 {
		return float64(o.Wide)
	}
	return 20_000
}

// narrowFirst is how many documents a scan that yields them walks over alone, in
// the hope that no more are wanted.
const narrowFirst = 4096

// maxWorkers is the most goroutines of one scan.
const maxWorkers = 4

// aheadBytes is how much the documents may take up that wait to be asked for.
const aheadBytes = 4 << 20

// A wide is a scan on several cores. The stretch of the collection is cut into
// pieces; workers take the pieces in their order, and one that finds none left has
// another's piece divided. It starts no goroutine before start and leaves none
// behind close.
type wide struct {
	exec  *exec
	tread treader

	mu      sync.Mutex // guards what follows
	changed sync.Cond
	pieces  []*piece // in order, without those handed out
	hungry  int      // workers that wait for a piece
	busy    int      // workers that have one
	held    int      // bytes of documents that wait to be asked for
	docs    int64    // documents looked at
	err     error
	stopped bool

	workers sync.WaitGroup
	unhook  func() bool

	current document.Doc
	name    []byte
}

// A treader walks over a piece, and reports false when the scan is over before the end
// of it. It calls [wide.deliver] from time to time, and goes no farther than to the end
// that this returns.
type treader func(ctx context.Context, worker int, p *piece) (end bool, err error)

// A piece is a stretch that one worker walks over.
type piece struct {
	r     storage.Range
	taken bool
	done  bool
	found []document.Doc
	bytes int
}

// workerCount returns how many workers a scan may have.
func workerCount() int { return min(runtime.GOMAXPROCS(0), maxWorkers) }

// start begins the scan of r, which ends behind its last key, with n workers.
func (w *wide) start(ctx context.Context, r storage.Range, n int) {
	w.changed.L = &w.mu
	w.pieces = cut(r, 2*n)
	w.unhook = context.AfterFunc(ctx, func() { w.fail(ctx.Err()) })
	for i := range n {
		w.workers.Go(func() { w.work(ctx, i) })
	}
}

// narrowed returns r with its end moved to just behind its last key, so that it can
// be cut where keys are. An error is met once more on the way there.
func (x *exec) narrowed(r storage.Range) storage.Range {
	c := x.snap.ScanRange(r, true)
	defer c.Close()
	if c.Next() {
		r.Hi = append(bytes.Clone(c.Key()), 0)
	}
	return r
}

// narrowedEntries is narrowed for the entries of an index in a span.
func (x *exec) narrowedEntries(of *index.Index, span index.Span) storage.Range {
	r := storage.Range(span)
	c := x.snap.Entries(of, span, true)
	defer c.Close()
	if c.Next() {
		r.Hi = append(bytes.Clone(c.Key()), 0)
	}
	return r
}

// cut divides r into up to n pieces.
func cut(r storage.Range, n int) []*piece {
	list := []*piece{{r: r}}
	for len(list) < n {
		next := make([]*piece, 0, 2*len(list))
		for _, p := range list {
			next = append(next, p)
			if mid := between(p.r.Lo, p.r.Hi); mid != nil {
				next = append(next, &piece{r: storage.Range{Lo: mid, Hi: p.r.Hi}})
				p.r.Hi = mid
			}
		}
		if len(next) == len(list) {
			break
		}
		list = next
	}
	return list
}

// between returns a key about half way between lo and hi, nil when there is none.
func between(lo, hi []byte) []byte {
	same := 0
	for same < len(lo) && same < len(hi) && lo[same] == hi[same] {
		same++
	}
	a, b := window(lo[same:]), window(hi[same:])
	if b-a < 2 || a > b {
		return nil
	}
	mid := binary.BigEndian.AppendUint64(bytes.Clone(hi[:same]), a+(b-a)/2)
	if bytes.Compare(lo, mid) >= 0 || bytes.Compare(mid, hi) >= 0 {
		return nil
	}
	return mid
}

// window returns the first eight bytes of b as a number.
func window(b []byte) uint64 {
	var room [8]byte
	copy(room[:], b)
	return binary.BigEndian.Uint64(room[:])
}

// fail stops the scan for err.
func (w *wide) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil && !w.stopped {
		w.err = err
	}
	w.stopped = true
	w.changed.Broadcast()
}

// work walks over pieces until there are none.
func (w *wide) work(ctx context.Context, worker int) {
	for p := w.take(); p != nil; p = w.take() {
		if err := w.walk(ctx, worker, p); err != nil {
			w.fail(err)
			return
		}
	}
}

// take returns the next piece, and waits for one while others may divide theirs.
func (w *wide) take() *piece {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.stopped {
		i := slices.IndexFunc(w.pieces, func(p *piece) bool { return !p.taken })
		switch {
		case i == 0 || i > 0 && w.held < aheadBytes:
			w.busy++
			w.pieces[i].taken = true
			return w.pieces[i]
		case i < 0 && w.busy == 0:
			w.changed.Broadcast()
			return nil
		}
		w.hungry++
		w.changed.Wait()
		w.hungry--
	}
	return nil
}

// walk walks over one piece.
func (w *wide) walk(ctx context.Context, worker int, p *piece) error {
	if end, err := w.tread(ctx, worker, p); err != nil || !end {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p.done = true
	w.busy--
	w.changed.Broadcast()
	return nil
}

// deliver hands over what has been found of p so far and waits while too much is
// waiting to be asked for. Where a worker has nothing to do, it divides what is
// left of p behind key and returns the new end. It reports false when the scan is
// over.
func (w *wide) deliver(p *piece, batch []document.Doc, size, passed int, key []byte) (end []byte, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.docs += int64(passed)
	if len(batch) > 0 {
		p.found = append(p.found, batch...)
		p.bytes += size
		w.held += size
		w.changed.Broadcast()
	}
	// What is asked for first may always go on, unless it alone fills the room.
	for !w.stopped && (w.held >= aheadBytes && p != w.pieces[0] || p.bytes >= aheadBytes) {
		w.changed.Wait()
	}
	if w.hungry > 0 && key != nil && !w.stopped && w.held < aheadBytes {
		end = w.divide(p, key)
	}
	return end, !w.stopped
}

// divide gives the second half of what is left of p behind key to others.
func (w *wide) divide(p *piece, key []byte) []byte {
	if slices.ContainsFunc(w.pieces, func(q *piece) bool { return !q.taken }) {
		return nil
	}
	mid := between(key, p.r.Hi)
	if mid == nil {
		return nil
	}
	at := slices.Index(w.pieces, p)
	w.pieces = slices.Insert(w.pieces, at+1, &piece{r: storage.Range{Lo: mid, Hi: p.r.Hi}})
	p.r.Hi = mid
	w.changed.Broadcast()
	return mid
}

// next returns the next document in order.
func (w *wide) next(ctx context.Context) (document.Doc, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && !w.stopped && len(w.pieces) > 0 {
		p := w.pieces[0]
		switch {
		case len(p.found) > 0:
			w.current = p.found[0]
			p.found = p.found[1:]
			size := len(w.current.Raw())
			p.bytes -= size
			w.held -= size
			if len(p.found) == 0 || w.held < aheadBytes && w.held+size >= aheadBytes {
				w.changed.Broadcast()
			}
			return w.current, true, nil
		case p.done:
			w.pieces = w.pieces[1:]
			w.changed.Broadcast()
			continue
		}
		w.changed.Wait()
	}
	return document.Doc{}, false, w.err
}

func (w *wide) keep() (document.Doc, error) { return w.current, nil }

func (w *wide) key() []byte {
	w.name = keys.AppendDocument(w.name[:0], w.exec.coll.ID, w.current.Value().Field("_id"))
	return w.name
}

// wait returns when all documents have been visited.
func (w *wide) wait() error {
	w.workers.Wait()
	w.finish()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *wide) close() {
	w.mu.Lock()
	w.stopped = true
	w.pieces = nil
	w.changed.Broadcast()
	w.mu.Unlock()
	w.workers.Wait()
	w.finish()
}

// finish counts what was looked at, once.
func (w *wide) finish() {
	w.unhook()
	w.exec.docs += w.docs
	w.docs = 0
}
