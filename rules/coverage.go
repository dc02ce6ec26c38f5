package rules

import (
	"sync"
	"sync/atomic"
)

// A Coverage counts, for each condition of the rules that are evaluated with it, how
// often it held and how often it did not. The zero Coverage is empty and ready. It
// is safe for concurrent use.
type Coverage struct {
	mu    sync.Mutex
	rules map[covered]*counted
}

// covered is a rule of a collection.
type covered struct{ collection, key, source string }

type counted struct {
	x     *expression
	tally []tally
}

// A tally counts how often a condition held, and how often not.
type tally struct{ yes, no atomic.Int64 }

// of returns the tally of each condition of ru.
func (c *Coverage) of(collection string, ru rule) []tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := covered{collection, ru.key, ru.x.source}
	n := c.rules[key]
	if n == nil {
		if c.rules == nil {
			c.rules = make(map[covered]*counted)
		}
		n = &counted{ru.x, make([]tally, len(ru.x.conditions))}
		c.rules[key] = n
	}
	return n.tally
}

// count notes that n was asked whether it holds, or is refuted, and the answer.
func (e *evaluation) count(n *node, want, ok bool) {
	if e.tally == nil || n.id < 0 {
		return
	}
	if want == ok {
		e.tally[n.id].yes.Add(1)
	} else {
		e.tally[n.id].no.Add(1)
	}
}
