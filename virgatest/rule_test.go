package virgatest_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/virgatest"
	"github.com/virgadb/virga/watch"
)

// coded checks that err is what a rule makes: the code, and the reason behind it.
func coded(t testing.TB, err error, code string, reason error) {
	t.Helper()
	var e *virga.Error
	if !errors.As(err, &e) || e.Code != code || !errors.Is(err, virgatest.ErrInjected) || reason != nil && !errors.Is(err, reason) {
		t.Errorf("%v is no %s", err, code)
	}
}

func TestFail(t *testing.T) {
	db := virgatest.New(t)
	a, b := db.Collection("a"), db.Collection("b")
	third := db.Inject(virgatest.Rule{Op: "add", Collection: "a", Nth: 3, Fault: virgatest.Fail("EXCEED_REQUEST_LIMIT")})
	for i := range 5 {
		if _, err := b.Add(ctx, virga.M{"i": i}); err != nil {
			t.Error(err)
		}
		_, err := a.Add(ctx, virga.M{"_id": i})
		if i != 2 && err != nil {
			t.Error(err)
		}
		if i == 2 {
			coded(t, err, "EXCEED_REQUEST_LIMIT", nil)
			var e *virga.Error
			if errors.As(err, &e); e.Op != "add" || e.Collection != "a" || e.Number != -501003 {
				t.Errorf("%+v", e)
			}
		}
	}
	if n, err := a.Where(nil).Count(ctx); n != 4 || err != nil {
		t.Errorf("%d were added, %v", n, err)
	}
	if third.Hits() != 1 {
		t.Errorf("%d hits", third.Hits())
	}
	if text := said(db.Calls()); !strings.Contains(text, "exceed request limit: injected by the test (by a rule of the test)") {
		t.Errorf("%s", text)
	}
}

func TestLoseReply(t *testing.T) {
	db := virgatest.New(t)
	stock := db.Collection("stock").Doc("tea")
	if _, err := stock.Set(ctx, virga.M{"n": 5}); err != nil {
		t.Fatal(err)
	}
	db.Inject(virgatest.Rule{Op: "update", Nth: 1, Fault: virgatest.LoseReply()})
	res, err := stock.Update(ctx, virga.M{"n": query.Inc(-1)})
	coded(t, err, "SERVER_TIMEOUT", virga.ErrTimeout)
	if res != (virga.UpdateResult{}) {
		t.Errorf("the result tells: %+v", res)
	}
	if doc, err := stock.Get(ctx); err != nil || doc.Lookup("n").String() != "4" {
		t.Errorf("%v, %v", doc, err)
	}
	db.Inject(virgatest.Rule{Op: "add", Fault: virgatest.LoseReply()})
	if _, err := db.Collection("stock").Add(ctx, virga.M{"_id": "tea"}); !errors.Is(err, virga.ErrDuplicate) {
		t.Errorf("one that fails by itself: %v", err)
	}
}

// TestLostCommit is the case that programs get wrong most: the order is placed, and the
// buyer is told that it is not.
func TestLostCommit(t *testing.T) {
	db := virgatest.New(t)
	db.Inject(virgatest.Rule{Op: "commit", Nth: 1, Fault: virgatest.LoseReply()})
	runs := 0
	err := db.RunTransaction(ctx, func(ctx context.Context, tx *virga.Tx) error {
		runs++
		_, err := tx.Collection("orders").Add(ctx, virga.M{"_id": "o"})
		return err
	})
	coded(t, err, "SERVER_TIMEOUT", virga.ErrTimeout)
	if _, err := db.Collection("orders").Doc("o").Get(ctx); err != nil || runs != 1 {
		t.Errorf("%d runs, %v", runs, err)
	}
}

func TestConflict(t *testing.T) {
	for _, op := range []string{"commit", "update"} {
		db := virgatest.New(t)
		if _, err := db.Collection("a").Doc("x").Set(ctx, virga.M{"n": 0}); err != nil {
			t.Fatal(err)
		}
		program := func() (runs int, err error) {
			err = db.RunTransaction(ctx, func(ctx context.Context, tx *virga.Tx) error {
				runs++
				if _, err := tx.Collection("b").Add(ctx, virga.M{}); err != nil {
					return err
				}
				_, err := tx.Collection("a").Doc("x").Update(ctx, virga.M{"n": query.Inc(1)})
				return err
			})
			return runs, err
		}
		once := db.Inject(virgatest.Rule{Op: op, Nth: 1, Fault: virgatest.Conflict()})
		if runs, err := program(); runs != 2 || err != nil {
			t.Errorf("%s: one conflict: %d runs, %v", op, runs, err)
		}
		once.Remove()
		always := db.Inject(virgatest.Rule{Op: op, Fault: virgatest.Conflict()})
		runs, err := program()
		coded(t, err, "DATABASE_TRANSACTION_CONFLICT", virga.ErrConflict)
		if runs != 3 || always.Hits() != 3 {
			t.Errorf("%s: conflicts without end: %d runs, %d hits", op, runs, always.Hits())
		}
		always.Remove()
		doc, err := db.Collection("a").Doc("x").Get(ctx)
		if n, _ := db.Collection("b").Where(nil).Count(ctx); err != nil || doc.Lookup("n").String() != "1" || n != 1 {
			t.Errorf("%s: %v, %v, %d in b", op, doc, err, n)
		}
	}
}

// TestFailureEndsTransaction swallows the error of a write in a transaction: nothing of
// it may be committed. One of a read leaves it as it is.
func TestFailureEndsTransaction(t *testing.T) {
	db := virgatest.New(t)
	run := func() error {
		return db.RunTransaction(ctx, func(ctx context.Context, tx *virga.Tx) error {
			if _, err := tx.Collection("a").Add(ctx, virga.M{}); err != nil {
				return err
			}
			_, err := tx.Collection("a").Where(nil).Count(ctx)
			_, err2 := tx.Collection("b").Add(ctx, virga.M{})
			if err == nil && err2 == nil {
				t.Error("no rule has hit")
			}
			return nil
		})
	}
	write := db.Inject(virgatest.Rule{Op: "add", Collection: "b", Fault: virgatest.Fail("SYS_ERR")})
	coded(t, run(), "SYS_ERR", nil)
	if n, err := db.Collection("a").Where(nil).Count(ctx); n != 0 || err != nil {
		t.Errorf("%d in a, %v", n, err)
	}
	write.Remove()
	db.Inject(virgatest.Rule{Op: "count", Nth: 1, Fault: virgatest.Fail("SYS_ERR")})
	if err := run(); err != nil {
		t.Error(err)
	}
	if n, err := db.Collection("b").Where(nil).Count(ctx); n != 1 || err != nil {
		t.Errorf("%d in b, %v", n, err)
	}
}

func TestDrop(t *testing.T) {
	db := virgatest.New(t)
	c := db.Collection("messages")
	db.Inject(virgatest.Rule{Op: "snapshot", Collection: "messages", Nth: 3, Fault: virgatest.Drop()})
	stream, err := c.Where(nil).Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if snap, err := stream.Next(ctx); err != nil || len(snap.Docs) != i {
			t.Fatalf("%d: %v, %v", i, snap, err)
		}
		if _, err := c.Add(ctx, virga.M{"i": i}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		_, err = stream.Next(ctx)
		coded(t, err, "CONN_ERROR", nil)
	}
	again, err := c.Where(nil).Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if snap, err := again.Next(ctx); err != nil || len(snap.Docs) != 2 {
		t.Errorf("%v, %v", snap, err)
	}
	if err := db.Settle(ctx); err != nil {
		t.Error(err)
	}
}

func TestDropCallsOnError(t *testing.T) {
	db := virgatest.New(t)
	db.Inject(virgatest.Rule{Op: "snapshot", Nth: 2, Fault: virgatest.Drop()})
	snapshots, failures := 0, make(chan error, 2)
	stream, err := db.Collection("a").Where(nil).Watch(ctx, watch.Options{
		OnChange: func(watch.Snapshot) { snapshots++ },
		OnError:  func(err error) { failures <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := db.Collection("a").Add(ctx, virga.M{}); err != nil {
			t.Fatal(err)
		}
		if err := db.Settle(ctx); err != nil {
			t.Fatal(err)
		}
	}
	<-stream.Done()
	coded(t, <-failures, "CONN_ERROR", nil)
	if len(failures) != 0 || snapshots != 1 {
		t.Errorf("%d more failures, %d snapshots", len(failures), snapshots)
	}
}

func TestDelay(t *testing.T) {
	db := virgatest.New(t)
	slow := db.Inject(virgatest.Rule{Op: "add", Delay: time.Hour})
	short, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
	defer cancel()
	if _, err := db.Collection("a").Add(short, virga.M{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if n, err := db.Collection("a").Where(nil).Count(ctx); n != 0 || err != nil {
		t.Errorf("%d, %v: it happened all the same", n, err)
	}
	var none context.Context
	if _, err := db.Collection("a").Add(none, virga.M{}); !errors.Is(err, virga.ErrInvalid) {
		t.Errorf("without a context: %v", err)
	}
	slow.Remove()
	db.Inject(virgatest.Rule{Op: "add", Delay: time.Microsecond})
	if _, err := db.Collection("a").Add(ctx, virga.M{}); err != nil {
		t.Error(err)
	}
}

func TestChanceFollowsFromTheSeed(t *testing.T) {
	run := func(seed uint64) (hit string) {
		db := virgatest.New(t, virgatest.Random(seed))
		db.Inject(virgatest.Rule{Op: "add", Chance: 0.3, Fault: virgatest.Fail("EXCEED_RATELIMIT")})
		for range 100 {
			if _, err := db.Collection("a").Add(ctx, virga.M{}); err != nil {
				hit += "x"
			} else {
				hit += "."
			}
		}
		return hit
	}
	one, again, other := run(1), run(1), run(2)
	if one != again || one == other {
		t.Errorf("\n%s\n%s\n%s", one, again, other)
	}
	if n := strings.Count(one, "x"); n < 15 || n > 45 {
		t.Errorf("%d of 100 at a chance of 0.3", n)
	}
}

// TestFaultsLeaveTheDatabaseTrue moves amounts between accounts while any operation may
// fail, wait, meet a conflict or lose its reply. Whatever the writers hear, nothing is
// lost, and the check at the end of the test finds nothing.
func TestFaultsLeaveTheDatabaseTrue(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	const accounts = 10
	db := virgatest.New(t, virgatest.Random(seed))
	fill(t, db.DB, accounts)
	for i := range accounts {
		if _, err := db.Collection("a").Doc(i).Set(ctx, virga.M{"n": 1000 * (i + 1), "city": "Oslo"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []virgatest.Fault{virgatest.Conflict(), virgatest.LoseReply(), virgatest.Fail("DATABASE_TIMEOUT"), virgatest.Fail("SYS_ERR")} {
		for _, op := range []string{"get", "update", "commit", "transaction", "add", "remove"} {
			db.Inject(virgatest.Rule{Op: op, Chance: 0.03, Fault: f})
		}
	}
	db.Inject(virgatest.Rule{Op: "commit", Chance: 0.05, Delay: 100 * time.Microsecond})
	var running sync.WaitGroup
	heard := make([]int, 4) // errors that writers got
	for w := range heard {
		running.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(w)))
			for range 200 * trial.Effort() {
				err := move(db, r.IntN(accounts), r.IntN(accounts), r.IntN(10))
				if err != nil && !errors.Is(err, virgatest.ErrInjected) && !errors.Is(err, virga.ErrDuplicate) {
					t.Error(err)
				}
				if err != nil {
					heard[w]++
				}
				if id, err := db.Collection("b").Add(ctx, virga.M{"w": w}); err == nil {
					db.Collection("b").Doc(id).Remove(ctx)
				}
			}
		})
	}
	running.Wait()
	if err := total(db, 1000*accounts*(accounts+1)/2); err != nil {
		t.Error(err)
	}
	for w, n := range heard {
		if n == 0 {
			t.Errorf("writer %d got no error", w)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, x := range []struct {
		nth, times int
		want       string
	}{{0, 0, "xxxxxx"}, {1, 0, "x....."}, {3, 0, "..x..."}, {2, 3, ".xxx.."}, {0, 2, "xx...."}, {9, 0, "......"}} {
		db := virgatest.New(t)
		db.Inject(virgatest.Rule{Op: "get", Nth: x.nth, Times: x.times, Fault: virgatest.Fail("SYS_ERR")})
		got := ""
		for range 6 {
			if _, err := db.Collection("a").Doc("x").Get(ctx); errors.Is(err, virgatest.ErrInjected) {
				got += "x"
			} else {
				got += "."
			}
		}
		if got != x.want {
			t.Errorf("nth %d, times %d: %s, want %s", x.nth, x.times, got, x.want)
		}
	}
}

func TestRulesAreRefused(t *testing.T) {
	for _, x := range []struct {
		rule virgatest.Rule
		want string
	}{
		{virgatest.Rule{}, "no fault and no delay"},
		{virgatest.Rule{Op: "fetch", Fault: virgatest.Conflict()}, `no operation "fetch"`},
		{virgatest.Rule{Fault: virgatest.Fail("OOPS")}, `no error "OOPS"`},
		{virgatest.Rule{Fault: virgatest.Fail("")}, `no error ""`},
		{virgatest.Rule{Nth: -1, Fault: virgatest.Conflict()}, "nth -1"},
		{virgatest.Rule{Chance: 1.5, Fault: virgatest.Conflict()}, "chance 1.5"},
		{virgatest.Rule{Delay: -1}, "delay -1ns"},
		{virgatest.Rule{Op: "find", Fault: virgatest.Drop()}, "Drop goes with"},
		{virgatest.Rule{Op: "snapshot", Fault: virgatest.LoseReply()}, "no reply to lose"},
	} {
		tr := try(t, func(t testing.TB) { virgatest.New(t).Inject(x.rule); t.Log("not refused") })
		if text := tr.text.String(); !strings.Contains(text, x.want) || strings.Contains(text, "not refused") {
			t.Errorf("%+v: %s", x.rule, text)
		}
	}
	tr := try(t, func(t testing.TB) { virgatest.New(t).Inject(virgatest.Rule{Op: "get", Fault: virgatest.Conflict()}) })
	if text := tr.text.String(); tr.Failed() || !strings.Contains(text, "no call came under the rule") {
		t.Errorf("a rule that hits nothing: %s", text)
	}
}
