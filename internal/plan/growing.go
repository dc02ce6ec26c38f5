package plan

import (
	"bytes"
	"context"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/sorter"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// growing is the source of a scan over many documents. It begins alone and goes on
// with several workers when its first documents do not suffice.
type growing struct {
	exec   *exec
	r      storage.Range
	filter *query.Filter
	scan   *scan
	wide   *wide
}

func (g *growing) next(ctx context.Context) (document.Doc, bool, error) {
	if g.wide != nil {
		return g.wide.next(ctx)
	}
	g.begin()
	doc, ok, err := g.scan.next(ctx)
	if ok || err != nil || !g.scan.paused {
		return doc, ok, err
	}
	g.r.Lo = append(bytes.Clone(g.scan.key()), 0)
	g.scan.close()
	g.spread(ctx, nil)
	return g.wide.next(ctx)
}

// begin begins the scan alone.
func (g *growing) begin() {
	if g.scan != nil {
		return
	}
	g.scan = &scan{exec: g.exec, cursor: g.exec.snap.ScanRange(g.r, false), filter: g.filter}
	if g.filter != nil {
		g.scan.pause = narrowFirst
	}
}

// pass implements [passer].
func (g *growing) pass(ctx context.Context, n int) (int, error) {
	if g.filter != nil {
		return 0, nil
	}
	g.begin()
	return g.scan.pass(ctx, n)
}

// spread starts the workers.
func (g *growing) spread(ctx context.Context, v visitor) {
	g.wide = &wide{exec: g.exec}
	_, whole := v.(wholeVisitor)
	g.wide.tread = func(ctx context.Context, worker int, p *piece) (bool, error) {
		s := &scanning{stint: stint{wide: g.wide, worker: worker, piece: p}, filter: g.filter, visit: v, whole: whole}
		s.cursor = g.exec.snap.ScanRange(p.r, false)
		defer s.cursor.Close()
		return s.walk(ctx)
	}
	g.wide.start(ctx, g.exec.narrowed(g.r), workerCount())
}

// fold lets v visit all documents that match, in no order. It must come before the
// first call of next.
func (g *growing) fold(ctx context.Context, v visitor) error {
	g.spread(ctx, v)
	return g.wide.wait()
}

func (g *growing) keep() (document.Doc, error) {
	if g.wide != nil {
		return g.wide.keep()
	}
	return g.scan.keep()
}

func (g *growing) key() []byte {
	if g.wide != nil {
		return g.wide.key()
	}
	return g.scan.key()
}

func (g *growing) close() {
	if g.scan != nil {
		g.scan.close()
	}
	if g.wide != nil {
		g.wide.close()
	}
}

// counting counts what is visited, by worker.
type counting [maxWorkers]struct {
	n int64
	_ [120]byte // each to lines of the cache of its own
}

func (c *counting) visit(_ context.Context, worker int, _ *txn.Cursor) error {
	c[worker].n++
	return nil
}

func (c *counting) sum() (n int64) {
	for i := range c {
		n += c[i].n
	}
	return n
}

// topping keeps the first documents of an order, by worker.
type topping struct {
	by      *sorted
	workers [maxWorkers]struct {
		sorter  sorter.Sorter
		scratch []byte
	}
}

func (t *topping) visit(ctx context.Context, worker int, at *txn.Cursor) error {
	w := &t.workers[worker]
	var in bool
	var err error
	if w.scratch, in, err = t.by.appendKey(w.scratch[:0], at.Doc(), at.Key()); err != nil || !in {
		return err
	}
	return t.by.offer(ctx, &w.sorter, w.scratch, at.Own)
}

// fillWide is fill for a scan that several workers share.
func (s *sorted) fillWide(ctx context.Context, g *growing) error {
	t := &topping{by: s}
	for i := range t.workers {
		t.workers[i].sorter.Top = s.sorter.Top
	}
	if err := g.fold(ctx, t); err != nil {
		return err
	}
	for i := range t.workers {
		for _, r := range t.workers[i].sorter.Held() {
			if s.sorter.Wants(r.Key) {
				if err := s.sorter.Push(ctx, r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
