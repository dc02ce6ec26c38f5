package virga

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/virgadb/virga/internal/trial"
)

// childVar names what a test binary that was started by a test has to do instead
// of testing.
const childVar = "VIRGA_TEST_CHILD"

func TestMain(m *testing.M) {
	switch task := os.Getenv(childVar); task {
	case "":
		goleak.VerifyTestMain(m)
	case "damage":
		os.Exit(m.Run()) // Badger leaves goroutines behind when it refuses a folder
	default:
		os.Exit(child(task))
	}
}

// child does one task in a process of its own and returns the exit code.
func child(task string) int {
	var err error
	switch task {
	case "crash":
		err = crashChild()
	case "out":
		err = outKillChild()
	case "transactions":
		err = transactionsChild()
	case "hold":
		err = holdChild()
	default:
		err = fmt.Errorf("unknown task %q", task)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	return 0
}

// openTest opens a database, in memory unless a path is given. Whatever the test
// has done to it, it is sound at the end.
func openTest(t testing.TB, path ...string) *DB {
	t.Helper()
	where := Memory
	if len(path) > 0 {
		where = path[0]
	}
	return openWith(t, where)
}

// openWith is openTest with options.
func openWith(t testing.TB, path string, options ...Option) *DB {
	t.Helper()
	db, err := Open(path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mustCheck(t, db)
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// mustCheck reports every problem of db.
func mustCheck(t testing.TB, db *DB) {
	t.Helper()
	report, err := db.Check(context.Background())
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		t.Errorf("check: %v", err)
	}
}

// effort is how much random tests are to do: 1 is about a second a test.
func effort() int { return trial.Effort() }

// newSeed returns a seed that no run had before, or the one VIRGA_SEED asks for.
func newSeed(testing.TB) uint64 { return trial.Seed() }

// random returns the n-th source of random numbers of a seed.
func random(seed, n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }

// within fails the test when f hangs.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(trial.Patience):
		t.Fatalf("%s is not done after %v", what, trial.Patience)
	}
}
