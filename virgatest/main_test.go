package virgatest_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

// An attempt stands in for the testing.T of a test that may fail.
type attempt struct {
	testing.TB
	mu       sync.Mutex // guards all below
	cleanups []func()
	failed   bool
	text     strings.Builder
}

// try runs f as a test of its own and returns what became of it.
func try(t testing.TB, f func(t testing.TB)) *attempt {
	t.Helper()
	tr := &attempt{TB: t}
	done := make(chan struct{})
	go func() { // Fatal ends the goroutine
		defer close(done)
		defer tr.finish()
		f(tr)
	}()
	<-done
	return tr
}

func (t *attempt) finish() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}

func (t *attempt) note(failed bool, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = t.failed || failed
	t.text.WriteString(text + "\n")
}

func (t *attempt) Helper()                           {}
func (t *attempt) Name() string                      { return "trial" }
func (t *attempt) Failed() bool                      { t.mu.Lock(); defer t.mu.Unlock(); return t.failed }
func (t *attempt) Cleanup(f func())                  { t.cleanups = append(t.cleanups, f) }
func (t *attempt) Log(args ...any)                   { t.note(false, fmt.Sprint(args...)) }
func (t *attempt) Logf(format string, args ...any)   { t.note(false, fmt.Sprintf(format, args...)) }
func (t *attempt) Error(args ...any)                 { t.note(true, fmt.Sprint(args...)) }
func (t *attempt) Errorf(format string, args ...any) { t.note(true, fmt.Sprintf(format, args...)) }
func (t *attempt) Fatalf(format string, args ...any) {
	t.note(true, fmt.Sprintf(format, args...))
	runtime.Goexit()
}
