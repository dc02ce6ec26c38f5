package watch

import (
	"fmt"

	"github.com/virgadb/virga/internal/fault"
)

// A backlog is what a stream's reader has not looked at yet, in the order of the
// versions.
type backlog struct {
	groups []group
	notes  int
	bytes  int64
}

func (b *backlog) add(g group) {
	b.groups = append(b.groups, g)
	b.notes += len(g.notes)
	for _, n := range g.notes {
		b.bytes += n.size
	}
}

// first takes the oldest group out. There must be one.
func (b *backlog) first() group {
	g := b.groups[0]
	b.groups[0] = group{}
	b.groups = b.groups[1:]
	b.notes -= len(g.notes)
	for _, n := range g.notes {
		b.bytes -= n.size
	}
	if len(b.groups) == 0 {
		b.groups = nil // its room moves along with each group that is taken
	}
	return g
}

// reaches reports whether there is something of version, or of one before.
func (b *backlog) reaches(version uint64) bool {
	return len(b.groups) > 0 && b.groups[0].version <= version
}

// upTo returns the groups up to version.
func (b *backlog) upTo(version uint64) []group {
	n := 0
	for n < len(b.groups) && b.groups[n].version <= version {
		n++
	}
	return b.groups[:n]
}

// discard empties a backlog.
func (f *Feed) discard(b *backlog) {
	for _, g := range b.groups {
		f.release(g)
	}
	*b = backlog{}
}

// push adds a group to the backlog of s. It reports false when the stream has ended. A group that stands alone is taken however large it is.
func (s *Stream) push(g group) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || s.behind {
		s.feed.release(g)
		return s.err == nil
	}
	s.backlog.add(g)
	if len(s.backlog.groups) > 1 && (s.backlog.notes > s.options.Backlog || s.backlog.bytes > s.options.BacklogBytes) {
		return s.overflow()
	}
	return true
}

// giveUp gives up the backlog of s, if it has one. It reports false when the stream
// has ended.
func (s *Stream) giveUp() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || len(s.backlog.groups) == 0 {
		return s.err == nil
	}
	return s.overflow()
}

// overflow gives up the backlog, with mu held. A strict stream ends with that: it
// reports false, and the caller takes the stream out of the feed.
func (s *Stream) overflow() bool {
	changes, bytes := s.backlog.notes, s.backlog.bytes
	s.feed.discard(&s.backlog)
	if !s.options.Strict {
		s.behind = true
		return true
	}
	s.err, s.ready = fmt.Errorf("the reader is %d changes with %d bytes behind: %w", changes, bytes, fault.ErrTooLarge), nil
	close(s.done)
	s.step()
	s.release()
	return false
}

// signal wakes the reader.
func (s *Stream) signal() {
	select {
	case s.wake <- struct{}{}:
	default: // it has a signal to come
	}
}
