package virgatest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
	"github.com/virgadb/virga/virgatest"
)

func TestNewIsClosedAtTheEnd(t *testing.T) {
	var db *virgatest.DB
	tr := try(t, func(t testing.TB) {
		db = virgatest.New(t)
		if _, err := db.Collection("a").Add(ctx, virga.M{"n": 1}); err != nil {
			t.Error(err)
		}
	})
	if tr.Failed() {
		t.Error(tr.text.String())
	}
	if _, err := db.Collection("a").Add(ctx, virga.M{"n": 2}); !errors.Is(err, virga.ErrClosed) {
		t.Errorf("after the end of the test: %v", err)
	}
}

func TestNewMayBeClosedByTheTest(t *testing.T) {
	tr := try(t, func(t testing.TB) {
		if err := virgatest.New(t).Close(); err != nil {
			t.Error(err)
		}
	})
	if tr.Failed() {
		t.Error(tr.text.String())
	}
}

func TestNewRefusesBadOptions(t *testing.T) {
	tr := try(t, func(t testing.TB) {
		virgatest.New(t, nil, virgatest.With(virga.WithMemory(-1)))
		t.Error("not refused")
	})
	if text := tr.text.String(); !strings.Contains(text, "memory limit") || strings.Contains(text, "not refused") {
		t.Errorf("%q", text)
	}
}

func TestParallel(t *testing.T) {
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			db := virgatest.New(t)
			for range 20 {
				if _, err := db.Collection("a").Add(ctx, virga.M{"i": i}); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := db.Collection("a").Where(virga.M{"i": i}).Count(ctx); n != 20 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
}

// TestRepeats runs one program twice: the same seed gives the same ids, samples and
// random numbers, another seed gives others.
func TestRepeats(t *testing.T) {
	run := func(options ...virgatest.Option) string {
		db := virgatest.New(t, options...)
		c := db.Collection("a")
		var said strings.Builder
		for i := range 50 {
			id, err := c.Add(ctx, virga.M{"n": i})
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&said, id)
		}
		rows, err := c.Aggregate().Sample(10).Project(virga.M{"n": 1, "r": virga.M{"$rand": virga.M{}}}).All(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			text, _ := row.MarshalJSON()
			fmt.Fprintln(&said, string(text))
		}
		return said.String()
	}
	first, second, other := run(), run(), run(virgatest.Random(2))
	if first != second {
		t.Errorf("not the same:\n%s\n%s", first, second)
	}
	if first == other {
		t.Error("another seed gives the same")
	}
}

func TestClock(t *testing.T) {
	start := time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC)
	db := virgatest.New(t, virgatest.At(start))
	c := db.Collection("a")
	stamp := func(want time.Time) {
		t.Helper()
		id, err := c.Add(ctx, virga.M{"at": query.ServerDate(0)})
		if err != nil {
			t.Fatal(err)
		}
		doc, err := c.Doc(id).Get(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if at, _ := doc.Lookup("at").Time(); !at.Equal(want) || !db.Clock.Now().Equal(want) {
			t.Errorf("stamped %v at %v, want %v", at, db.Clock.Now(), want)
		}
		if prefix := fmt.Sprintf("%08x", want.Unix()); !strings.HasPrefix(strings.Trim(id.String(), `"`), prefix) {
			t.Errorf("id %s at %s", id, prefix)
		}
	}
	stamp(start)
	db.Clock.Advance(90 * time.Second)
	stamp(start.Add(90 * time.Second))
	db.Clock.Set(start.Add(-time.Hour))
	stamp(start.Add(-time.Hour))
	n, err := c.Where(virga.M{"at": query.Lt(query.ServerDate(time.Minute))}).Count(ctx)
	if n != 1 || err != nil {
		t.Errorf("%d before the time in a minute, %v", n, err)
	}
}

func TestClockEndsTransactions(t *testing.T) {
	db := virgatest.New(t)
	tx, err := db.StartTransaction(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Collection("a").Add(ctx, virga.M{"_id": "x"}); err != nil {
		t.Fatal(err)
	}
	db.Clock.Advance(29 * time.Second)
	if _, err := tx.Collection("a").Doc("x").Get(ctx); err != nil {
		t.Fatal(err)
	}
	db.Clock.Advance(time.Second)
	if err := tx.Commit(ctx); !errors.Is(err, virga.ErrTxnExpired) {
		t.Errorf("after 30 seconds: %v", err)
	}
	if _, err := db.Collection("a").Doc("x").Get(ctx); !errors.Is(err, virga.ErrNotFound) {
		t.Errorf("it happened: %v", err)
	}
}

func TestClockEndsWaits(t *testing.T) {
	db := virgatest.New(t)
	tx, err := db.StartTransaction(ctx, txn.Options{Timeout: 1 << 62})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(nil)
	if _, err := tx.Collection("a").Doc("x").Set(ctx, virga.M{"n": 1}); err != nil {
		t.Fatal(err)
	}
	waited := make(chan error)
	go func() {
		_, err := db.Collection("a").Doc("x").Set(ctx, virga.M{"n": 2})
		waited <- err
	}()
	for {
		select {
		case err := <-waited:
			if !errors.Is(err, virga.ErrTimeout) {
				t.Errorf("after ten seconds: %v", err)
			}
			return
		default:
			db.Clock.Advance(time.Second) // the writer may not have begun to wait
			runtime.Gosched()
		}
	}
}

// TestConflictsRunAgain holds a transaction that meets a conflict to its promise to
// run again although the clock stands still.
func TestConflictsRunAgain(t *testing.T) {
	db := virgatest.New(t)
	counter := db.Collection("a").Doc("x")
	if _, err := counter.Set(ctx, virga.M{"n": 0}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	const writers = 8
	for range writers {
		go func() {
			done <- db.RunTransaction(ctx, func(ctx context.Context, tx *virga.Tx) error {
				doc, err := tx.Collection("a").Doc("x").Get(ctx)
				if err != nil {
					return err
				}
				n, _ := doc.Lookup("n").Int64()
				_, err = tx.Collection("a").Doc("x").Update(ctx, virga.M{"n": n + 1})
				return err
			})
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if doc, err := counter.Get(ctx); err != nil || doc.Lookup("n").String() != fmt.Sprint(writers) {
		t.Errorf("%v, %v", doc.Lookup("n"), err)
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		tr := &attempt{TB: b}
		virgatest.New(tr)
		tr.finish()
	}
}
