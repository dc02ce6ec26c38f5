package virga

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/hook"
	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
)

// A hasty clock is a millisecond ahead each time it is asked.
type hasty struct{ *clock.Manual }

func (h hasty) Now() time.Time {
	h.Advance(time.Millisecond)
	return h.Manual.Now()
}

// TestOneInstant: what one call says of the server's time speaks of one instant.
func TestOneInstant(t *testing.T) {
	start := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	tick := clock.NewManual(start, 1)
	coll := openWith(t, Memory, Hooked(hook.Hooks{Clock: hasty{tick}})).Collection("c")
	now := M{"at": query.ServerDate(0)}
	if _, err := coll.AddMany(ctx(), []any{now, now, D{{"_id", "later"}, {"at", query.ServerDate(time.Second)}}}); err != nil {
		t.Fatal(err)
	}
	docs, err := coll.Where(nil).OrderBy("at", Asc).Get(ctx())
	if err != nil || len(docs) != 3 {
		t.Fatal(docs, err)
	}
	var at [3]int64
	for i, doc := range docs {
		at[i], _ = doc.Lookup("at").Millis()
	}
	if at[1] != at[0] || at[2] != at[0]+1000 {
		t.Errorf("documents added together have the times %v", at)
	}

	same, err := coll.Where(M{"_id": "later", "at": query.Gt(query.ServerDate(0))}).UpdateAndReturn(ctx(), D{{"at", query.ServerDate(0)}, {"until", query.ServerDate(0)}})
	if err != nil || same.Doc.Lookup("at").String() != same.Doc.Lookup("until").String() {
		t.Errorf("two dates of an update: %v, %v", same.Doc, err)
	}
}

// TestUpdateAndReturnAtAnInstant: a document whose time comes while it is looked for
// does not keep the call looking.
func TestUpdateAndReturnAtAnInstant(t *testing.T) {
	start := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	tick := clock.NewManual(start, 1)
	coll := openWith(t, Memory, Hooked(hook.Hooks{Clock: hasty{tick}})).Collection("c")
	for early := range 16 {
		due := tick.Now().Add(time.Duration(early) * time.Millisecond)
		if _, err := coll.Doc("a").Set(ctx(), M{"due": due}); err != nil {
			t.Fatal(err)
		}
		soon, cancel := context.WithTimeout(ctx(), trial.Patience)
		_, err := coll.Where(M{"due": query.Lte(query.ServerDate(0))}).UpdateAndReturn(soon, M{"done": true})
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("due %d ms on: the call looks for the document for ever", early)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestWatchAtAnInstant: a stream is held against the rules of the moment when it was
// opened, however often they are asked.
func TestWatchAtAnInstant(t *testing.T) {
	start := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	db := openWith(t, Memory, RulesAsFilters(), Hooked(hook.Hooks{Clock: hasty{clock.NewManual(start, 1)}}))
	coll := db.Collection("c")
	mustAdd(t, coll, M{"_id": "a", "until": start.Add(time.Hour).UnixMilli()})
	setRules(t, coll, `{"read": "doc.until > now"}`)
	stream, err := db.As(alice).Collection("c").Where(M{}).Watch(ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if ids := idsShown(t, stream); ids != `["a"]` {
		t.Errorf("at first: %s", ids)
	}
	mustAdd(t, coll, M{"_id": "b", "until": start.Add(time.Hour).UnixMilli()})
	if ids := idsShown(t, stream); ids != `["a" "b"]` {
		t.Errorf("then: %s", ids)
	}
	// The rules are asked anew, and say the same.
	setRules(t, coll, `{"read": "doc.until > now", "write": false}`)
	if _, err := coll.Doc("a").Remove(ctx()); err != nil {
		t.Fatal(err)
	}
	if ids := idsShown(t, stream); ids != `["b"]` {
		t.Errorf("under rules that allow as much: %s", ids)
	}
}
