package virga

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/watch"
)

func mustWatch(t *testing.T, q *Query, options ...watch.Options) *watch.Stream {
	t.Helper()
	stream, err := q.Watch(ctx(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stream.Close)
	return stream
}

func TestWatchRefuses(t *testing.T) {
	db := openTest(t)
	c := db.Collection("c")
	tx, err := db.StartTransaction(ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(nil)
	ended, cancel := context.WithCancel(ctx())
	cancel()
	for _, x := range []struct {
		name  string
		watch func() (*watch.Stream, error)
		want  error
	}{
		{"skip", func() (*watch.Stream, error) { return c.Where(nil).Skip(1).Watch(ctx()) }, ErrInvalid},
		{"field", func() (*watch.Stream, error) { return c.Where(nil).Field(M{"a": 1}).Watch(ctx()) }, ErrInvalid},
		{"limit", func() (*watch.Stream, error) { return c.Where(nil).Limit(201).Watch(ctx()) }, ErrInvalid},
		{"filter", func() (*watch.Stream, error) { return c.Where(M{"a": M{"$fly": 1}}).Watch(ctx()) }, ErrInvalid},
		{"name", func() (*watch.Stream, error) { return db.Collection("a$b").Where(nil).Watch(ctx()) }, ErrInvalid},
		{"options twice", func() (*watch.Stream, error) {
			return c.Where(nil).Watch(ctx(), watch.Options{}, watch.Options{})
		}, ErrInvalid},
		{"transaction", func() (*watch.Stream, error) { return tx.Collection("c").Where(nil).Watch(ctx()) }, ErrInvalid},
		{"document of a transaction", func() (*watch.Stream, error) { return tx.Collection("c").Doc(1).Watch(ctx()) }, ErrInvalid},
		{"document's field", func() (*watch.Stream, error) { return c.Doc(1).Field(M{"a": 1}).Watch(ctx()) }, ErrInvalid},
		{"document's id", func() (*watch.Stream, error) { return c.Doc("").Watch(ctx()) }, ErrInvalid},
		//lint:ignore SA1012 a nil context is what is tested
		{"no context", func() (*watch.Stream, error) { return c.Where(nil).Watch(nil) }, ErrInvalid},
		{"ended context", func() (*watch.Stream, error) { return c.Where(nil).Watch(ended) }, context.Canceled},
		{"hint", func() (*watch.Stream, error) { return c.Where(nil).Hint("none").Watch(ctx()) }, nil},
	} {
		stream, err := x.watch()
		where := (*Error)(nil)
		if !errors.Is(err, x.want) || (x.want != nil) != (errors.As(err, &where) && where.Op == "watch") {
			t.Errorf("%s: got %v", x.name, err)
		}
		if stream != nil {
			stream.Close()
		}
	}
}

func TestWatchErrorsSayWhere(t *testing.T) {
	c := openTest(t).Collection("c")
	stream, err := c.Doc("x").Watch(ctx())
	if err != nil {
		t.Fatal(err)
	}
	stream.Close()
	_, err = stream.Next(ctx())
	where := (*Error)(nil)
	if !errors.Is(err, ErrClosed) || !errors.As(err, &where) || where.Op != "watch" || where.Collection != "c" || where.ID != `"x"` {
		t.Errorf("got %v", err)
	}
}

func TestWatchDocument(t *testing.T) {
	db := openTest(t)
	c := db.Collection("c")
	stream, err := c.Doc(7).Watch(ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if snap := mustNext(t, stream); len(snap.Docs) != 0 || snap.Type != watch.TypeInit {
		t.Errorf("at first %+v", snap)
	}
	setting(7, M{"a": 1})(t, db, c)
	setting(8, M{"a": 1})(t, db, c)
	updating(7.0, M{"a": 2})(t, db, c)
	removing(7)(t, db, c)
	for _, want := range []string{"enqueue/add 7; [7]", `update/update 7 {"a":2}; [7]`, "dequeue/remove 7; []"} {
		if got := told(mustNext(t, stream)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestWatchDropped: a stream outlives its collection.
func TestWatchDropped(t *testing.T) {
	db := openTest(t)
	c := db.Collection("c")
	adding(M{"_id": 1})(t, db, c)
	stream := mustWatch(t, c.Where(nil))
	mustNext(t, stream)
	if err := db.DropCollection(ctx(), "c"); err != nil {
		t.Fatal(err)
	}
	if snap := mustNext(t, stream); told(snap) != "dequeue/remove 1; []" || !snap.Merged {
		t.Errorf("got %s", told(snap))
	}
	adding(M{"_id": 2})(t, db, c)
	if snap := mustNext(t, stream); told(snap) != "enqueue/add 2; [2]" || snap.Merged {
		t.Errorf("got %s", told(snap))
	}
}

// TestWatchClose closes a database with streams in every state.
func TestWatchClose(t *testing.T) {
	db, err := Open(Memory)
	if err != nil {
		t.Fatal(err)
	}
	c := db.Collection("c")
	adding(M{"_id": 1})(t, db, c)
	var group sync.WaitGroup
	var ends atomic.Int64
	ended := func(err error) {
		ends.Add(1)
		if !errors.Is(err, ErrClosed) {
			t.Errorf("ended with %v", err)
		}
	}
	for range 10 {
		unread := mustWatch(t, c.Where(nil))
		read := mustWatch(t, c.Where(nil).Limit(1))
		group.Go(func() {
			for _, err := range read.All(ctx()) {
				if err != nil {
					ended(err)
				}
			}
			<-unread.Done()
		})
		mustWatch(t, c.Where(nil), watch.Options{OnChange: func(snap watch.Snapshot) { time.Sleep(time.Millisecond) }, OnError: ended})
	}
	stop := make(chan struct{})
	group.Go(func() {
		for i := 0; ; i++ {
			if _, err := c.Doc(i%5).Set(ctx(), M{"i": i}); err != nil {
				ended(err)
				close(stop)
				return
			}
		}
	})
	time.Sleep(10 * time.Millisecond)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if n := ends.Load(); n < 10 {
		t.Errorf("%d callbacks have heard of the end when Close returns, of 10", n)
	}
	<-stop
	group.Wait()
	if n := ends.Load(); n != 21 {
		t.Errorf("%d ends", n)
	}
	if _, err := c.Where(nil).Watch(ctx()); !errors.Is(err, ErrClosed) {
		t.Errorf("watch of a closed database: %v", err)
	}
	if err := db.Settle(ctx()); !errors.Is(err, ErrClosed) {
		t.Errorf("settling a closed database: %v", err)
	}
}

// TestWatchTransactions moves money between accounts beside streams: no list ever
// shows a transfer by halves, under a limit or not.
func TestWatchTransactions(t *testing.T) {
	const accounts, each = 12, 100
	for _, where := range []string{Memory, "disk"} {
		t.Run(where, func(t *testing.T) {
			path := where
			if path != Memory {
				path = t.TempDir()
			}
			db := openWith(t, path, Fast)
			c := db.Collection("accounts")
			for i := range accounts {
				adding(M{"_id": i, "sum": each, "kind": "account"})(t, db, c)
			}
			var snapshots atomic.Int64
			whole := func(snap watch.Snapshot) {
				total := int64(0)
				for _, d := range snap.Docs {
					n, _ := d.Lookup("sum").Int64()
					total += n
				}
				if total != accounts*each {
					t.Errorf("version %d has %d accounts with %d", snap.Version, len(snap.Docs), total)
				}
				snapshots.Add(1)
			}
			for _, q := range []*Query{c.Where(M{"kind": "account"}), c.Where(nil).OrderBy("sum", Desc).Limit(accounts + 5)} {
				mustWatch(t, q, watch.Options{OnChange: whole})
				mustWatch(t, q, watch.Options{OnChange: whole, Backlog: 3})
			}
			var writers sync.WaitGroup
			for n := range 3 {
				writers.Go(func() {
					rnd := random(newSeed(t), uint64(n))
					for range 40 * effort() {
						from, to := rnd.IntN(accounts), rnd.IntN(accounts)
						if from == to {
							continue
						}
						err := db.RunTransaction(ctx(), func(ctx context.Context, tx *Tx) error {
							a := tx.Collection("accounts")
							_, err1 := a.Doc(from).Update(ctx, M{"sum": query.Inc(-1)})
							_, err2 := a.Doc(to).Update(ctx, M{"sum": query.Inc(1)})
							return errors.Join(err1, err2)
						})
						if err != nil && !errors.Is(err, ErrConflict) {
							t.Error(err)
						}
					}
				})
			}
			writers.Wait()
			if err := db.Settle(ctx()); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d snapshots", snapshots.Load())
		})
	}
}

// TestWatchElsewhere: streams on other rooms hear nothing.
func TestWatchElsewhere(t *testing.T) {
	db := openTest(t)
	c := db.Collection("messages")
	var calls atomic.Int64
	for i := range 100 {
		mustWatch(t, c.Where(M{"roomId": fmt.Sprint("room", i), "type": "text"}).OrderBy("at", Desc).Limit(5),
			watch.Options{OnChange: func(watch.Snapshot) { calls.Add(1) }})
	}
	for i := range 100 {
		adding(M{"roomId": "room7", "type": "text", "at": i})(t, db, c)
	}
	if err := db.Settle(ctx()); err != nil {
		t.Fatal(err)
	}
	if n := calls.Load(); n != 100+100 {
		t.Errorf("%d calls, want a first for each stream and one for each message", n)
	}
}
