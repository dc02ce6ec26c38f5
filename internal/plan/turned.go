package plan

import (
	"bytes"
	"context"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
)

// turned yields the items of a walk whose direction is not that of the ids: groups
// with the same values in the order of the walk, the items of each in the other
// direction. A small group is read and turned around; a large one is walked over
// the other way, so that its first items cost no more than those of a small one.
type turned struct {
	walk   *walk
	fields int     // so many fields are the same within a group
	resume *resume // the place behind which the first group begins, or nil

	held  []item // the group, the item to come next at the end
	slab  slab
	ahead item // the first item of the next group
	more  bool // there is one
	began bool
	large *walk // walks over the group that is too large to hold
}

// maxHeld is the size up to which a group is read to be turned around.
const maxHeld = 128

func (t *turned) next(ctx context.Context) (item, bool, error) {
	if !t.began {
		t.began = true
		if err := t.look(ctx); err != nil {
			return item{}, false, err
		}
	}
	for {
		if t.large != nil {
			it, ok, err := t.large.next(ctx)
			if ok || err != nil {
				return it, ok, err
			}
			t.large.close()
			t.large = nil
			if err := t.look(ctx); err != nil {
				return item{}, false, err
			}
		}
		if n := len(t.held) - 1; n >= 0 {
			it := t.held[n]
			t.held = t.held[:n]
			return it, true, nil
		}
		if !t.more {
			return item{}, false, nil
		}
		if err := t.group(ctx); err != nil {
			return item{}, false, err
		}
	}
}

// look moves the walk to the first item of the next group.
func (t *turned) look(ctx context.Context) (err error) {
	t.ahead, t.more, err = t.walk.next(ctx)
	return err
}

// group reads the next group, or turns to walking over it.
func (t *turned) group(ctx context.Context) error {
	n, err := t.length(t.ahead.fields)
	if err != nil {
		return err
	}
	t.slab.reset()
	values := t.slab.clone(t.ahead.fields[:n])
	for t.more && len(t.ahead.fields) >= n && bytes.Equal(t.ahead.fields[:n], values) {
		if len(t.held) == maxHeld {
			t.turn(values)
			return nil
		}
		t.held = append(t.held, item{id: t.slab.clone(t.ahead.id), fields: values, doc: t.ahead.doc})
		if err := t.look(ctx); err != nil {
			return err
		}
	}
	return nil
}

// length returns the length of the values that a group shares.
func (t *turned) length(fields []byte) (int, error) {
	spec := t.walk.index.Spec().Fields
	n := 0
	for i := range t.fields {
		k, err := keys.Skip(fields[n:], spec[i].Desc)
		if err != nil {
			return 0, err
		}
		n += k
	}
	return n, nil
}

// turn walks over the group of the same values instead of holding it, and leaves
// the walk where the group ends.
func (t *turned) turn(values []byte) {
	t.held = t.held[:0]
	lo := append(bytes.Clone(t.walk.index.Span().Lo), values...)
	group := index.Span{Lo: lo, Hi: keys.After(lo)}
	if t.walk.reverse {
		t.walk.moveTo(index.Span{Lo: t.walk.span.Lo, Hi: group.Lo})
	} else {
		t.walk.moveTo(index.Span{Lo: group.Hi, Hi: t.walk.span.Hi})
	}
	t.large = &walk{exec: t.walk.exec, index: t.walk.index, bounds: t.walk.bounds, checks: t.walk.checks, cover: t.walk.cover, reverse: !t.walk.reverse}
	if t.resume != nil && bytes.HasSuffix(values, t.resume.order) && !t.walk.index.Spec().Unique && t.fields == len(t.walk.bounds) {
		at := append(bytes.Clone(lo), t.resume.id...)
		if t.large.reverse {
			group.Hi = at
		} else if bytes.Compare(at, group.Lo) > 0 {
			group.Lo = at
		}
	}
	t.large.spans = []index.Span{group}
}

func (t *turned) close() {
	t.walk.close()
	if t.large != nil {
		t.large.close()
	}
}
