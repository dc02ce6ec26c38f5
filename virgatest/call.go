package virgatest

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/internal/hook"
	"github.com/virgadb/virga/internal/plan"
)

// A Call is one operation that was asked of a database.
type Call struct {
	Op            string // as errors name it: "find", "update", "commit"; "snapshot" is a stream handing one out
	Collection    string // of a "call", the name of the function
	ID            string // of the one document it was about, as JSON
	InTransaction bool
	Identity      bool   // asked by an identity, under rules; see [virga.DB.As]
	As            string // which, by what it owns documents as; empty for nobody
	Query         string // the conditions and the order: `city = "Oslo", total > 20 order -total`
	Shape         string // the same without operands
	Plan          string // how the documents were found; empty for an operation on one document
	Keys          int64  // entries of indexes examined
	Documents     int64  // documents examined
	Returned      int64  // documents found
	Duration      time.Duration
	Caller        string // the file and line that asked
	Injected      bool   // a [Rule] decided how it ended
	Err           error

	underWay bool
}

// String returns the call on one line.
func (c Call) String() string {
	var b strings.Builder
	if c.InTransaction {
		b.WriteString("  ")
	}
	b.WriteString(c.what())
	if c.Identity {
		b.WriteString(" " + c.verdict())
	}
	if c.Query != "" {
		fmt.Fprintf(&b, " where %s", c.Query)
	}
	if c.Plan != "" {
		fmt.Fprintf(&b, ": %s (keys %d, documents %d, found %d)", c.Plan, c.Keys, c.Documents, c.Returned)
	}
	if c.underWay {
		b.WriteString(" [under way]")
	} else {
		fmt.Fprintf(&b, " [%v]", c.Duration.Round(time.Microsecond))
	}
	if c.Caller != "" {
		fmt.Fprintf(&b, " %s", c.Caller)
	}
	if c.Err != nil {
		fmt.Fprintf(&b, "\n      %v", c.Err)
		if c.Injected {
			b.WriteString(" (by a rule of the test)")
		}
	}
	return b.String()
}

// Denied reports whether the rules have refused the call.
func (c Call) Denied() bool {
	return c.Identity && !c.Injected && errors.Is(c.Err, virga.ErrDenied)
}

// verdict says who asks, and whether the rules let him.
func (c Call) verdict() string {
	who := "nobody"
	if c.As != "" {
		who = c.As
	}
	if c.Denied() {
		return "denied to " + who
	}
	return "as " + who
}

// what names the operation and what it is about.
func (c Call) what() string {
	switch {
	case c.Collection == "":
		return c.Op
	case c.ID == "":
		return c.Op + " " + c.Collection
	}
	return c.Op + " " + c.Collection + "/" + c.ID
}

// An entry is a call on its way into the log.
type entry struct {
	call    *hook.Call
	began   time.Time
	took    time.Duration
	ended   bool
	err     error
	by      *rule // that decided how it ends, if one did
	callers [12]uintptr
}

// view returns the entry as the user sees it.
func (e *entry) view() Call {
	c := Call{
		Op:            e.call.Op,
		Collection:    e.call.Collection,
		ID:            e.call.ID,
		InTransaction: e.call.InTransaction,
		Identity:      e.call.Identity,
		As:            e.call.Caller,
		Duration:      e.took,
		Caller:        e.caller(),
		Injected:      e.by != nil,
		Err:           e.err,
		underWay:      !e.ended,
	}
	for i, r := range e.call.Runs() {
		c.Keys += r.Keys
		c.Documents += r.Docs
		if i == 0 {
			c.Query, c.Shape, c.Plan = r.Query, r.Shape, r.Plan
		}
		if c.Op != "aggregate" || i == 0 { // lookups find documents for the others
			c.Returned += r.Returned
		}
	}
	return c
}

// caller returns the file and line of the first caller outside of the module's own
// code.
func (e *entry) caller() string {
	frames := runtime.CallersFrames(e.callers[:])
	for {
		f, more := frames.Next()
		if f.PC != 0 && !own(f) {
			return fmt.Sprintf("%s:%d", path.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

// own reports whether a frame is of what every call passes through. It goes by files:
// a function inside of a loop's body is named after the function around the loop.
func own(f runtime.Frame) bool {
	if strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	if strings.HasPrefix(f.Function, "runtime.") {
		return true
	}
	folder, ok := strings.CutPrefix(path.Dir(f.File), moduleFolder())
	return ok && (folder == "" || folder == "/virgatest" || folder == "/txn" || folder == "/watch")
}

// moduleFolder returns where the module's files lie, or what the compiler was told to
// say in its place.
var moduleFolder = sync.OnceValue(func() string {
	_, file, _, _ := runtime.Caller(0)
	return path.Dir(path.Dir(file))
})

// runs returns what the planner has told of the call.
func (e *entry) runs() []plan.Run { return e.call.Runs() }
