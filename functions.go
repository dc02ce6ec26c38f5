package virga

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/rules"
)

// A Function is code of the program's that identities may call, see [DB.Function].
// Data is what the caller passes, as it is. It is safe for concurrent use.
type Function func(ctx context.Context, data any) (any, error)

// functions are the functions that are registered.
type functions struct {
	mu     sync.RWMutex // guards byName
	byName map[string]Function
}

// Function registers code under a name, for every handle of the database; in place of
// what had the name before, and nil takes the name away. It does what it does with
// the handle it was written with, as a rule the program's own, so that a caller can
// do by it what the rules deny. [Caller] tells it who calls.
func (db *DB) Function(name string, f Function) error {
	return fault.Wrap("function", "", "", db.register(name, f))
}

func (db *DB) register(name string, f Function) error {
	if err := db.administers(); err != nil {
		return err
	}
	if name == "" {
		return fmt.Errorf("a function needs a name: %w", fault.ErrInvalid)
	}
	db.functions.mu.Lock()
	defer db.functions.mu.Unlock()
	if db.functions.byName == nil {
		db.functions.byName = make(map[string]Function)
	}
	if f == nil {
		delete(db.functions.byName, name)
		return nil
	}
	db.functions.byName[name] = f
	return nil
}

// callerKey is the key of a context under which a function runs.
type callerKey struct{}

// Caller returns the identity that calls the function which ctx was handed to. It
// reports false when the program itself calls.
func Caller(ctx context.Context) (rules.Auth, bool) {
	auth, ok := ctx.Value(callerKey{}).(rules.Auth)
	return auth, ok
}

// Call runs the function registered under name and returns what it returns, errors
// as they are. A name without a function is [ErrNotFound]; a panic of the function is
// contained, logged with its stack, and returned as [ErrPanic]. Functions that call
// others with their ctx call for the same identity.
func (db *DB) Call(ctx context.Context, name string, data any) (any, error) {
	var out any
	err := db.observed("call", name, "", nil).run(ctx, func() (err error) {
		out, err = db.call(ctx, name, data)
		return err
	})
	return out, err
}

func (db *DB) call(ctx context.Context, name string, data any) (any, error) {
	f, err := db.function(ctx, name)
	if err != nil {
		return nil, fault.Wrap("call", "", "", fmt.Errorf("function %q: %w", name, err))
	}
	if db.who != nil {
		ctx = context.WithValue(ctx, callerKey{}, db.who.auth)
	}
	return db.contain(ctx, name, f, data)
}

func (db *DB) function(ctx context.Context, name string) (Function, error) {
	if err := usable(ctx); err != nil {
		return nil, err
	}
	if db.who != nil && db.who.err != nil {
		return nil, db.who.err
	}
	db.functions.mu.RLock()
	defer db.functions.mu.RUnlock()
	f := db.functions.byName[name]
	if f == nil {
		return nil, fault.ErrNoFunction
	}
	return f, nil
}

// contain runs f and turns a panic into an error.
func (db *DB) contain(ctx context.Context, name string, f Function, data any) (out any, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			db.log.Error("function panicked", "function", name, "reason", reason, "stack", string(debug.Stack()))
			out, err = nil, fault.Wrap("call", "", "", fmt.Errorf("function %q: %v: %w", name, reason, fault.ErrPanic))
		}
	}()
	return f(ctx, data)
}
