package memory_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"

	"go.uber.org/goleak"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kept is an engine whose content outlives Close, so that it can be opened again.
type kept struct{ *memory.Engine }

func (kept) Close() error { return nil }

func TestExam(t *testing.T) {
	storagetest.Run(t, func(*testing.T) func() storage.Engine {
		e := kept{memory.Open(memory.Options{})}
		return func() storage.Engine { return e }
	})
}

func TestFork(t *testing.T) {
	a := memory.Open(memory.Options{})
	for i := range 1000 {
		apply(t, a, fmt.Sprint("k", i), "a")
	}
	b := a.Fork()
	apply(t, a, "k1", "only a")
	apply(t, b, "k1", "only b")
	apply(t, b, "new", "only b")
	for e, want := range map[*memory.Engine][2]string{a: {"only a", ""}, b: {"only b", "only b"}} {
		v := e.View()
		k1, _ := v.Get([]byte("k1"))
		fresh, _ := v.Get([]byte("new"))
		if string(k1.Value) != want[0] || string(fresh.Value) != want[1] {
			t.Errorf("got %q and %q, want %q", k1.Value, fresh.Value, want)
		}
	}
	if a.Version() != 1001 || b.Version() != 1002 {
		t.Errorf("versions %d and %d", a.Version(), b.Version())
	}
}

func apply(t *testing.T, e *memory.Engine, key, value string) {
	t.Helper()
	if err := e.Apply(e.Version()+1, []storage.Write{{Key: []byte(key), Value: []byte(value)}}, false); err != nil {
		t.Fatal(err)
	}
}

func TestMaxBytes(t *testing.T) {
	e := memory.Open(memory.Options{MaxBytes: 10_000})
	write := []storage.Write{{Key: []byte("k"), Value: make([]byte, 6000)}, {Key: []byte("l"), Value: make([]byte, 6000)}}
	if err := e.Apply(1, write, false); !errors.Is(err, fault.ErrFull) {
		t.Fatalf("over the bound: %v", err)
	}
	if e.Version() != 0 || e.Usage().Memory != 0 {
		t.Errorf("a refused batch left version %d and %d bytes", e.Version(), e.Usage().Memory)
	}
	if err := e.Apply(1, write[:1], false); err != nil {
		t.Errorf("within the bound: %v", err)
	}
}

// Opening a store over an empty engine is what every test of a user pays first.
func TestOpenIsCheap(t *testing.T) {
	bytes := uint64(math.MaxUint64)
	for range 20 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, err := storage.New(memory.Open(memory.Options{}), storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		bytes = min(bytes, after.TotalAlloc-before.TotalAlloc)
		s.Close()
	}
	t.Logf("open: %d bytes", bytes)
	if bytes > 100_000 {
		t.Errorf("opening takes %d bytes", bytes)
	}
}
