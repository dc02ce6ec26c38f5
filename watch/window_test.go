package watch

import (
	"slices"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/trial"
)

// TestWindow holds a window of little room against all documents: it has the first
// of them, and says when it has too few. Taking changes back must lead to what was.
func TestWindow(t *testing.T) {
	rnd := trial.Random(t)
	r := request(t, document.M{"room": document.M{"$lt": 3}}, document.D{{Key: "score", Value: -1}}, 2)
	dry, steps := 0, 3000*trial.Effort()
	all := &state{docs: map[document.ID]document.Doc{}}
	w := newWindow(r)
	w.room = 4
	check := func(w *window, s *state, what string, i int) {
		every, err := s.find(request(t, document.M{"room": document.M{"$lt": 3}}, document.D{{Key: "score", Value: -1}}, 0))
		if err != nil {
			t.Fatal(err)
		}
		if len(w.docs) > len(every) || !slices.EqualFunc(w.docs, every[:len(w.docs)], func(a, b document.Doc) bool { return string(a.Raw()) == string(b.Raw()) }) {
			t.Fatalf("step %d, %s: the window is %v, all are %v", i, what, w.docs, every)
		}
		if w.whole && len(w.docs) < len(every) || len(w.docs) > w.room {
			t.Fatalf("step %d, %s: %d of %d documents, room for %d, whole %v", i, what, len(w.docs), len(every), w.room, w.whole)
		}
	}
	for i := range steps {
		id, _ := document.IDOf(rnd.IntN(12))
		before := all.docs[id]
		after := item(int(id.Any().(int64)), rnd.IntN(4), rnd.IntN(5))
		if rnd.IntN(3) == 0 {
			after = document.Doc{}
		}
		was := window{filter: w.filter, sort: w.sort, limit: w.limit, room: w.room, docs: slices.Clone(w.docs), whole: w.whole}
		then := &state{docs: map[document.ID]document.Doc{}}
		for id, d := range all.docs {
			then.docs[id] = d
		}
		if delete(all.docs, id); !after.IsZero() {
			all.docs[id] = after
		}
		if err := w.apply(before, after); err != nil {
			t.Fatal(err)
		}
		check(&w, all, "there", i)
		back := w
		back.docs = slices.Clone(w.docs)
		if err := back.apply(after, before); err != nil {
			t.Fatal(err)
		}
		check(&back, then, "and back", i)
		if back.whole && !was.whole {
			t.Fatalf("step %d: back at the beginning the window claims to be whole", i)
		}
		if w.dry() {
			dry++
			w.room = 2 + rnd.IntN(4)
			r := *r
			r.Limit = w.room
			w.docs, _ = all.find(&r)
			w.whole = len(w.docs) < w.room
		}
	}
	if dry < steps/1000 {
		t.Errorf("the window ran dry %d times in %d steps", dry, steps)
	}
}
