package watch

import (
	"context"
)

// settle returns once everything up to version has been delivered. What is left may
// come to nothing, so it works on it whenever no reader does.
func (s *Stream) settle(ctx context.Context, version uint64) error {
	for {
		s.mu.Lock()
		ended, settled := s.err != nil, s.settled(version)
		turn := s.turn
		if !s.pending() {
			turn = nil
		}
		if s.moved == nil {
			s.moved = make(chan struct{})
		}
		moved := s.moved
		s.mu.Unlock()
		switch {
		case ended:
			return s.await(ctx)
		case settled:
			return nil
		}
		select {
		case turn <- struct{}{}:
			err := s.prepare(ctx)
			s.giveTurn()
			if err != nil && ctx.Err() != nil {
				return ctx.Err()
			}
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// await returns once no callback will run any more.
func (s *Stream) await(ctx context.Context) error {
	select {
	case <-s.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pending reports whether whoever has the turn finds something to do, with mu held.
func (s *Stream) pending() bool {
	return s.ready == nil && (s.busy != 0 || s.behind || len(s.backlog.groups) > 0)
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
