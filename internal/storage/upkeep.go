package storage

import (
	"context"
	"fmt"
	"sort"

	"github.com/virgadb/virga/internal/fault"
)

// Compact gives the space of dead data back to the machine. It may take long and
// ends early with ctx or with [fault.ErrClosed].
func (s *Store) Compact(ctx context.Context) error {
	return s.upkeep(ctx, func(ctx context.Context) error {
		if s.writable() == nil {
			oldest := func() error { s.engine.Retire(s.history.oldest()); return nil }
			if err := s.submit(ctx, &pending{alone: true, seat: oldest}); err != nil {
				return err
			}
		}
		return s.engine.Compact(ctx)
	})
}

// Verify reads everything, compares the mirrors with the engine, and returns the
// damage it finds as [fault.ErrCorrupt].
func (s *Store) Verify(ctx context.Context) error {
	return s.upkeep(ctx, func(ctx context.Context) error {
		if err := s.engine.Verify(ctx); err != nil {
			return err
		}
		if err := s.verifyValues(ctx); err != nil {
			return err
		}
		return s.verifyMirrors(ctx)
	})
}

// upkeep runs work that Close cuts short and waits for. It does not hold the
// gate, which Close could not pass while the work lasts.
func (s *Store) upkeep(ctx context.Context, work func(context.Context) error) error {
	s.ending.Lock()
	if s.ctx.Err() != nil {
		s.ending.Unlock()
		return fault.ErrClosed
	}
	s.long.Add(1)
	s.ending.Unlock()
	defer s.long.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	err := work(ctx)
	if err != nil && s.ctx.Err() != nil {
		return fault.ErrClosed
	}
	return err
}

// verifyValues checks that every value can be read and that every part set
// belongs to one, or waits to be swept.
func (s *Store) verifyValues(ctx context.Context) error {
	now := s.acquire()
	if now == nil {
		return fault.ErrClosed
	}
	defer s.release(now)
	stray, err := s.partSets(ctx, now)
	if err != nil {
		return err
	}
	for n, c := 0, s.scan(now, Range{Lo: firstKey}, ScanOptions{}); ; n++ {
		if !c.Next() {
			if err := c.Err(); err != nil {
				return err
			}
			break
		}
		delete(stray, c.Parts())
		if n%256 == 0 && ctx.Err() != nil {
			c.Close()
			return ctx.Err()
		}
	}
	if len(stray) == 0 {
		return nil
	}
	sets := make([]PartSet, 0, len(stray))
	for set := range stray {
		sets = append(sets, set)
	}
	sort.Slice(sets, func(i, j int) bool { return sets[i] < sets[j] })
	return fmt.Errorf("%d part sets without a value, first %d: %w", len(sets), sets[0], fault.ErrCorrupt)
}

// partSets returns the sets that have parts and are not known to lack a head.
func (s *Store) partSets(ctx context.Context, now *published) (map[PartSet]bool, error) {
	sets := map[PartSet]bool{}
	for _, kind := range []byte{spaceParts, spaceOpen} {
		c := s.scan(now, spaceRange(kind), ScanOptions{KeysOnly: true})
		for c.Next() {
			number, ok := numberOf(c.Key())
			if !ok || ctx.Err() != nil {
				c.Close()
				if ok {
					return nil, ctx.Err()
				}
				return nil, fmt.Errorf("record %x: %w", c.Key(), fault.ErrCorrupt)
			}
			if kind == spaceOpen {
				delete(sets, PartSet(number))
			} else {
				sets[PartSet(number)] = true
			}
		}
		if err := c.Err(); err != nil {
			return nil, err
		}
	}
	return sets, nil
}
