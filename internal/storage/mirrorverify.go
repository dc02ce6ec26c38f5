package storage

import (
	"bytes"
	"context"
	"fmt"

	"github.com/virgadb/virga/internal/fault"
)

// differencesShown is the number of differences that Verify names.
const differencesShown = 10

// verifyMirrors compares every mirror of the newest state, and every gap, with
// the engine.
func (s *Store) verifyMirrors(ctx context.Context) error {
	now := s.acquire()
	if now == nil {
		return fault.ErrClosed
	}
	defer s.release(now)
	var d differences
	for i := range now.mirrors {
		if err := s.compareMirror(ctx, now, &now.mirrors[i], &d); err != nil {
			return err
		}
	}
	if s.mirrors != nil {
		for _, r := range *s.mirrors.known.Load() {
			if err := s.verifyGaps(now, r, &d); err != nil {
				return err
			}
		}
	}
	return d.err()
}

// verifyGaps looks for keys in a region's gaps.
func (s *Store) verifyGaps(now *published, r *region, d *differences) error {
	for _, g := range r.gapList() {
		if g.from > now.version {
			continue
		}
		c := s.scan(now, Range{Lo: []byte(g.lo), Hi: []byte(g.hi)}, ScanOptions{KeysOnly: true})
		c.raw = true
		if c.Next() {
			d.add("key %x lies between %x and %x, where there should be none", c.Key(), g.lo, g.hi)
		}
		c.Close()
		if c.Err() != nil {
			return c.Err()
		}
	}
	return nil
}

// compareMirror walks a mirror and the engine side by side.
func (s *Store) compareMirror(ctx context.Context, now *published, m *mirrored, d *differences) error {
	c := s.scan(now, m.id.bounds(), ScanOptions{})
	c.raw = true
	defer c.Close()
	t := m.tree.walk(Range{}, ScanOptions{})
	inTree, inEngine := t.Next(), c.Next()
	for n := 0; inTree || inEngine; n++ {
		if n%loadCheck == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		order := 0
		switch {
		case !inEngine:
			order = -1
		case !inTree:
			order = 1
		default:
			order = bytes.Compare(t.Key(), c.Key())
		}
		switch {
		case order < 0:
			d.add("key %x is in the mirror only", t.Key())
		case order > 0:
			d.add("key %x is missing in the mirror", c.Key())
		case t.Version() != c.Version() || !bytes.Equal(t.Value(), c.Value()):
			d.add("key %x of version %d has version %d in the mirror, or another value", c.Key(), c.Version(), t.Version())
		}
		if order <= 0 {
			inTree = t.Next()
		}
		if order >= 0 {
			inEngine = c.Next()
		}
	}
	return c.Err()
}

// differences collects what disagrees.
type differences struct {
	list  []error
	count int
}

func (d *differences) add(format string, args ...any) {
	if d.count++; d.count <= differencesShown {
		d.list = append(d.list, fmt.Errorf(format+": %w", append(args, fault.ErrCorrupt)...))
	}
}

func (d *differences) err() error {
	if more := d.count - len(d.list); more > 0 {
		return fault.Join(append(d.list, fmt.Errorf("and %d more: %w", more, fault.ErrCorrupt))...)
	}
	return fault.Join(d.list...)
}
