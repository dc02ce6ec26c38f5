package virga

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/watch"
)

// idsShown returns the ids in the next snapshot of a stream.
func idsShown(t *testing.T, s *watch.Stream) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), trial.Patience)
	defer cancel()
	snap, err := s.Next(ctx)
	if err != nil {
		return err.Error()
	}
	ids := []string{}
	for _, doc := range snap.Docs {
		ids = append(ids, doc.ID().String())
	}
	return fmt.Sprint(ids)
}

func TestWatchUnderRules(t *testing.T) {
	onEngines(t, func(t *testing.T, open func(...Option) *DB) {
		ctx := context.Background()
		db := open()
		c := owned(t, db, "c")
		stream, err := db.As(alice).Collection("c").Where(nil).Watch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		if ids := idsShown(t, stream); ids != `["a"]` {
			t.Errorf("at first: %s", ids)
		}
		for _, doc := range []M{{"_id": "b2", "_openid": "bob"}, {"_id": "a2", "_openid": "alice"}} {
			if _, err := c.Add(ctx, doc); err != nil {
				t.Fatal(err)
			}
		}
		if ids := idsShown(t, stream); ids != `["a" "a2"]` {
			t.Errorf("after both: %s", ids)
		}
		// What a stream shows is allowed still, so it goes on.
		setRules(t, c, "READONLY")
		if _, err := c.Doc("a2").Remove(ctx); err != nil {
			t.Fatal(err)
		}
		if ids := idsShown(t, stream); ids != `["a"]` {
			t.Errorf("under wider rules: %s", ids)
		}
		all, err := db.As(alice).Collection("c").Where(nil).Watch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer all.Close()
		if ids := idsShown(t, all); ids != `["a" "b" "b2" "c"]` {
			t.Errorf("under READONLY: %s", ids)
		}
		setRules(t, c, "PRIVATE")
		_, err = all.Next(ctx)
		var e *Error
		if !errors.Is(err, ErrDenied) || !errors.As(err, &e) || e.Code != "COLLECTION_PERMISSION_DENIED" {
			t.Errorf("a stream that shows what is others': %v", err)
		}
		setRules(t, c, "ADMINONLY")
		var denial *rules.Denial
		if _, err = stream.Next(ctx); !errors.As(err, &denial) {
			t.Errorf("a stream that may show nothing: %v", err)
		}
		_, err = db.As(alice).Collection("c").Where(nil).Watch(ctx)
		if !errors.As(err, &denial) {
			t.Errorf("a new stream: %v", err)
		}
		setRules(t, c, "PRIVATE")
		doc, err := db.As(bob).Collection("c").Doc("a").Watch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer doc.Close()
		if ids := idsShown(t, doc); ids != `[]` {
			t.Errorf("a document of another: %s", ids)
		}
	})
}

// A callback hears of the denial without another write, and nothing that was written
// under the new rules is shown before.
func TestWatchEndsWithTheRules(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := db.Collection("c")
	setRules(t, c, "READONLY")
	ended := make(chan error, 1)
	var secrets atomic.Int64
	stream, err := db.As(alice).Collection("c").Where(nil).Watch(ctx, watch.Options{
		OnChange: func(s watch.Snapshot) {
			for _, doc := range s.Docs {
				if doc.Lookup("secret").Exists() {
					secrets.Add(1)
				}
			}
		},
		OnError: func(err error) { ended <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	setRules(t, c, "ADMINONLY")
	if _, err := c.Add(ctx, M{"secret": true}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, ErrDenied) {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(trial.Patience):
		t.Fatal("the stream goes on")
	}
	if n := secrets.Load(); n != 0 {
		t.Errorf("%d secrets were shown", n)
	}
}

// SetRules beside readers, writers and streams: each of them sees the one or the other.
func TestRulesChangeBesideEverybody(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := owned(t, db, "c")
	rounds := 500 * effort()
	stop := make(chan struct{})
	var work sync.WaitGroup
	again := func(f func(mine *Collection)) {
		work.Go(func() {
			mine := db.As(alice).Collection("c")
			for {
				select {
				case <-stop:
					return
				default:
					f(mine)
				}
			}
		})
	}
	expect := func(what string, n, least, most int, err error) {
		if err != nil && !errors.Is(err, ErrDenied) {
			t.Errorf("%s: %v", what, err)
		}
		if err == nil && (n < least || n > most) {
			t.Errorf("%s: %d", what, n)
		}
	}
	again(func(mine *Collection) {
		docs, err := mine.Where(M{"n": query.Gte(0)}).Get(ctx)
		expect("get", len(docs), 1, 3, err)
		if len(docs) == 2 {
			t.Error("half of a rule")
		}
	})
	again(func(mine *Collection) {
		res, err := mine.Where(M{}).Update(ctx, M{"n": query.Inc(1)})
		expect("update", res.Updated, 1, 1, err)
	})
	again(func(mine *Collection) {
		err := mine.db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
			_, err := tx.Collection("c").Doc("a").Update(ctx, M{"m": query.Inc(1)})
			return err
		})
		if err != nil && !errors.Is(err, ErrDenied) && !errors.Is(err, ErrConflict) {
			t.Errorf("transaction: %v", err)
		}
	})
	again(func(mine *Collection) {
		stream, err := mine.Where(nil).Watch(ctx)
		expect("watch", 1, 1, 1, err)
		if err != nil {
			return
		}
		defer stream.Close()
		snap, err := stream.Next(ctx)
		expect("snapshot", len(snap.Docs), 1, 3, err)
	})
	for i := range rounds {
		setRules(t, c, []string{"PRIVATE", "READONLY", "ADMINONLY"}[i%3])
	}
	close(stop)
	work.Wait()
	for _, id := range []string{"b", "c"} {
		if doc, err := c.Doc(id).Get(ctx); err != nil || doc.Lookup("n").String() != "1" {
			t.Errorf("written by another: %s, %v", doc, err)
		}
	}
}

// A document that leaves the list because it is not the reader's any more leaves as the
// reader has known it. One that the rules still let him read shows what it has become.
func TestWatchKeepsWhatRulesHide(t *testing.T) {
	ctx := context.Background()
	for name, test := range map[string]struct {
		rules   string
		options []Option
		cond    M
	}{
		"asked for":       {`{"read": "doc.public == true || doc._openid == auth.openid"}`, nil, M{"public": true}},
		"strict":          {`{"read": "doc.public == true || doc._openid == auth.openid"}`, []Option{StrictRules()}, M{"public": true}},
		"filtered":        {`{"read": "doc.public == true || doc._openid == auth.openid"}`, []Option{RulesAsFilters()}, M{"n": query.Lt(10)}},
		"by another":      {`{"read": "get('database.gate.' + doc.gate).open == true || doc.public == true"}`, []Option{RulesAsFilters()}, M{"public": true}},
		"in a simple one": {"PRIVATE", nil, M{}},
	} {
		t.Run(name, func(t *testing.T) {
			db := openWith(t, Memory, test.options...)
			c := db.Collection("c")
			mustAdd(t, db.Collection("gate"), M{"_id": "shut", "open": false})
			mustAdd(t, c, M{"_id": "a", "_openid": "alice", "public": true, "n": 1, "gate": "shut"})
			mustAdd(t, c, M{"_id": "b", "_openid": "alice", "public": true, "n": 1, "gate": "shut"})
			setRules(t, c, test.rules)
			stream, err := db.As(alice).Collection("c").Where(test.cond).Watch(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()
			if ids := idsShown(t, stream); ids != `["a" "b"]` {
				t.Fatalf("at first: %s", ids)
			}
			for id, write := range map[string]func(id string) error{
				"a": func(id string) error {
					_, err := c.Doc(id).Update(ctx, M{"_openid": "bob", "public": false, "secret": 1, "gate": query.Remove()})
					return err
				},
				"b": func(id string) error {
					_, err := c.Doc(id).Set(ctx, M{"_openid": "bob", "public": false, "secret": 1})
					return err
				},
			} {
				if err := write(id); err != nil {
					t.Fatal(err)
				}
				snap, err := stream.Next(ctx)
				if err != nil || len(snap.Changes) != 1 {
					t.Fatalf("%+v, %v", snap, err)
				}
				got := snap.Changes[0]
				if got.QueueType != watch.QueueDequeue || got.Doc.Lookup("secret").Exists() || !got.Doc.Lookup("public").Exists() ||
					got.Doc.Lookup("_openid").String() != `"alice"` || got.UpdatedFields != nil || got.RemovedFields != nil {
					t.Errorf("%s: %+v", id, got)
				}
			}
		})
	}
}

func TestWatchShowsOwnThatLeaves(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := db.Collection("c")
	mustAdd(t, c, M{"_id": "a", "_openid": "alice", "done": false})
	stream, err := db.As(alice).Collection("c").Where(M{"done": false}).Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if ids := idsShown(t, stream); ids != `["a"]` {
		t.Fatalf("at first: %s", ids)
	}
	if _, err := c.Doc("a").Update(ctx, M{"done": true}); err != nil {
		t.Fatal(err)
	}
	snap, err := stream.Next(ctx)
	if err != nil || len(snap.Changes) != 1 || snap.Changes[0].UpdatedFields["done"] != true || snap.Changes[0].Doc.Lookup("done").String() != "true" {
		t.Errorf("%+v, %v", snap, err)
	}
}
