package plan

import (
	"bytes"
	"context"
	"errors"

	"github.com/virgadb/virga/internal/sorter"
)

// gathered yields items in the order of their ids, each document once.
type gathered struct {
	items   items
	desc    bool   // from the last id to the first
	after   []byte // only ids behind this one; nil for all
	limit   int    // give up with errMany beyond so many; 0 means never
	judged  bool   // some items may be sure: a byte behind the id says so, 0 for sure
	sorter  sorter.Sorter
	slab    slab
	scratch []byte
	filled  bool
	last    []byte
}

// errMany says that so many documents were found in an index that walking over the
// whole collection is the better way. It never leaves the package.
var errMany = errors.New("many documents found")

func (g *gathered) next(ctx context.Context) (item, bool, error) {
	if !g.filled {
		g.filled = true
		if err := g.fill(ctx); err != nil {
			return item{}, false, err
		}
	}
	for {
		r, ok, err := g.sorter.Next(ctx)
		if !ok || err != nil {
			return item{}, ok, err
		}
		key, sure := r.Key, false
		if g.judged {
			n := len(key) - 1
			key, sure = key[:n:n], key[n] == 0
		}
		if id := direct(key, g.desc); !bytes.Equal(id, g.last) {
			g.last = id
			return item{id: id, doc: r.Doc, sure: sure}, true, nil
		}
	}
}

func (g *gathered) fill(ctx context.Context) error {
	for n := 1; ; n++ {
		it, ok, err := g.items.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if g.limit > 0 && n > g.limit {
			return errMany
		}
		if g.after != nil && !behind(it.id, g.after, g.desc) {
			continue
		}
		key := it.id
		if g.desc {
			g.scratch = append(g.scratch[:0], it.id...)
			key = direct(g.scratch, true)
		}
		if g.judged {
			g.scratch = append(append(g.scratch[:0], key...), doubt(it.sure))
			key = g.scratch
		}
		if !g.sorter.Wants(key) {
			continue
		}
		if err := g.sorter.Push(ctx, sorter.Record{Key: g.slab.clone(key), Doc: it.doc}); err != nil {
			return err
		}
	}
	g.items.close()
	return g.sorter.Finish(ctx)
}

// doubt returns what stands behind the id of an item: of several of one document that are
// not alike the sure one comes first.
func doubt(sure bool) byte {
	if sure {
		return 0
	}
	return 1
}

func (g *gathered) close() {
	g.items.close()
	g.sorter.Close()
}

// behind reports whether an encoded _id comes behind another.
func behind(id, after []byte, desc bool) bool {
	c := bytes.Compare(id, after)
	return c > 0 && !desc || c < 0 && desc
}

// direct turns an encoded _id, in place, into bytes that sort in the direction
// wanted, and back.
func direct(id []byte, desc bool) []byte {
	if desc {
		for i := range id {
			id[i] ^= 0xFF
		}
	}
	return id
}

// inGroups yields items of which those with the same values in the order follow
// each other in the order of their ids, each document once.
type inGroups struct {
	items  items
	layout layout
	desc   bool
	sorter sorter.Sorter
	slab   slab
	order  []byte // the values of the group
	ahead  item   // the first item of the next group
	more   bool   // there is one
	began  bool
	last   []byte
}

func (g *inGroups) next(ctx context.Context) (item, bool, error) {
	if !g.began {
		g.began = true
		var err error
		if g.ahead, g.more, err = g.items.next(ctx); err != nil {
			return item{}, false, err
		}
	}
	for {
		r, ok, err := g.sorter.Next(ctx)
		switch {
		case err != nil:
			return item{}, false, err
		case ok:
			if id := direct(r.Key, g.desc); !bytes.Equal(id, g.last) {
				g.last = id
				return item{id: id, doc: r.Doc}, true, nil
			}
			continue
		case !g.more:
			return item{}, false, nil
		}
		if err := g.group(ctx); err != nil {
			return item{}, false, err
		}
	}
}

// group reads the next group into order.
func (g *inGroups) group(ctx context.Context) error {
	order, err := g.layout.cut(g.ahead.fields)
	if err != nil {
		return err
	}
	g.order = append(g.order[:0], order...)
	g.sorter.Reset()
	g.slab.reset()
	g.last = nil
	for g.more {
		order, err := g.layout.cut(g.ahead.fields)
		if err != nil {
			return err
		}
		if !bytes.Equal(order, g.order) {
			break
		}
		if err := g.sorter.Push(ctx, sorter.Record{Key: direct(g.slab.clone(g.ahead.id), g.desc), Doc: g.ahead.doc}); err != nil {
			return err
		}
		if g.ahead, g.more, err = g.items.next(ctx); err != nil {
			return err
		}
	}
	return g.sorter.Finish(ctx)
}

func (g *inGroups) close() {
	g.items.close()
	g.sorter.Close()
}
