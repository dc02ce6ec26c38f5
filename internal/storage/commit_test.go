package storage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
	"github.com/virgadb/virga/internal/trial"
)

// A journal notes what happens in which order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

// hooks note every group by the tags of its members.
func (j *journal) hooks() storage.Hooks {
	tags := func(g *storage.Group) (tags []any) {
		for _, r := range g.Requests {
			tags = append(tags, r.Tag)
		}
		return tags
	}
	return storage.Hooks{
		Fold:      func(g *storage.Group) error { j.note("fold %d %v", g.Version, tags(g)); return nil },
		Published: func(g *storage.Group) { j.note("published %d %v", g.Version, tags(g)) },
	}
}

// stalled returns a store whose first request hangs in the engine, so that those
// that follow queue up.
func stalled(t *testing.T, j *journal) (s *storage.Store, hold *stall, first <-chan result) {
	t.Helper()
	hold = newStall()
	s = open(t, storagetest.Faulty(memory.Open(memory.Options{}), func(c storagetest.Call) error {
		err := hold.plan(c)
		if c.Op == storagetest.Apply && c.After && c.Version > 1 {
			j.note("applied %d", c.Version)
		}
		return err
	}), storage.Options{})
	s.Start(j.hooks(), "meta")
	first = start(context.Background(), s, request("first"))
	<-hold.enter
	return s, hold, first
}

func TestGroupsFormWhileAnotherIsWritten(t *testing.T) {
	j := &journal{}
	s, hold, first := stalled(t, j)
	ctx := context.Background()
	refusal := errors.New("refused")
	refuse := request("refused")
	refuse.Check = func(newest *storage.Snapshot) error {
		e, err := newest.Get([]byte("first"))
		j.note("check at %d sees first %v, meta %v, %v", newest.Version(), e.Value != nil, newest.Meta(), err)
		return refusal
	}
	alone := request("alone")
	alone.Alone = true
	a := queued(t, ctx, s, 0, request("a"))
	r := queued(t, ctx, s, 1, refuse)
	b := queued(t, ctx, s, 2, request("b"))
	o := queued(t, ctx, s, 3, alone)
	c := queued(t, ctx, s, 4, request("c"))
	end := func() func() { hold.leave <- struct{}{}; return hold.pass() }()
	defer end()

	for _, want := range []struct {
		got     <-chan result
		version uint64
		err     error
	}{{first, 2, nil}, {a, 3, nil}, {b, 3, nil}, {r, 0, refusal}, {o, 4, nil}, {c, 5, nil}} {
		if got := <-want.got; got.version != want.version || got.err != want.err {
			t.Errorf("got %+v, want version %d, %v", got, want.version, want.err)
		}
	}
	want := `fold 2 [first]
applied 2
published 2 [first]
check at 2 sees first true, meta meta, <nil>
fold 3 [a b]
applied 3
published 3 [a b]
fold 4 [alone]
applied 4
published 4 [alone]
fold 5 [c]
applied 5
published 5 [c]`
	if j.text() != want {
		t.Errorf("got\n%s\nwant\n%s", j.text(), want)
	}
	if _, ok := get(t, s, "refused"); ok {
		t.Error("a refused request was written")
	}
}

func TestACommitIsPublishedBeforeAnyoneHearsOfIt(t *testing.T) {
	s := open(t, memory.Open(memory.Options{}), storage.Options{})
	var told atomic.Uint64
	s.Start(storage.Hooks{Published: func(g *storage.Group) {
		if _, ok := get(t, s, fmt.Sprint(g.Version)); !ok {
			t.Errorf("the hook does not find commit %d", g.Version)
		}
		time.Sleep(time.Millisecond)
		told.Store(g.Version)
	}}, nil)
	for v := uint64(2); v < 10; v++ {
		must(t, commit(s, set(fmt.Sprint(v), nil)))
		if told.Load() != v {
			t.Errorf("commit %d returns while the hook is at %d", v, told.Load())
		}
	}
}

func TestContextCountsUntilARequestJoinsAGroup(t *testing.T) {
	j := &journal{}
	s, hold, first := stalled(t, j)
	ended, cancel := context.WithCancel(context.Background())
	if _, err := s.Commit(func() context.Context { c, f := context.WithCancel(ended); f(); return c }(), request("never")); err != context.Canceled {
		t.Errorf("with an ended context: %v", err)
	}
	waits := queued(t, ended, s, 0, request("waits"))
	stays := queued(t, context.Background(), s, 1, request("stays"))
	cancel()
	if got := <-waits; got.err != context.Canceled {
		t.Errorf("a waiting request got %+v", got)
	}
	joined, cancelJoined := context.WithCancel(context.Background())
	late := queued(t, joined, s, 1, request("late"))
	hold.leave <- struct{}{}
	<-hold.enter // the group of "stays" and "late" is being written
	cancelJoined()
	hold.leave <- struct{}{}
	for name, got := range map[string]result{"first": <-first, "stays": <-stays, "late": <-late} {
		if got.err != nil {
			t.Errorf("%s: %v", name, got.err)
		}
	}
	for k, want := range map[string]bool{"first": true, "stays": true, "late": true, "waits": false, "never": false} {
		if _, ok := get(t, s, k); ok != want {
			t.Errorf("%s is there: %v", k, ok)
		}
	}
}

// A request that was told to lead may find its context ended at the same moment;
// the seat must not be lost.
func TestContextEndsInTheLeadersSeat(t *testing.T) {
	s := open(t, memory.Open(memory.Options{}), storage.Options{})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for n := range 300 * trial.Effort() {
				ctx, cancel := context.WithCancel(context.Background())
				got := start(ctx, s, request(fmt.Sprint(w, "-", n)))
				cancel()
				r := <-got
				if _, ok := get(t, s, fmt.Sprint(w, "-", n)); ok != (r.err == nil) {
					t.Errorf("commit returned %v and its write is there: %v", r.err, ok)
				}
			}
		})
	}
	wg.Wait()
	must(t, commit(s, set("k", nil)))
}

func TestGroupsAreBounded(t *testing.T) {
	j := &journal{}
	s, hold, first := stalled(t, j)
	var got []<-chan result
	for i := range 300 {
		got = append(got, queued(t, context.Background(), s, i, request("small")))
	}
	for i := range 3 {
		r := &storage.Request{Tag: "big"}
		for p := range 4 {
			r.Writes = append(r.Writes, set(fmt.Sprint("big", i, p), make([]byte, storage.LargeValue/2)))
		}
		got = append(got, queued(t, context.Background(), s, 300+i, r))
	}
	hold.leave <- struct{}{}
	end := hold.pass()
	defer end()
	sizes := map[uint64]int{}
	for _, c := range append(got, first) {
		r := <-c
		must(t, r.err)
		sizes[r.version]++
	}
	if want := map[uint64]int{2: 1, 3: 256, 4: 45, 5: 1, 6: 1}; !equalMaps(sizes, want) {
		t.Errorf("groups %v, want %v", sizes, want)
	}
}

func equalMaps(a, b map[uint64]int) bool {
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return len(a) == len(b)
}

func TestFoldErrorFailsTheGroupOnly(t *testing.T) {
	s := open(t, memory.Open(memory.Options{}), storage.Options{})
	bad := errors.New("bad fold")
	var broken bool
	s.Start(storage.Hooks{Fold: func(g *storage.Group) error {
		if broken {
			return bad
		}
		return nil
	}}, nil)
	must(t, commit(s, set("a", nil)))
	broken = true
	if err := commit(s, set("b", nil)); err != bad {
		t.Errorf("got %v", err)
	}
	broken = false
	must(t, commit(s, set("c", nil)))
	if _, ok := get(t, s, "b"); ok {
		t.Error("the failed group was written")
	}
}

func TestFoldedWritesAreHeldToTheBatch(t *testing.T) {
	s := open(t, memory.Open(memory.Options{}), storage.Options{})
	var extra []storage.Write
	s.Start(storage.Hooks{Fold: func(g *storage.Group) error { g.Extra = extra; return nil }}, nil)
	for want, writes := range map[error][]storage.Write{
		fault.ErrInvalid:  {set("\x00mine", nil)},
		fault.ErrTooLarge: {set("k", make([]byte, storage.LargeValue+1))},
		nil:               {set("k", []byte{0xc1, 1, 2})},
	} {
		extra = writes
		if err := commit(s, set("a", nil)); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if v, _ := get(t, s, "k"); !slices.Equal(v, []byte{0xc1, 1, 2}) {
		t.Errorf("got %x", v)
	}
}

func TestPanicInTheSeatLeavesNobodyWaiting(t *testing.T) {
	j := &journal{}
	s, hold, first := stalled(t, j)
	bomb := request("bomb")
	bomb.Check = func(*storage.Snapshot) error { panic("boom") }
	blown := make(chan any, 1)
	go func() {
		defer func() { blown <- recover() }()
		s.Commit(context.Background(), bomb)
	}()
	eventually(t, "the bomb waits", func() bool { return s.Stats().Waiting == 1 })
	beside := queued(t, context.Background(), s, 1, request("beside"))
	hold.leave <- struct{}{}
	if got := <-blown; got != "boom" {
		t.Errorf("recovered %v", got)
	}
	must(t, (<-first).err)
	if got := <-beside; !errors.Is(got.err, fault.ErrReadOnly) {
		t.Errorf("a member beside the panic got %+v", got)
	}
	if err := commit(s, set("later", nil)); !errors.Is(err, fault.ErrReadOnly) {
		t.Errorf("later: %v", err)
	}
	must(t, s.Close())
}

func TestCloseFailsThoseWhoWait(t *testing.T) {
	j := &journal{}
	s, hold, first := stalled(t, j)
	a := queued(t, context.Background(), s, 0, request("a"))
	b := queued(t, context.Background(), s, 1, request("b"))
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	for _, c := range []<-chan result{a, b} {
		if got := <-c; !errors.Is(got.err, fault.ErrClosed) {
			t.Errorf("a waiting request got %+v", got)
		}
	}
	hold.leave <- struct{}{}
	if got := <-first; got.err != nil || got.version != 2 {
		t.Errorf("the request under way got %+v", got)
	}
	must(t, <-closed)
}
