package virgatest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/hook"
)

// maxCalls is how many calls a log keeps, the newest of all.
const maxCalls = 2000

// A recorder observes a database: it logs the calls, and lets the rules of the test
// decide how they end.
type recorder struct {
	faults faults

	mu      sync.Mutex // guards all below, and what is in entries but their calls
	entries []*entry   // in the order in which the calls began; a ring once it is full
	passed  int        // entries that made room for others
	needs   needs
}

func newRecorder(c *config) *recorder { return &recorder{faults: faults{seed: c.random}} }

// Before implements [hook.Observer].
func (r *recorder) Before(ctx context.Context, c *hook.Call) error {
	e := &entry{call: c, began: clock.System().Now()}
	runtime.Callers(3, e.callers[:])
	c.Note = e
	r.mu.Lock()
	if len(r.entries) < maxCalls {
		r.entries = append(r.entries, e)
	} else {
		r.entries[r.passed%maxCalls] = e
		r.passed++
	}
	r.mu.Unlock()
	by, delay := r.faults.decide(c)
	r.mu.Lock()
	e.by = by
	r.mu.Unlock()
	if err := wait(ctx, c, delay); err != nil {
		return err
	}
	if by != nil && by.Fault.kind != lost {
		return by.Fault.error(c)
	}
	return nil
}

// After implements [hook.Observer].
func (r *recorder) After(c *hook.Call, err error) error {
	e := c.Note.(*entry)
	if e.by != nil && e.by.Fault.kind == lost && err == nil {
		err = e.by.Fault.error(c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e.took, e.err, e.ended = clock.System().Now().Sub(e.began), err, true
	r.needs.add(e.runs())
	return err
}

// calls returns the calls in the order in which they began, and how many before them
// the log did not keep.
func (r *recorder) calls() (list []Call, more int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.passed % maxCalls
	for i := range r.entries {
		list = append(list, r.entries[(first+i)%len(r.entries)].view())
	}
	return list, r.passed
}

// Calls returns the operations that were asked of the database and have ended, in the
// order in which they began: the last 2,000. What [New] has loaded from files is not
// among them.
func (db *DB) Calls() []Call {
	db.need("Calls")
	list, _ := db.recorder.calls()
	return slices.DeleteFunc(list, func(c Call) bool { return c.underWay })
}

// forget empties the log.
func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries, r.passed, r.needs = nil, 0, nil
}

// story returns the log as text, empty when nothing was asked.
func (r *recorder) story() string {
	list, more := r.calls()
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "virgatest: %d calls", more+len(list))
	if more > 0 {
		fmt.Fprintf(&b, ", of which the last %d", len(list))
	}
	for i, c := range list {
		fmt.Fprintf(&b, "\n%5d %s", more+i+1, c)
	}
	return b.String()
}
