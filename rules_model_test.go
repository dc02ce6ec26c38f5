package virga

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
)

// A ruled is the naive model of one collection under rules: documents in a map, and
// rules as functions.
type ruled struct {
	docs  map[string]map[string]any
	rules string
}

// ruledBy holds the rules of the model: their text, and what they come to.
var ruledBy = map[string]struct {
	simple           bool
	read, write, add func(who string, doc map[string]any) bool
}{
	"READONLY":   {true, anyone, own, known},
	"PRIVATE":    {true, own, own, known},
	"ADMINWRITE": {true, anyone, nil, nil},
	"ADMINONLY":  {true, nil, nil, nil},
	`{"read": true, "write": "doc._openid == auth.openid"}`:                       {false, always, own, own},
	`{"read": "doc.n == 1", "write": "doc.n == 1 || doc._openid == auth.openid"}`: {false, one, oneOrOwn, oneOrOwn},
	`{"read": "doc._openid == auth.openid && doc.n == 1", "create": true}`:        {false, ownOne, never, always},
}

func always(string, map[string]any) bool           { return true }
func never(string, map[string]any) bool            { return false }
func known(who string, _ map[string]any) bool      { return who != "" }
func anyone(who string, _ map[string]any) bool     { return who != "" }
func own(who string, doc map[string]any) bool      { return who != "" && doc["_openid"] == who }
func one(_ string, doc map[string]any) bool        { return doc["n"] == int64(1) }
func oneOrOwn(who string, doc map[string]any) bool { return one(who, doc) || own(who, doc) }
func ownOne(who string, doc map[string]any) bool   { return one(who, doc) && own(who, doc) }

// TestRulesAgreeWithAModel runs random operations of several identities, and of the
// program, beside a model that decides each document by itself.
func TestRulesAgreeWithAModel(t *testing.T) {
	seed := newSeed(t)
	t.Logf("VIRGA_SEED=%d", seed)
	for engine, path := range map[string]string{"memory": Memory, "badger": filepath.Join(t.TempDir(), "db")} {
		t.Run(engine, func(t *testing.T) {
			db := openWith(t, path, Fast)
			r := random(seed, uint64(len(engine)))
			m := &ruled{docs: map[string]map[string]any{}, rules: "PRIVATE"}
			counts := map[string]int{}
			for range 600 * effort() {
				m.step(t, db, r, counts)
				if t.Failed() {
					return
				}
			}
			t.Logf("%v", counts)
			if counts["denied"] == 0 || counts["allowed"] == 0 || counts["silent"] == 0 {
				t.Errorf("too little happened: %v", counts)
			}
		})
	}
}

// step does one random operation on both.
func (m *ruled) step(t *testing.T, db *DB, r *rand.Rand, counts map[string]int) {
	ctx := context.Background()
	admin := db.Collection("c")
	if r.IntN(12) == 0 {
		texts := slices.Sorted(maps.Keys(ruledBy))
		m.rules = texts[r.IntN(len(texts))]
		setRules(t, admin, m.rules)
	}
	who := []string{"", "alice", "bob"}[r.IntN(3)]
	handle, handleAll := db.As(rules.Auth{OpenID: who}), r.IntN(8) == 0
	if handleAll {
		handle = db
	}
	c := handle.Collection("c")
	if tx := r.IntN(4); tx == 0 {
		open, err := handle.StartTransaction(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := open.Commit(ctx); err != nil && !errors.Is(err, ErrDenied) && !errors.Is(err, ErrDuplicate) && !errors.Is(err, ErrInvalid) {
				t.Errorf("commit: %v", err)
			}
			m.compare(t, admin)
		}()
		c = open.Collection("c")
	} else {
		defer m.compare(t, admin)
	}
	s := ruledStep{m: m, who: who, all: handleAll, c: c, r: r, id: fmt.Sprint("d", r.IntN(6)), n: int64(r.IntN(3))}
	ops := []struct {
		name string
		run  func(context.Context) (got, want string)
	}{{"get", s.get}, {"find", s.find}, {"add", s.add}, {"set", s.set}, {"update", s.update}, {"update all", s.updateAll}, {"remove", s.remove}, {"remove all", s.removeAll}}
	op := ops[r.IntN(len(ops))]
	got, want := op.run(ctx)
	if got != want {
		t.Errorf("%s of %s (n %d) by %q, program %v, under %s: %s, want %s", op.name, s.id, s.n, who, handleAll, m.rules, got, want)
	}
	switch want {
	case "denied":
		counts["denied"]++
	case "0", "none":
		counts["silent"]++
	default:
		counts["allowed"]++
	}
}

// compare holds the stored documents against the model.
func (m *ruled) compare(t *testing.T, admin *Collection) {
	t.Helper()
	stored := map[string]map[string]any{}
	for doc, err := range admin.Where(nil).Each(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		fields := doc.Map()
		id := fields["_id"].(string)
		delete(fields, "_id")
		stored[id] = fields
	}
	if fmt.Sprint(stored) != fmt.Sprint(m.docs) {
		t.Errorf("stored %v, the model has %v", stored, m.docs)
	}
}

// A ruledStep is one operation by one caller.
type ruledStep struct {
	m   *ruled
	who string
	all bool // the program itself
	c   *Collection
	r   *rand.Rand
	id  string
	n   int64
}

func ended(n any, err error) string {
	switch {
	case errors.Is(err, ErrDenied):
		return "denied"
	case errors.Is(err, ErrNotFound):
		return "none"
	case errors.Is(err, ErrDuplicate):
		return "duplicate"
	case err != nil:
		return err.Error()
	}
	return fmt.Sprint(n)
}

// on decides f, a rule, on the document of that id, which may not exist.
func (s *ruledStep) on(f func(string, map[string]any) bool, id string) string {
	simple := ruledBy[s.m.rules].simple
	doc, exists := s.m.docs[id]
	switch {
	case s.all:
	case f == nil || simple && s.who == "":
		return "denied"
	case simple && (!exists || !f(s.who, doc)):
		return "absent"
	case !simple && !f(s.who, doc): // a missing document has no fields
		return "denied"
	}
	if !exists {
		return "absent"
	}
	return "present"
}

func (s *ruledStep) get(ctx context.Context) (got, want string) {
	doc, err := s.c.Doc(s.id).Get(ctx)
	n, _ := doc.Lookup("n").Int64()
	switch want = s.on(ruledBy[s.m.rules].read, s.id); want {
	case "absent":
		want = "none"
	case "present":
		want = fmt.Sprint(s.m.docs[s.id]["n"])
	}
	return ended(n, err), want
}

// cond is a filter, and whether it proves a rule of the model.
func (s *ruledStep) cond() (any, func(map[string]any) bool) {
	n := func(doc map[string]any) bool { return doc["n"] == s.n }
	mine := func(doc map[string]any) bool { return s.who != "" && doc["_openid"] == s.who }
	switch s.r.IntN(4) {
	case 0:
		return M{"n": s.n}, n
	case 1:
		if s.who != "" {
			return M{"_openid": s.who}, mine
		}
	case 2:
		if s.who != "" && !s.all {
			return M{"n": s.n, "_openid": "{openid}"}, func(doc map[string]any) bool { return n(doc) && mine(doc) }
		}
	}
	return M{}, func(map[string]any) bool { return true }
}

// matching returns the ids that the filter means for the caller, or that it is denied:
// a filter proves a rule when no document of any kind meets it and not the rule.
func (s *ruledStep) matching(f func(string, map[string]any) bool, meets func(map[string]any) bool) ([]string, bool) {
	simple := ruledBy[s.m.rules].simple
	if !s.all && (f == nil || simple && s.who == "") {
		return nil, false
	}
	if !s.all && !simple {
		for n := range int64(4) {
			for _, owner := range []any{nil, "alice", "bob", "carol"} {
				doc := map[string]any{"n": n, "_openid": owner}
				if meets(doc) && !f(s.who, doc) {
					return nil, false
				}
			}
		}
	}
	var ids []string
	for id, doc := range s.m.docs {
		if meets(doc) && (s.all || f(s.who, doc)) {
			ids = append(ids, id)
		}
	}
	return ids, true
}

func (s *ruledStep) find(ctx context.Context) (got, want string) {
	cond, meets := s.cond()
	docs, err := s.c.Where(cond).Get(ctx)
	ids, ok := s.matching(ruledBy[s.m.rules].read, meets)
	if !ok {
		return ended(len(docs), err), "denied"
	}
	return ended(len(docs), err), fmt.Sprint(len(ids))
}

func (s *ruledStep) updateAll(ctx context.Context) (got, want string) {
	cond, meets := s.cond()
	res, err := s.c.Where(cond).Update(ctx, M{"n": query.Inc(1)})
	ids, ok := s.matching(ruledBy[s.m.rules].write, meets)
	if !ok {
		return ended(res.Updated, err), "denied"
	}
	for _, id := range ids {
		s.m.docs[id]["n"] = s.m.docs[id]["n"].(int64) + 1
	}
	return ended(res.Updated, err), fmt.Sprint(len(ids))
}

func (s *ruledStep) removeAll(ctx context.Context) (got, want string) {
	cond, meets := s.cond()
	res, err := s.c.Where(cond).Remove(ctx)
	ids, ok := s.matching(ruledBy[s.m.rules].write, meets)
	if !ok {
		return ended(res.Removed, err), "denied"
	}
	for _, id := range ids {
		delete(s.m.docs, id)
	}
	return ended(res.Removed, err), fmt.Sprint(len(ids))
}

// created is the document that the caller makes.
func (s *ruledStep) created() map[string]any {
	doc := map[string]any{"n": s.n}
	if !s.all && s.who != "" {
		doc["_openid"] = s.who
	}
	return doc
}

// mayCreate decides on a new document.
func (s *ruledStep) mayCreate(doc map[string]any) bool {
	f := ruledBy[s.m.rules].add
	return s.all || f != nil && f(s.who, doc)
}

func (s *ruledStep) add(ctx context.Context) (got, want string) {
	_, err := s.c.Add(ctx, M{"_id": s.id, "n": s.n})
	doc := s.created()
	switch _, exists := s.m.docs[s.id]; {
	case exists:
		return ended("added", err), "duplicate"
	case !s.mayCreate(doc):
		return ended("added", err), "denied"
	}
	s.m.docs[s.id] = doc
	return ended("added", err), "added"
}

func (s *ruledStep) set(ctx context.Context) (got, want string) {
	res, err := s.c.Doc(s.id).Set(ctx, M{"n": s.n})
	got = ended(res.Created+res.Updated, err)
	old, exists := s.m.docs[s.id]
	if !exists {
		doc := s.created()
		if !s.mayCreate(doc) {
			return got, "denied"
		}
		s.m.docs[s.id] = doc
		return got, "1"
	}
	switch s.on(ruledBy[s.m.rules].write, s.id) {
	case "denied":
		return got, "denied"
	case "absent":
		return got, "0"
	}
	doc := map[string]any{"n": s.n}
	if owner, ok := old["_openid"]; ok && !s.all {
		doc["_openid"] = owner
	}
	s.m.docs[s.id] = doc
	return got, "1"
}

func (s *ruledStep) update(ctx context.Context) (got, want string) {
	res, err := s.c.Doc(s.id).Update(ctx, M{"n": query.Inc(1)})
	got = ended(res.Updated, err)
	switch s.on(ruledBy[s.m.rules].write, s.id) {
	case "denied":
		return got, "denied"
	case "absent":
		return got, "0"
	}
	s.m.docs[s.id]["n"] = s.m.docs[s.id]["n"].(int64) + 1
	return got, "1"
}

func (s *ruledStep) remove(ctx context.Context) (got, want string) {
	res, err := s.c.Doc(s.id).Remove(ctx)
	got = ended(res.Removed, err)
	switch s.on(ruledBy[s.m.rules].write, s.id) {
	case "denied":
		return got, "denied"
	case "absent":
		return got, "0"
	}
	delete(s.m.docs, s.id)
	return got, "1"
}
