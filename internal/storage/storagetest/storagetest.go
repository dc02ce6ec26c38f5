// Package storagetest is the exam that every storage engine sits, by itself and
// under a [storage.Store], with the engines that misbehave on purpose which tests
// of the floors above use too: [Faulty] fails chosen calls, [Crashing] shows what
// a crash leaves.
package storagetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/storage"
)

// An Opener prepares an empty engine for one test. The function it returns opens
// the engine, and opens it again with what it held after it has been closed.
type Opener func(t *testing.T) (open func() storage.Engine)

// Run examines the engines that open prepares.
func Run(t *testing.T, open Opener) {
	t.Run("engine", func(t *testing.T) { runCases(t, open, engineCases) })
	t.Run("store", func(t *testing.T) { RunStore(t, open) })
}

// RunStore examines the store over the engines that open prepares.
func RunStore(t *testing.T, open Opener) { runCases(t, open, storeCases) }

// A testCase is one rule of the contract and its examination.
type testCase struct {
	name string
	rule string // what a failure means
	exam func(t *testing.T, open func() storage.Engine)
}

func runCases(t *testing.T, open Opener, cases []testCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Log("the rule:", c.rule)
				}
			}()
			c.exam(t, open(t))
		})
	}
}

// within fails the test when what does not return soon.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s does not return", what)
	}
}

// eventually fails the test when ok does not become true soon.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(200 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: it did not happen", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pattern returns n bytes that differ from place to place and from seed to seed.
func pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8)*31 ^ byte(i>>16)*17 ^ seed
	}
	return b
}

func key(format string, args ...any) []byte { return fmt.Appendf(nil, format, args...) }

func set(k, v []byte) storage.Write { return storage.Write{Key: k, Value: v} }

func del(k []byte) storage.Write { return storage.Write{Key: k, Delete: true} }

func commit(s *storage.Store, writes ...storage.Write) error {
	_, err := s.Commit(context.Background(), &storage.Request{Writes: writes})
	return err
}
