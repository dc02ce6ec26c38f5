package watch

import (
	"context"
)

// settle returns once everything up to version has been delivered.
func (s *Stream) settle(ctx context.Context, version uint64) error {
	for {
		select {
		case s.turn <- struct{}{}: // nobody reads: what is left may come to nothing
			err := s.prepare(ctx)
			s.giveTurn()
			if err != nil && ctx.Err() != nil {
				return ctx.Err()
			}
		default:
		}
		s.mu.Lock()
		ended, settled := s.err != nil, s.settled(version)
		if s.moved == nil {
			s.moved = make(chan struct{})
		}
		moved := s.moved
		s.mu.Unlock()
		switch {
		case ended:
			moved = s.idle // the last callback may be under way
		case settled:
			return nil
		}
		select {
		case <-moved:
			if ended {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settled reports whether everything up to version has been delivered, with mu held.
func (s *Stream) settled(version uint64) bool {
	switch {
	case s.behind:
	case s.busy != 0 && s.busy <= version:
	case s.calling != 0 && s.calling <= version:
	case s.ready != nil && s.from <= version:
	default:
		return !s.backlog.reaches(version)
	}
	return false
}
