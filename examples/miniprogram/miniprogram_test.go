package miniprogram

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/virgatest"
)

// At the end of the run, Main says which indexes the queries ask for.
func TestMain(m *testing.M) { virgatest.Main(m) }

// seeded is filled once. Every test has a copy of its own.
var seeded = virgatest.NewTemplate(nil, virgatest.Seed(os.DirFS("testdata/seed")))

var ctx = context.Background()

// stock returns how much of a product is left.
func stock(t *testing.T, db *virgatest.DB, product string) int64 {
	t.Helper()
	doc, err := db.Collection("products").Doc(product).Get(ctx)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := doc.Lookup("stock").Int64()
	return n
}

func TestBuy(t *testing.T) {
	for _, x := range []struct {
		product string
		count   int
		total   int
		err     error
	}{
		{"tea", 1, 120, nil}, {"tea", 5, 600, nil}, {"tea", 6, 0, ErrSoldOut},
		{"pot", 1, 300, nil}, {"pot", 2, 0, ErrSoldOut},
		{"cup", 100, 4000, nil}, {"cup", 101, 0, ErrSoldOut},
		{"jar", 1, 0, virga.ErrNotFound},
	} {
		t.Run(fmt.Sprint(x.count, x.product), func(t *testing.T) {
			t.Parallel()
			db := seeded.Fork(t)
			order, err := NewShop(db.DB).Buy(ctx, "r1", "carol", x.product, x.count)
			if !errors.Is(err, x.err) || order.Total != x.total {
				t.Fatalf("%+v, %v", order, err)
			}
			if x.err == nil && !order.At.Equal(db.Clock.Now()) {
				t.Errorf("ordered at %v, which is %v", order.At, db.Clock.Now())
			}
			if placed, err := NewShop(db.DB).Orders(ctx, "carol", 10); err != nil || len(placed) != min(x.total, 1) {
				t.Errorf("placed: %v, %v", placed, err)
			}
		})
	}
}

// TestBuyUnderFaults lets every step of an order fail in every way. Whatever the buyer is
// told, stock and orders agree, and who is told that it has worked has an order.
func TestBuyUnderFaults(t *testing.T) {
	for _, op := range []string{"transaction", "get", "update", "add", "commit"} {
		for name, fault := range map[string]virgatest.Fault{
			"conflict": virgatest.Conflict(),
			"lost":     virgatest.LoseReply(),
			"timeout":  virgatest.Fail("DATABASE_TIMEOUT"),
			"limit":    virgatest.Fail("EXCEED_REQUEST_LIMIT"),
		} {
			t.Run(op+"/"+name, func(t *testing.T) {
				t.Parallel()
				db := seeded.Fork(t)
				db.Inject(virgatest.Rule{Op: op, Nth: 1, Fault: fault})
				_, err := NewShop(db.DB).Buy(ctx, "r1", "carol", "tea", 2)
				placed, broken := NewShop(db.DB).Orders(ctx, "carol", 10)
				if broken != nil {
					t.Fatal(broken)
				}
				if left := stock(t, db, "tea"); int(left)+2*len(placed) != 5 {
					t.Errorf("%d left and %d orders", left, len(placed))
				}
				if err == nil && len(placed) != 1 {
					t.Error("an order that was confirmed is not there")
				}
				if name != "limit" && op+name != "transactionconflict" && err != nil {
					t.Errorf("one more attempt would have done it: %v", err)
				}
			})
		}
	}
}

func TestTheLastPotIsSoldOnce(t *testing.T) {
	t.Parallel()
	db := seeded.Fork(t)
	shop := NewShop(db.DB)
	sold := make(chan error)
	const buyers = 4
	for i := range buyers {
		go func() {
			_, err := shop.Buy(ctx, fmt.Sprint("r", i), fmt.Sprint("buyer", i), "pot", 1)
			sold <- err
		}()
	}
	n := 0
	for range buyers {
		switch err := <-sold; {
		case err == nil:
			n++
		case !errors.Is(err, ErrSoldOut) && !errors.Is(err, virga.ErrConflict):
			t.Error(err)
		}
	}
	if left := stock(t, db, "pot"); n != 1 || left != 0 {
		t.Errorf("sold %d times, %d left", n, left)
	}
}

func TestOrdersComeNewestFirst(t *testing.T) {
	t.Parallel()
	db := seeded.Fork(t)
	shop := NewShop(db.DB)
	db.Clock.Advance(time.Hour)
	if _, err := shop.Buy(ctx, "o9", "alice", "pot", 1); err != nil {
		t.Fatal(err)
	}
	for most, want := range []string{1: "o9", 2: "o9 o2", 3: "o9 o2 o1", 4: "o9 o2 o1"} {
		if most == 0 {
			continue
		}
		orders, err := shop.Orders(ctx, "alice", most)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, o := range orders {
			ids = append(ids, o.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("the last %d: %s, want %s", most, got, want)
		}
	}
	for _, call := range db.Calls() {
		if call.Op == "find" && !strings.Contains(call.Plan, "index buyer_-at") {
			t.Errorf("without the index: %v", call)
		}
	}
}

func TestRecent(t *testing.T) {
	for room, want := range map[string]string{"tea": "Is there any pu’er left?|Five.", "cups": "Anyone here?", "empty": ""} {
		for most := 1; most <= 3; most++ {
			t.Run(fmt.Sprint(room, most), func(t *testing.T) {
				t.Parallel()
				list, err := NewChat(seeded.Fork(t).DB).Recent(ctx, room, most)
				if err != nil {
					t.Fatal(err)
				}
				all := strings.Split(want, "|")
				all = all[max(0, len(all)-most):]
				if got := texts(list); got != strings.Join(all, "|") {
					t.Errorf("%s", got)
				}
			})
		}
	}
}

func texts(list []Message) string {
	var all []string
	for _, m := range list {
		all = append(all, m.Text)
	}
	return strings.Join(all, "|")
}

// TestListen hears everything once, in order, whenever the connection is lost.
func TestListen(t *testing.T) {
	for lost := range 4 {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			t.Parallel()
			db := seeded.Fork(t)
			if lost > 0 {
				db.Inject(virgatest.Rule{Op: "snapshot", Nth: lost, Fault: virgatest.Drop()})
			}
			chat := NewChat(db.DB)
			listening, stop := context.WithCancel(ctx)
			heard := make(chan []Message)
			done := make(chan error)
			go func() {
				done <- chat.Listen(listening, "tea", func(fresh []Message) error { heard <- fresh; return nil })
			}()
			all := <-heard
			for _, text := range []string{"Two, please.", "Done.", "Thanks!"} {
				db.Clock.Advance(time.Second)
				for _, room := range []string{"cups", "tea"} {
					if err := chat.Say(ctx, room, "carol", text); err != nil {
						t.Fatal(err)
					}
				}
				all = append(all, <-heard...)
			}
			stop()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if got := texts(all); got != "Is there any pu’er left?|Five.|Two, please.|Done.|Thanks!" {
				t.Errorf("heard %s", got)
			}
		})
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	db := seeded.Fork(t)
	for _, text := range []string{"", " ", "\n"} {
		if err := NewChat(db.DB).Say(ctx, "tea", "alice", text); err == nil {
			t.Errorf("%q is said", text)
		}
	}
	if calls := db.Calls(); len(calls) != 0 {
		t.Errorf("asked of the database: %v", calls)
	}
}

func TestDrafts(t *testing.T) {
	type step = func(db *virga.DB, id virga.ID) error
	change := func(who string) step {
		return func(db *virga.DB, id virga.ID) error { return NewDrafts(db, who).Change(ctx, id, "changed") }
	}
	publish := func(who string) step {
		return func(db *virga.DB, id virga.ID) error { return NewDrafts(db, who).Publish(ctx, id) }
	}
	for name, x := range map[string]struct {
		steps []step
		err   error  // of the last step
		alice string // what she reads then
		bob   error
	}{
		"written":              {nil, nil, "first", ErrNotYours},
		"changed":              {[]step{change("alice")}, nil, "changed", ErrNotYours},
		"changed by another":   {[]step{change("bob")}, ErrNotYours, "first", ErrNotYours},
		"published":            {[]step{publish("alice")}, nil, "first", nil},
		"published by another": {[]step{publish("bob")}, ErrNotYours, "first", ErrNotYours},
		"changed too late":     {[]step{publish("alice"), change("alice")}, ErrNotYours, "first", nil},
		"published twice":      {[]step{publish("alice"), publish("alice")}, ErrNotYours, "first", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := seeded.Fork(t)
			alice, bob := NewDrafts(db.DB, "alice"), NewDrafts(db.DB, "bob")
			id, err := alice.Write(ctx, "first")
			if err != nil {
				t.Fatal(err)
			}
			for i, step := range x.steps {
				if err := step(db.DB, id); i == len(x.steps)-1 && !errors.Is(err, x.err) || i < len(x.steps)-1 && err != nil {
					t.Errorf("step %d: %v", i, err)
				}
			}
			if text, err := alice.Read(ctx, id); text != x.alice || err != nil {
				t.Errorf("alice reads %q, %v", text, err)
			}
			if _, err := bob.Read(ctx, id); !errors.Is(err, x.bob) {
				t.Errorf("bob reads: %v", err)
			}
		})
	}
}

// TestIndexes holds the indexes of the seed against what the program asks for.
func TestIndexes(t *testing.T) {
	db := seeded.Fork(t)
	shop, chat := NewShop(db.DB), NewChat(db.DB)
	if _, err := shop.Orders(ctx, "alice", 10); err != nil {
		t.Fatal(err)
	}
	if _, err := chat.Recent(ctx, "tea", 10); err != nil {
		t.Fatal(err)
	}
	report := db.Report()
	if i := slices.IndexFunc(report.Indexes, func(n virgatest.Need) bool { return !n.Exists }); i >= 0 || len(report.Unused) > 0 {
		t.Errorf("%v", report)
	}
}
