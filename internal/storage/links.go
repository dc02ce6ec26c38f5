package storage

import "sync"

// openCursors are the cursors that hold one of the engine's, so that Close can
// give those back.
type openCursors struct {
	mu    sync.Mutex // guards first, count and every cursor's links
	first *Cursor
	count int
}

// links tie a cursor into the list of open cursors.
type links struct {
	next, prev *Cursor
	listed     bool
}

func (l *openCursors) add(c *Cursor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.links.listed {
		return
	}
	c.links = links{next: l.first, listed: true}
	if l.first != nil {
		l.first.links.prev = c
	}
	l.first = c
	l.count++
}

func (l *openCursors) remove(c *Cursor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.links.listed {
		return
	}
	if c.links.prev != nil {
		c.links.prev.links.next = c.links.next
	} else {
		l.first = c.links.next
	}
	if c.links.next != nil {
		c.links.next.links.prev = c.links.prev
	}
	c.links = links{}
	l.count--
}

// len returns the number of open cursors.
func (l *openCursors) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// closeAll gives back the engine's cursors, with the gate closed.
func (l *openCursors) closeAll() {
	for {
		l.mu.Lock()
		c := l.first
		l.mu.Unlock()
		if c == nil {
			return
		}
		c.closeEngine()
	}
}
