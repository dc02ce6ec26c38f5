package clock

import (
	"context"
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

func TestManualClones(t *testing.T) {
	m := NewManual(time.Unix(100, 0), 7)
	m.Uint64()
	m.AfterFunc(time.Second, func() {})
	c := m.Clone()
	if !c.Now().Equal(m.Now()) || c.Uint64() != m.Uint64() {
		t.Error("the clone shows another time or draws other numbers")
	}
	c.AfterFunc(time.Second, func() { t.Error("the original ran a timer of the clone") })
	c.Uint64()
	m.Advance(time.Hour)
	if c.Now().Unix() != 100 || c.Uint64() == m.Uint64() {
		t.Error("the clone follows the original")
	}
}

func TestManualIsSet(t *testing.T) {
	m := NewManual(time.Unix(100, 0), 1)
	ran := 0
	m.AfterFunc(10*time.Second, func() { ran++ })
	m.Set(time.Unix(50, 0))
	m.Set(time.Unix(109, 0))
	if ran != 0 || m.Now().Unix() != 109 {
		t.Errorf("ran %d at %v", ran, m.Now())
	}
	m.Set(time.Unix(110, 0))
	if ran != 1 {
		t.Errorf("ran %d at %v", ran, m.Now())
	}
}

func TestPause(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]Clock{"system": System(), "manual": NewManual(time.Unix(0, 0), 1)} {
		if err := c.Pause(context.Background(), time.Microsecond); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.Pause(ended, time.Hour); err != context.Canceled {
			t.Errorf("%s: under a context that has ended: %v", name, err)
		}
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

func TestIDsClone(t *testing.T) {
	c := NewManual(time.Unix(9, 0), 3)
	ids := NewIDs(c)
	ids.Next()
	clone := ids.Clone(c.Clone())
	if a, b := ids.Next(), clone.Next(); a != b {
		t.Errorf("the clone goes on with %q, not %q", b, a)
	}
	ids.Next()
	c.Advance(time.Hour)
	if a, b := ids.Next(), clone.Next(); a <= b || b[:8] != "00000009" {
		t.Errorf("the clone follows the original: %q and %q", a, b)
	}
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
