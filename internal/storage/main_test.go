package storage_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
	"github.com/virgadb/virga/internal/trial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The memory engine's own test sits the exam on cursors that share; here it is
// sat on cursors that copy, and the store is held to the contract.
func TestExamStrict(t *testing.T) {
	storagetest.RunStore(t, func(t *testing.T) func() storage.Engine {
		e := kept{memory.Open(memory.Options{})}
		return func() storage.Engine { return storagetest.Strict(t, e) }
	})
}

func TestExamCrashing(t *testing.T) {
	storagetest.Run(t, func(*testing.T) func() storage.Engine {
		e := storagetest.NewCrashing()
		return func() storage.Engine { return e }
	})
}

// kept is a memory engine whose content outlives Close.
type kept struct{ *memory.Engine }

func (kept) Close() error { return nil }

func open(t *testing.T, e storage.Engine, o storage.Options) *storage.Store {
	t.Helper()
	s, err := storage.New(e, o)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func set(k string, v []byte) storage.Write { return storage.Write{Key: []byte(k), Value: v} }

func commit(s *storage.Store, writes ...storage.Write) error {
	_, err := s.Commit(context.Background(), &storage.Request{Writes: writes})
	return err
}

// get returns the value of a key in the newest snapshot, and whether it has one.
func get(t *testing.T, s *storage.Store, k string) ([]byte, bool) {
	t.Helper()
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	e, err := snap.Get([]byte(k))
	must(t, err)
	return e.Value, e.Value != nil
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(trial.Patience); !ok(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: it did not happen", what)
		}
	}
}

// large returns a value that takes that many parts, different for each seed and
// from place to place.
func large(seed, parts int) []byte {
	b := bytes.Repeat([]byte{byte(seed)}, (parts-1)*storage.LargeValue+1000)
	for i := 0; i < len(b); i += 100 {
		binary.BigEndian.PutUint32(b[i:], uint32(i))
	}
	return b
}

// A stall is a plan that holds Apply back while it is closed.
type stall struct {
	enter chan uint64   // receives the version of a batch that arrives
	leave chan struct{} // lets it go on
}

func newStall() *stall { return &stall{make(chan uint64), make(chan struct{})} }

func (s *stall) plan(c storagetest.Call) error {
	if c.Op == storagetest.Apply && !c.After && c.Version > 1 {
		s.enter <- c.Version
		<-s.leave
	}
	return nil
}

// pass lets every batch through until the returned function is called.
func (s *stall) pass() (end func()) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-s.enter:
				s.leave <- struct{}{}
			case <-stop:
				return
			}
		}
	}()
	return func() { close(stop); <-done }
}

type result struct {
	version uint64
	err     error
}

// start commits in the background.
func start(ctx context.Context, s *storage.Store, r *storage.Request) <-chan result {
	c := make(chan result, 1)
	go func() {
		version, err := s.Commit(ctx, r)
		c <- result{version, err}
	}()
	return c
}

// queued starts r and returns once it waits behind n others.
func queued(t *testing.T, ctx context.Context, s *storage.Store, n int, r *storage.Request) <-chan result {
	t.Helper()
	c := start(ctx, s, r)
	eventually(t, fmt.Sprintf("request %d joins the queue", n), func() bool { return s.Stats().Waiting == n+1 })
	return c
}

func request(k string) *storage.Request {
	return &storage.Request{Writes: []storage.Write{set(k, []byte("v"))}, Tag: k}
}
