package virgatest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/hook"
)

// ErrInjected is what every error that a [Rule] makes is, besides the reason that its
// code stands for.
var ErrInjected = fault.ErrInjected

// A Rule makes operations end badly, or late: those whose kind and collection it
// names. It never makes the database untrue: an operation happens wholly or not at
// all, whatever the caller hears of it.
type Rule struct {
	// Op is the operation: get, find, exists, count, distinct, aggregate, add, set,
	// update, remove, bulk, watch, snapshot, transaction, start transaction, commit,
	// create collection, drop collection, create index, drop index, set rules, set
	// schema, call. A snapshot is a stream about to hand one out, a commit the end of
	// any transaction. Empty means all of them.
	Op string
	// Collection is its name, and with call the function's; empty means all.
	Collection string
	// Nth is the call that the rule begins with, from 1, of those that it is about; 0
	// means every call.
	Nth int
	// Times is how many calls it hits from the n-th on: when it is 0, one if Nth is
	// set and otherwise all.
	Times int
	// Chance is how likely it hits a call that the rest of the rule is about: 0 means
	// that it always does. Chance follows from the seed, see [Random].
	Chance float64
	// Delay is how long the call waits before it begins, of the machine's time; the
	// end of its context ends it.
	Delay time.Duration
	// Fault is how the call ends, as it would have without one unless told.
	Fault Fault
}

// A Fault is how an operation ends that a [Rule] hits.
type Fault struct {
	kind kind
	code string
}

type kind uint8

const (
	none   kind = iota
	failed      // the operation does not happen
	lost        // it happens, and the caller gets an error
	drop        // a stream ends
)

// Fail ends the operation before it begins, with the cloud's error of that code, such
// as EXCEED_REQUEST_LIMIT, DATABASE_TIMEOUT or DATABASE_PERMISSION_DENIED. A write of a
// transaction that fails ends it.
func Fail(code string) Fault { return Fault{failed, code} }

// Conflict is Fail("DATABASE_TRANSACTION_CONFLICT"): what a transaction gets at a write
// or at its commit when another came first. It ends the transaction, which
// [virga.DB.RunTransaction] runs again.
func Conflict() Fault { return Fail("DATABASE_TRANSACTION_CONFLICT") }

// LoseReply lets the operation happen and the caller get SERVER_TIMEOUT, as when the
// connection breaks before the answer is there. An operation that fails by itself fails
// with its own error.
func LoseReply() Fault { return Fault{lost, "SERVER_TIMEOUT"} }

// Drop ends a stream as a connection does that cannot be made again: instead of the
// snapshot, its reader gets CONN_ERROR, and nothing after that. It goes with the
// operation snapshot.
func Drop() Fault { return Fault{drop, "CONN_ERROR"} }

// A wording is what the cloud says with a code.
type wording struct {
	number int
	reason error // nil for none of the module's own
	text   string
}

// wordings holds the cloud's error codes.
var wordings = map[string]wording{
	"INVALID_PARAM":                     {-501007, fault.ErrInvalid, "invalid parameters"},
	"DATABASE_PERMISSION_DENIED":        {-502003, fault.ErrDenied, "database permission denied"},
	"DATABASE_INVALID_OPERRATOR":        {-502002, fault.ErrInvalid, "database invalid command"},
	"DATABASE_COLLECTION_NOT_EXIST":     {-502005, fault.ErrNotFound, "[ResourceNotFound] Db or Table not exist"},
	"DOCUMENT_NOT_FOUND":                {-1, fault.ErrNotFound, "document does not exist"},
	"DATABASE_COLLECTION_ALREADY_EXIST": {-501001, fault.ErrExists, "collection already exists"},
	"DATABASE_DUPLICATE_WRITE":          {-502001, fault.ErrDuplicate, "E11000 duplicate key error"},
	"DATABASE_COLLECTION_EXCEED_LIMIT":  {-502004, nil, "database exceed collection limit"},
	"EXCEED_REQUEST_LIMIT":              {-501003, nil, "exceed request limit"},
	"EXCEED_CONCURRENT_REQUEST_LIMIT":   {-501004, nil, "exceed concurrent request limit"},
	"EXCEED_RATELIMIT":                  {-501001, nil, "exceed rate limit"},
	"DATABASE_REQUEST_FAILED":           {-502001, nil, "database request fail"},
	"SYS_ERR":                           {-501001, nil, "resource system error"},
	"DATABASE_TRANSACTION_CONFLICT":     {-501001, fault.ErrConflict, "[ResourceUnavailable.TransactionConflict]"},
	"DATABASE_TRANSACTION_FAIL":         {-501001, fault.ErrTxnExpired, "[ResourceUnavailable.TransactionNotExist] commit or abort within 30 seconds"},
	"DATABASE_TIMEOUT":                  {-501001, fault.ErrTimeout, "database operation timeout"},
	"SERVER_TIMEOUT":                    {-501002, fault.ErrTimeout, "resource server timeout"},
	"INSERT_DOC_FAIL":                   {-501001, nil, "insert failed"},
	"CREATE_WATCH_NET_ERROR":            {-402002, nil, "watch init failed"},
	"CREATE_WATCH_SERVER_ERROR":         {-402002, nil, "watch init failed"},
	"CREATE_WACTH_EXCEED_ERROR":         {-402002, nil, "watch init failed: too many watches"},
	"QUERYID_INVALID_ERROR":             {-402006, nil, "server error message received"},
	"CONN_ERROR":                        {-402003, nil, "WebSocket reconnect failed"},
}

// ops are the operations that a rule may name.
var ops = []string{
	"get", "find", "exists", "count", "distinct", "aggregate", "add", "set", "update", "remove", "bulk", "watch", "snapshot",
	"transaction", "start transaction", "commit", "create collection", "drop collection", "create index", "drop index",
	"set rules", "set schema", "call",
}

// error returns the error that a call hit by the fault gets.
func (f Fault) error(c *hook.Call) error {
	w := wordings[f.code]
	err := fmt.Errorf("%s: %w", w.text, ErrInjected)
	if w.reason != nil {
		err = fmt.Errorf("%s: %w, %w", w.text, w.reason, ErrInjected)
	}
	return &fault.Error{Op: c.Op, Collection: c.Collection, ID: c.ID, Code: f.code, Number: w.number, Err: err}
}

// check reports everything that is wrong with the rule.
func (r Rule) check() error {
	var faults []error
	refuse := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf(format+": %w", append(args, fault.ErrInvalid)...))
	}
	if r.Op != "" && !slices.Contains(ops, r.Op) {
		refuse("there is no operation %q, only %s", r.Op, strings.Join(ops, ", "))
	}
	if r.Nth < 0 || r.Times < 0 || r.Delay < 0 {
		refuse("nth %d, times %d, delay %v", r.Nth, r.Times, r.Delay)
	}
	if !(r.Chance >= 0 && r.Chance <= 1) {
		refuse("chance %v is not between 0 and 1", r.Chance)
	}
	if _, known := wordings[r.Fault.code]; r.Fault.kind != none && !known {
		refuse("the cloud has no error %q", r.Fault.code)
	}
	if r.Fault.kind == drop && r.Op != "snapshot" {
		refuse("Drop goes with the operation snapshot")
	}
	if r.Fault.kind == lost && r.Op == "snapshot" {
		refuse("a snapshot has no reply to lose")
	}
	if r.Fault.kind == none && r.Delay == 0 {
		refuse("the rule has no fault and no delay")
	}
	return errors.Join(faults...)
}

// An Injection is a rule at work. It is safe for concurrent use.
type Injection struct {
	faults *faults
	rule   *rule
}

// Hits returns how many calls the rule has hit so far.
func (i *Injection) Hits() int {
	i.need("Hits")
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()
	return i.rule.hits
}

// Remove ends the rule. Calls that it has hit already end as it says.
func (i *Injection) Remove() {
	i.need("Remove")
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()
	i.faults.rules = slices.DeleteFunc(i.faults.rules, func(r *rule) bool { return r == i.rule })
}

// Inject puts a rule at work. Of several rules the first that hits a call with a fault
// decides how it ends; delays add up. A rule that makes no sense fails the test at once;
// one that has hit nothing by the end of the test is told of in the test's log.
func (db *DB) Inject(rule Rule) *Injection {
	db.need("Inject")
	db.t.Helper()
	if err := rule.check(); err != nil {
		db.t.Fatalf("virgatest: rule %+v: %v", rule, err)
	}
	return db.recorder.faults.add(rule)
}

// A rule is a Rule and what it has seen.
type rule struct {
	Rule
	random *rand.Rand
	seen   int // calls that it is about
	hits   int
}

// faults are the rules of a database.
type faults struct {
	seed  uint64
	mu    sync.Mutex // guards all below, and what the rules have seen
	rules []*rule
	added int
}

func (f *faults) add(r Rule) *Injection {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.added++
	one := &rule{Rule: r, random: rand.New(rand.NewPCG(f.seed, uint64(f.added)))}
	f.rules = append(f.rules, one)
	return &Injection{f, one}
}

// decide returns the rule that decides how a call ends, nil for none, and how long the
// call has to wait.
func (f *faults) decide(c *hook.Call) (by *rule, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if by != nil && r.Fault.kind != none || !r.hit(c) {
			continue
		}
		delay += r.Delay
		if r.Fault.kind != none {
			by = r
		}
	}
	return by, delay
}

// hit reports whether the rule hits a call, and counts it.
func (r *rule) hit(c *hook.Call) bool {
	if r.Op != "" && r.Op != c.Op || r.Collection != "" && r.Collection != c.Collection {
		return false
	}
	r.seen++
	first, times := max(r.Nth, 1), r.Times
	if times == 0 && r.Nth > 0 {
		times = 1
	}
	if r.seen < first || times > 0 && r.seen-first >= times {
		return false
	}
	if r.Chance > 0 && r.random.Float64() >= r.Chance {
		return false
	}
	r.hits++
	return true
}

// idle returns the rules that have hit nothing.
func (f *faults) idle() []Rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Rule
	for _, r := range f.rules {
		if r.hits == 0 {
			list = append(list, r.Rule)
		}
	}
	return list
}

// wait holds a call up.
func wait(ctx context.Context, c *hook.Call, d time.Duration) error {
	if d == 0 || ctx == nil { // which the operation itself refuses
		return nil
	}
	return fault.Wrap(c.Op, c.Collection, c.ID, clock.System().Pause(ctx, d))
}
