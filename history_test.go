package virga

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// A history is what transactions that append to lists, and read them, have seen:
// the method of Elle (Kingsbury, Alvaro 2020). Every appended number is used
// once, so a list tells which transactions came before which.
type history struct {
	mu   sync.Mutex
	done []appender // committed transactions
}

// An appender is one committed transaction.
type appender struct {
	reads   map[int][]int64 // by list, what it saw before its own appends
	appends map[int]int64   // by list
}

// Anomalies that an isolation forbids are cycles of dependencies: a transaction
// appends behind another (ww), sees what another appended (wr), or does not see
// what another appended next (rw).
func TestAppendHistories(t *testing.T) {
	seed := newSeed(t)
	for _, isolation := range []txn.Isolation{txn.SnapshotIsolation, txn.Serializable} {
		t.Run(fmt.Sprint(isolation), func(t *testing.T) {
			engines(t, func(t *testing.T, path string) {
				db := openWith(t, path, Fast)
				h := &history{}
				h.run(t, db.Collection("lists"), seed, isolation)
				h.check(t, db.Collection("lists"), isolation)
			})
		})
	}
}

const historyLists = 6

func (h *history) run(t *testing.T, c *Collection, seed uint64, isolation txn.Isolation) {
	ctx := context.Background()
	for list := range historyLists {
		mustAdd(t, c, M{"_id": list, "values": []int{}})
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			rnd := random(seed, uint64(w))
			for i := range 30 * min(effort(), 20) {
				number := int64(w*1_000_000 + i)
				lists := rnd.Perm(historyLists)[:1+rnd.IntN(3)]
				var a appender
				err := c.db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
					a = appender{reads: map[int][]int64{}, appends: map[int]int64{}}
					for at, list := range lists {
						if err := a.step(ctx, tx.Collection(c.name), list, at == 0 || rnd.IntN(2) == 0, number); err != nil {
							return err
						}
					}
					return nil
				}, txn.Options{Isolation: isolation, MaxExecutions: 20})
				if errors.Is(err, ErrConflict) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				h.mu.Lock()
				h.done = append(h.done, a)
				h.mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// step reads a list and perhaps appends to it.
func (a *appender) step(ctx context.Context, c *Collection, list int, write bool, number int64) error {
	doc, err := c.Doc(list).Get(ctx)
	if err != nil {
		return err
	}
	a.reads[list] = numbers(doc)
	if !write {
		return nil
	}
	a.appends[list] = number
	_, err = c.Doc(list).Update(ctx, M{"values": query.Push(number)})
	return err
}

func numbers(doc Doc) []int64 {
	var list []int64
	for e := doc.Lookup("values").Elements(); e.Next(); {
		n, _ := e.Value().Int64()
		list = append(list, n)
	}
	return list
}

// check looks for what the isolation forbids.
func (h *history) check(t *testing.T, c *Collection, isolation txn.Isolation) {
	final := map[int][]int64{}
	for list := range historyLists {
		doc, err := c.Doc(list).Get(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		final[list] = numbers(doc)
	}
	h.checkLists(t, final)
	g := h.graph(final)
	for u := range h.done {
		if g.reaches(u, u, false) {
			t.Errorf("transaction %d depends on itself through writes and reads (G1c)", u)
		}
		for _, v := range g.rw[u] {
			if g.reaches(v, u, false) {
				t.Errorf("transaction %d did not see %d, on which it depends (G-single)", u, v)
			}
		}
		if isolation == txn.Serializable && g.reaches(u, u, true) {
			t.Errorf("transaction %d is in a cycle (G2)", u)
		}
	}
	t.Logf("%d transactions committed", len(h.done))
}

// checkLists makes sure that every append is in its list once and that every read
// is the beginning of one.
func (h *history) checkLists(t *testing.T, final map[int][]int64) {
	count := 0
	for u, a := range h.done {
		for list, number := range a.appends {
			count++
			if slices.Index(final[list], number) != len(a.reads[list]) {
				t.Errorf("transaction %d: %d is not where it was appended in %v", u, number, final[list])
			}
		}
		for list, seen := range a.reads {
			if len(seen) > len(final[list]) || !slices.Equal(seen, final[list][:len(seen)]) {
				t.Errorf("transaction %d read %v of %v", u, seen, final[list])
			}
		}
	}
	for _, list := range final {
		count -= len(list)
	}
	if count != 0 {
		t.Errorf("%d appends are missing", count)
	}
}

// A dependencyGraph has the edges between transactions, by their places in the
// history.
type dependencyGraph struct {
	forward map[int][]int // ww and wr
	rw      map[int][]int
}

func (h *history) graph(final map[int][]int64) dependencyGraph {
	g := dependencyGraph{forward: map[int][]int{}, rw: map[int][]int{}}
	writer := map[int]map[int64]int{}
	for list := range final {
		writer[list] = map[int64]int{}
	}
	for u, a := range h.done {
		for list, number := range a.appends {
			writer[list][number] = u
		}
	}
	for u, a := range h.done {
		for list, seen := range a.reads {
			if n := len(seen); n > 0 {
				g.forward[writer[list][seen[n-1]]] = append(g.forward[writer[list][seen[n-1]]], u)
			}
			next := len(seen)
			if _, own := a.appends[list]; own {
				next++
			}
			if next < len(final[list]) {
				v := writer[list][final[list][next]]
				if _, own := a.appends[list]; own {
					g.forward[u] = append(g.forward[u], v)
				} else {
					g.rw[u] = append(g.rw[u], v)
				}
			}
		}
	}
	return g
}

// reaches reports whether a path of at least one edge leads from u to v.
func (g dependencyGraph) reaches(u, v int, withRW bool) bool {
	seen := map[int]bool{}
	stack := []int{u}
	for first := true; len(stack) > 0; first = false {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if at == v && !first {
			return true
		}
		if seen[at] {
			continue
		}
		seen[at] = true
		stack = append(stack, g.forward[at]...)
		if withRW {
			stack = append(stack, g.rw[at]...)
		}
	}
	return false
}
