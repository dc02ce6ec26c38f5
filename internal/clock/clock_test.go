package clock

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestManualRunsTimersInOrder(t *testing.T) {
	start := time.Date(2024, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	c := NewManual(start, 1)
	if now := c.Now(); !now.Equal(start) || now.Location() != time.UTC {
		t.Errorf("now is %v", now)
	}
	var ran []string
	note := func(name string) func() {
		return func() { ran = append(ran, name+" "+c.Now().Sub(start).String()) }
	}
	c.AfterFunc(3*time.Second, note("c"))
	c.AfterFunc(time.Second, func() {
		note("a")()
		c.AfterFunc(time.Second, note("b"))
	})
	stopped := c.AfterFunc(2*time.Second, note("stopped"))
	if !stopped.Stop() || stopped.Stop() {
		t.Error("a timer is stopped once")
	}
	c.Advance(2500 * time.Millisecond)
	if want := []string{"a 1s", "b 2s"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v", ran, want)
	}
	c.Advance(time.Hour)
	if len(ran) != 3 || ran[2] != "c 3s" || c.Now().Sub(start) != time.Hour+2500*time.Millisecond {
		t.Errorf("ran %v, now %v", ran, c.Now())
	}
}

func TestManualRepeatsItsNumbers(t *testing.T) {
	a, b, other := NewManual(time.Unix(0, 0), 7), NewManual(time.Unix(0, 0), 7), NewManual(time.Unix(0, 0), 8)
	same := 0
	for range 100 {
		x, y, z := a.Uint64(), b.Uint64(), other.Uint64()
		if x != y {
			t.Fatal("equal seeds differ")
		}
		if x == z {
			same++
		}
	}
	if same > 1 {
		t.Error("different seeds give the same numbers")
	}
}

func TestIDsAscendAndDiffer(t *testing.T) {
	ids := NewIDs(System())
	var mu sync.Mutex
	seen := map[string]bool{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			last := ""
			for range 1000 {
				id := ids.Next()
				if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" || id <= last {
					t.Errorf("id %q behind %q", id, last)
				}
				last = id
				mu.Lock()
				if seen[id] {
					t.Errorf("id %q twice", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

func TestIDsHoldTheTime(t *testing.T) {
	c := NewManual(time.Unix(0x5f5e1001, 0), 3)
	ids := NewIDs(c)
	if id := ids.Next(); !strings.HasPrefix(id, "5f5e1001") {
		t.Errorf("id %q", id)
	}
	if a, b := NewIDs(NewManual(time.Unix(9, 0), 3)).Next(), NewIDs(NewManual(time.Unix(9, 0), 3)).Next(); a != b {
		t.Errorf("the same clock gives %q and %q", a, b)
	}
}
