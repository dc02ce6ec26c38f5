package virga

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// Odd but possible ids are ids like others: found again, unique, kept.
func TestOddIDs(t *testing.T) {
	c := openTest(t).Collection("shop")
	for _, v := range []any{math.NaN(), math.Inf(1), math.Copysign(0, -1), int64(math.MinInt64), 1e300, true, time.UnixMilli(1), []byte{0, 1}, M{"a": M{}},
		" ", "\x00", "a/b", strings.Repeat("é", 1000)} {
		id, err := c.Add(ctx(), M{"_id": v, "n": 1})
		if err != nil {
			t.Errorf("%v: %v", v, err)
			continue
		}
		if doc, err := c.Doc(id).Get(ctx()); err != nil || doc.ID() != id {
			t.Errorf("%v by its ID: %v, %v", v, doc, err)
		}
		if n, err := c.Where(M{"_id": query.Eq(v)}).Count(ctx()); err != nil || n != 1 {
			t.Errorf("%v by conditions: %d, %v", v, n, err)
		}
		if _, err := c.Add(ctx(), M{"_id": v}); !errors.Is(err, ErrDuplicate) {
			t.Errorf("%v again: %v", v, err)
		}
		if res, err := c.Doc(id).Update(ctx(), M{"n": query.Inc(1)}); err != nil || res.Updated != 1 {
			t.Errorf("%v: %+v, %v", v, res, err)
		}
	}
	for _, v := range []any{nil, "", (*string)(nil)} {
		if id, err := c.Add(ctx(), M{"_id": v}); err != nil || len(fmt.Sprint(id.Any())) != 32 {
			t.Errorf("%v is given the _id %v, %v", v, id, err)
		}
	}
	_, err := c.Add(ctx(), M{"_id": strings.Repeat("x", 1<<20)})
	if e := (*Error)(nil); !errors.Is(err, ErrTooLarge) || !errors.As(err, &e) || e.Path != "_id" || len(err.Error()) > 300 {
		t.Errorf("an _id of 1 MiB: %.400v", err)
	}
}

func TestBadQueries(t *testing.T) {
	c := teaShop(t)
	q := c.Where(M{})
	get := func(q *Query) error { _, err := q.Get(ctx()); return err }
	for _, r := range []struct {
		err error
		refusal
	}{
		{get(q.OrderBy("a", 0)), refusal{"no direction", nil, ErrInvalid, "", "direction 0"}},
		{get(q.OrderBy("", Asc)), refusal{"order by nothing", nil, ErrInvalid, "", "sort: path"}},
		{get(q.OrderBy("$a", Asc)), refusal{"order by a dollar", nil, ErrInvalid, "$a", "dollar"}},
		{get(q.OrderBy("a..b", Asc)), refusal{"order by an empty segment", nil, ErrInvalid, "a..b", "empty segment"}},
		{get(q.Skip(-1)), refusal{"skip", nil, ErrInvalid, "", "skip of -1"}},
		{get(q.Limit(math.MinInt)), refusal{"limit", nil, ErrInvalid, "", "limit of -"}},
		{get(q.Skip(-1).Limit(-2)), refusal{"the first of two", nil, ErrInvalid, "", "skip of -1"}},
		{get(q.Hint("nothing")), refusal{"hint", nil, ErrNotFound, "", "nothing"}},
		{get(c.Where(nil).Hint("a\x00b")), refusal{"odd hint", nil, ErrNotFound, "", ""}},
	} {
		mustRefuse(t, r.name, r.err, r.refusal)
	}
	for path, at := range map[string]string{"": "", "a..b": "a..b", ".": ".", "$a": "$a", "\xff": "\xff", "a\x00": "a\x00"} {
		_, err := q.Distinct(ctx(), path)
		mustRefuse(t, "distinct", err, refusal{"", nil, ErrInvalid, at, ""})
	}
	write := func(q *Query) []error {
		_, a := q.Update(ctx(), M{"a": 1})
		_, b := q.Remove(ctx())
		return []error{a, b}
	}
	for name, q := range map[string]*Query{"no conditions": c.Where(nil), "order": q.OrderBy("a", Asc), "limit": q.Limit(1), "skip": q.Skip(1), "field": q.Field(M{"a": 1})} {
		for _, err := range write(q) {
			mustRefuse(t, name, err, refusal{"", nil, ErrInvalid, "", ""})
		}
	}
	if got := contentsOf(t, c); len(got) != 1 || !strings.Contains(got[0], `"a":1`) {
		t.Errorf("the collection is now %s", got)
	}
}

// Every number of documents to skip and to return is one that can be asked for.
func TestHugeWindows(t *testing.T) {
	c := openTest(t).Collection("c")
	if _, err := c.AddMany(ctx(), []M{{"_id": 1, "a": 3}, {"_id": 2, "a": 2}, {"_id": 3, "a": 1}}); err != nil {
		t.Fatal(err)
	}
	numbers := []int{0, 1, 2, 3, 4, 1 << 20, math.MaxInt - 3, math.MaxInt - 1, math.MaxInt}
	for _, q := range []*Query{c.Where(nil), c.Where(M{"a": query.Gt(0)}).OrderBy("a", Asc), c.Where(nil).OrderBy("_id", Desc)} {
		for _, skip := range numbers {
			for _, limit := range numbers {
				want := max(3-skip, 0)
				if limit > 0 {
					want = min(want, limit)
				}
				docs, err := q.Skip(skip).Limit(limit).Get(ctx())
				if err != nil || len(docs) != want {
					t.Errorf("skip %d, limit %d: %d documents, %v, want %d", skip, limit, len(docs), err, want)
				}
			}
		}
	}
}

// A path that leads deeper than any document does is refused at every door, before
// its length costs memory or stack.
func TestLongPaths(t *testing.T) {
	c := teaShop(t)
	long := strings.Repeat("a.", 1<<20) + "a"
	endless := M{}
	endless["a"] = endless
	all := func(a *Aggregation) error { _, err := a.All(ctx()); return err }
	get := func(q *Query) error { _, err := q.Get(ctx()); return err }
	update := func(data any) error { _, err := c.Where(M{}).Update(ctx(), data); return err }
	for what, err := range map[string]error{
		"where": get(c.Where(M{long: 1})), "order": get(c.Where(nil).OrderBy(long, Asc)), "field": get(c.Where(nil).Field(M{long: true})),
		"left out": get(c.Where(nil).Field(M{long: false})), "set": update(M{long: 1}), "remove": update(M{long: query.Remove()}),
		"rename": update(M{"name": query.Rename(long)}), "project": all(c.Aggregate().Project(M{long: 1})), "add": all(c.Aggregate().AddFields(M{long: 1})),
		"unset": all(c.Aggregate().Unset(long)), "unwind": all(c.Aggregate().Unwind("$" + long)), "group": all(c.Aggregate().Group("$"+long, M{})),
		"lookup":          all(c.Aggregate().Lookup(aggregate.LookupOptions{From: "shop", LocalField: "a", ForeignField: "a", As: long})),
		"endless where":   get(c.Where(endless)),
		"endless field":   get(c.Where(nil).Field(endless)),
		"endless update":  update(endless),
		"endless project": all(c.Aggregate().Project(endless)), "endless add": all(c.Aggregate().AddFields(endless)),
	} {
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %.200v", what, err)
		}
	}
}

func TestBadNames(t *testing.T) {
	db := openTest(t)
	for _, name := range []string{"", "$", "a$b", "system.", "system.users", "a\x00", "\xff", strings.Repeat("x", 256)} {
		for call, f := range callsOf(db, name) {
			if strings.HasPrefix(call, "db ") {
				continue // it takes no name
			}
			err, want := f(ctx()), ErrInvalid
			if call == "drop collection" {
				want = ErrNotFound
			}
			if e := (*Error)(nil); !errors.Is(err, want) || !errors.As(err, &e) || e.Op == "" {
				t.Errorf("%s of %.20q: %v", call, name, err)
			}
		}
	}
	for _, name := range []string{"a", "a.b", "systems", "System.x", " ", "..", "a/b", "名", strings.Repeat("x", 255)} {
		c := db.Collection(name)
		if _, err := c.Add(ctx(), M{"a": 1}); err != nil || c.Name() != name {
			t.Errorf("%.20q: %v", name, err)
		}
		if n, err := c.Where(nil).Count(ctx()); err != nil || n != 1 {
			t.Errorf("%.20q has %d documents, %v", name, n, err)
		}
	}
}

func TestBadIndexInput(t *testing.T) {
	c := teaShop(t)
	for _, r := range []refusal{
		{"no fields", index.Spec{}, ErrInvalid, "", "0 fields"},
		{"no UTF-8", index.Spec{Fields: index.By("\xff")}, ErrInvalid, "*", "UTF-8"},
		{"several faults", index.Spec{Name: "_id_", Fields: index.By("a", "a")}, ErrInvalid, "", "twice"},
		{"unique geo", index.Spec{Geo: "at", Unique: true}, ErrInvalid, "", "unique"},
		{"geo downwards", index.Spec{Fields: index.By("-at"), Geo: "at"}, ErrInvalid, "", "direction"},
		{"geo nowhere", index.Spec{Fields: index.By("a"), Geo: "at..b"}, ErrInvalid, "", "at..b"},
	} {
		err := c.CreateIndex(ctx(), r.arg.(index.Spec))
		if !errors.Is(err, r.is) || !strings.Contains(err.Error(), r.text) {
			t.Errorf("%s: %v", r.name, err)
		}
	}
	if err := c.CreateIndexes(ctx(), nil, nil); err != nil {
		t.Errorf("no indexes: %v", err)
	}
	if list, err := c.Indexes(ctx()); err != nil || len(list) != 0 {
		t.Errorf("there are %v, %v", list, err)
	}
	for _, name := range []string{"", "_id_", "nothing", "a\x00", "\xff"} {
		if err := c.DropIndex(ctx(), name); !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrInvalid) {
			t.Errorf("drop %q: %v", name, err)
		}
	}
}

// No bytes harm: what is no document is refused, what is one is stored as such.
func TestBadBytes(t *testing.T) {
	c := openTest(t).Collection("shop")
	for _, raw := range [][]byte{nil, {}, {0xc0}, {0x81}, {0x81, 0xa1, 'a'}, {0x81, 0xa1, 'a', 1, 2}, {0x81, 1, 2}, {0x93, 1, 2, 3}, {0x81, 0xa1, 'a', 0xc1},
		{0xdf, 0xff, 0xff, 0xff, 0xff}, {0x81, 0xa1, 'a', 0xdd, 0xff, 0xff, 0xff, 0xff}, {0x81, 0xa1, 'a', 0xc6, 0xff, 0xff, 0xff, 0xff}, {0x81, 0xa1, 'a', 0xd4, 5, 1},
		{0x82, 0xa1, 'a', 1, 0xa1, 'a', 2}, {0x81, 0xa1, 'a', 0xa1, 0xff}, {0x81, 0xa2, '$', 'a', 1}, {0x81, 0xa3, '_', 'i', 'd', 0x90}, []byte(`{"a":1}`)} {
		_, err := c.AddRaw(ctx(), raw)
		mustRefuse(t, fmt.Sprintf("% x", raw), err, refusal{"", nil, ErrInvalid, "*", ""})
	}
	_, err := c.AddRaw(ctx(), []byte(strings.Repeat("\x81\xa1a", 101)+"\xc0"))
	mustRefuse(t, "101 levels", err, refusal{"", nil, ErrTooLarge, "*", ""})
	doc, err := document.Encode(D{{Key: "a", Value: "text"}, {Key: "b", Value: []any{1, 2.5, nil, true, M{"c": time.UnixMilli(5)}, []byte("x"), -7, 1 << 40}}}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	seed := newSeed(t)
	rnd, stored := random(seed, 0), 0
	for range 2000 * effort() {
		raw := bytes.Clone(doc.Raw())
		for range 1 + rnd.IntN(3) {
			raw[rnd.IntN(len(raw))] = byte(rnd.Uint32())
		}
		raw = raw[:len(raw)-rnd.IntN(2)*rnd.IntN(len(raw))]
		if _, err := c.AddRaw(ctx(), raw); err == nil {
			stored++
		} else if !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("seed %d: % x: %v", seed, raw, err)
		}
	}
	if n, err := c.Where(nil).Count(ctx()); err != nil || int(n) != stored {
		t.Errorf("seed %d: %d documents, %v, want %d", seed, n, err, stored)
	}
	t.Logf("seed %d: %d damaged documents were documents all the same", seed, stored)
}
