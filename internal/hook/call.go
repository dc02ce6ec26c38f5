package hook

import (
	"context"
	"sync"

	"github.com/virgadb/virga/internal/plan"
)

// An Observer is told of every operation that a program asks of a database, and may
// decide how it ends. It is called by many goroutines.
type Observer interface {
	// Before is told of a call that is about to begin, whose ctx may be nil. An error
	// takes its place: nothing happens, and the caller gets the error.
	Before(ctx context.Context, c *Call) error
	// After is told how a call has ended and returns what the caller hears. It hears
	// of those that Before has refused, too.
	After(c *Call, err error) error
}

// A Call is one operation.
type Call struct {
	Op            string // as errors name it: "find", "update" …; "snapshot" is a stream about to hand one out
	Collection    string // empty when the call concerns the database; of a "call", the function's name
	Caller        string // the identity that asks, by what it owns documents as; see Identity
	Identity      bool   // an identity asks, under rules; else the program itself
	ID            string // of the one document it is about, as JSON; empty for others
	InTransaction bool
	Note          any // the observer's own

	mu    sync.Mutex // guards all below
	runs  []plan.Run
	ended bool
}

// Trace notes a run of the call. What comes after its end, as the reads of a stream
// that it has opened, is not its own.
func (c *Call) Trace(r plan.Run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		c.runs = append(c.runs, r)
	}
}

// End says that the call's work is done.
func (c *Call) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
}

// Runs returns the runs of the call that have ended.
func (c *Call) Runs() []plan.Run {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.runs
}

// Writes reports whether the call is one that changes something.
func (c *Call) Writes() bool {
	switch c.Op {
	case "find", "get", "exists", "count", "distinct", "aggregate", "watch", "snapshot", "start transaction":
		return false
	}
	return true
}
