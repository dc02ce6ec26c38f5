package virga

import (
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/watch"
)

// A watchCase is one row of the event matrix: what a write does to a list.
type watchCase struct {
	name  string
	watch func(c *Collection) *Query
	begin []D
	write func(t *testing.T, db *DB, c *Collection)
	want  string // the changes, then the list; empty for no snapshot
}

func doneFalse(c *Collection) *Query { return c.Where(M{"done": false}) }
func allDocs(c *Collection) *Query   { return c.Where(nil) }

// top2 is the list of the two highest scores.
func top2(c *Collection) *Query { return c.Where(nil).OrderBy("score", Desc).Limit(2) }

func scores(n ...int) []D {
	docs := make([]D, len(n))
	for i, score := range n {
		docs[i] = D{{Key: "_id", Value: string(rune('a' + i))}, {Key: "score", Value: score}}
	}
	return docs
}

func ab() []D {
	return []D{
		{{Key: "_id", Value: "a"}, {Key: "done", Value: false}, {Key: "n", Value: 1}},
		{{Key: "_id", Value: "b"}, {Key: "done", Value: true}, {Key: "n", Value: 2}},
	}
}

// do is for writes that must succeed.
func do[T any](t *testing.T) func(T, error) {
	return func(_ T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func updating(id, data any) func(*testing.T, *DB, *Collection) {
	return func(t *testing.T, _ *DB, c *Collection) { do[UpdateResult](t)(c.Doc(id).Update(ctx(), data)) }
}

func setting(id, data any) func(*testing.T, *DB, *Collection) {
	return func(t *testing.T, _ *DB, c *Collection) { do[SetResult](t)(c.Doc(id).Set(ctx(), data)) }
}

func adding(data any) func(*testing.T, *DB, *Collection) {
	return func(t *testing.T, _ *DB, c *Collection) { do[ID](t)(c.Add(ctx(), data)) }
}

func removing(id any) func(*testing.T, *DB, *Collection) {
	return func(t *testing.T, _ *DB, c *Collection) { do[RemoveResult](t)(c.Doc(id).Remove(ctx())) }
}

// inTransaction makes one commit of several writes.
func inTransaction(writes ...func(*testing.T, *DB, *Collection)) func(*testing.T, *DB, *Collection) {
	return func(t *testing.T, db *DB, c *Collection) {
		tx, err := db.StartTransaction(ctx())
		if err != nil {
			t.Fatal(err)
		}
		for _, write := range writes {
			write(t, db, tx.Collection(c.Name()))
		}
		if err := tx.Commit(ctx()); err != nil {
			t.Fatal(err)
		}
	}
}

var watchMatrix = []watchCase{
	{"add", doneFalse, ab(), adding(M{"_id": "c", "done": false}), "enqueue/add c; [a c]"},
	{"add that does not match", doneFalse, ab(), adding(M{"_id": "c", "done": true}), ""},
	{"set that inserts", doneFalse, ab(), setting("c", M{"done": false}), "enqueue/add c; [a c]"},
	{"update", doneFalse, ab(), updating("a", M{"n": 5}), `update/update a {"n":5}; [a]`},
	{"update of several fields", doneFalse, ab(), updating("a", M{"n": query.Remove(), "x": M{"y": 1}, "z": []int{1}}),
		`update/update a {"x.y":1,"z":[1]} -n; [a]`},
	{"update makes it match", doneFalse, ab(), updating("b", M{"done": false}), `enqueue/update b {"done":false}; [a b]`},
	{"update makes it stop matching", doneFalse, ab(), updating("a", M{"done": true}), `dequeue/update a {"done":true}; []`},
	{"set in the list", doneFalse, ab(), setting("a", M{"done": false, "n": 7}), "update/replace a; [a]"},
	{"set of the same content", doneFalse, ab(), setting("a", M{"done": false, "n": 1}), "update/replace a; [a]"},
	{"set makes it match", doneFalse, ab(), setting("b", M{"done": false}), "enqueue/replace b; [a b]"},
	{"set makes it stop matching", doneFalse, ab(), setting("a", M{"done": 0}), "dequeue/replace a; []"},
	{"remove", doneFalse, ab(), removing("a"), "dequeue/remove a; []"},
	{"change outside before and after", doneFalse, ab(), updating("b", M{"n": 7}), ""},
	{"remove outside", doneFalse, ab(), removing("b"), ""},
	{"update that changes nothing", doneFalse, ab(), updating("a", M{"n": 1}), ""},
	{"remove of nothing", doneFalse, ab(), removing("x"), ""},

	{"pushed out of the window", top2, scores(5, 4, 3), updating("c", M{"score": 6}),
		`enqueue/update c {"score":6}; dequeue/limit b; [c a]`},
	{"pushed out by an add", top2, scores(5, 4, 3), adding(M{"_id": "d", "score": 9}), "enqueue/add d; dequeue/limit b; [d a]"},
	{"pushed out by a set", top2, scores(5, 4, 3), setting("c", M{"score": 6}), "enqueue/replace c; dequeue/limit b; [c a]"},
	{"pulled in by a remove", top2, scores(5, 4, 3), removing("a"), "dequeue/remove a; enqueue/limit c; [b c]"},
	{"pulled in by an update", top2, scores(5, 4, 3), updating("a", M{"score": 1}),
		`dequeue/update a {"score":1}; enqueue/limit c; [b c]`},
	{"moves within the window", top2, scores(5, 4, 3), updating("b", M{"score": 6}), `update/update b {"score":6}; [b a]`},
	{"replaced within the window", top2, scores(5, 4, 3), setting("b", M{"score": 6}), "update/replace b; [b a]"},
	{"change behind the window", top2, scores(5, 4, 3), updating("c", M{"score": 2}), ""},
	{"add behind the window", top2, scores(5, 4, 3), adding(M{"_id": "d", "score": 1}), ""},
	{"remove behind the window", top2, scores(5, 4, 3), removing("c"), ""},
	{"the window is not full", top2, scores(5), adding(M{"_id": "b", "score": 1}), "enqueue/add b; [a b]"},
	{"nobody moves up", top2, scores(5, 4), removing("a"), "dequeue/remove a; [b]"},

	{"one commit of several", allDocs, ab(), inTransaction(removing("a"), adding(M{"_id": "c"}), updating("b", M{"n": 3})),
		`dequeue/remove a; enqueue/add c; update/update b {"n":3}; [b c]`},
	{"one change for each document", allDocs, ab(), inTransaction(updating("a", M{"n": 3}), updating("a", M{"m": 1})),
		`update/update a {"m":1,"n":3}; [a b]`},
	{"there and back", allDocs, ab(), inTransaction(updating("a", M{"n": 3}), updating("a", M{"n": 1})), ""},
	{"added and removed", allDocs, ab(), inTransaction(adding(M{"_id": "c"}), removing("c")), ""},
	{"added and updated", allDocs, ab(), inTransaction(adding(M{"_id": "c"}), updating("c", M{"n": 1})), "enqueue/add c; [a b c]"},
	{"removed and added", allDocs, ab(), inTransaction(removing("a"), adding(M{"_id": "a"})), "update/replace a; [a b]"},
	{"two in, two out", top2, scores(5, 4, 3), inTransaction(adding(M{"_id": "x", "score": 9}), adding(M{"_id": "y", "score": 8})),
		"enqueue/add x; enqueue/add y; dequeue/limit a; dequeue/limit b; [x y]"},
	{"in, and out by itself", top2, scores(5, 4, 3), inTransaction(updating("a", M{"score": 1}), updating("c", M{"score": 9})),
		`dequeue/update a {"score":1}; enqueue/update c {"score":9}; [c b]`},
	{"the window runs dry", top2, scores(99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 89, 88, 87, 86, 85, 84, 83, 82, 81, 80),
		inTransaction(removing("a"), removing("b"), removing("c"), removing("d"), removing("e"), removing("f"), removing("g"), removing("h"),
			removing("i"), removing("j"), removing("k"), removing("l"), removing("m"), removing("n"), removing("o"), removing("p"), removing("q")),
		"dequeue/remove a; dequeue/remove b; enqueue/limit r; enqueue/limit s; [r s]"},
	{"the collection is dropped", allDocs, ab(), func(t *testing.T, db *DB, c *Collection) {
		if err := db.DropCollection(ctx(), c.Name()); err != nil {
			t.Fatal(err)
		}
	}, "dequeue/remove a; dequeue/remove b; []"},
	{"arrays give the array", allDocs, []D{{{Key: "_id", Value: "a"}, {Key: "l", Value: []M{{"p": 1}, {"p": 2}}}}},
		updating("a", M{"l.$[].p": 7}), `update/update a {"l":[{"p":7},{"p":7}]}; [a]`},
	{"a position that is written out", allDocs, []D{{{Key: "_id", Value: "a"}, {Key: "l", Value: []M{{"p": 1}, {"p": 2}}}}},
		updating("a", M{"l.1.p": 7}), `update/update a {"l.1.p":7}; [a]`},
}

func TestWatchMatrix(t *testing.T) {
	for _, where := range []string{Memory, "disk"} {
		for _, c := range watchMatrix {
			t.Run(where+"/"+c.name, func(t *testing.T) {
				path := where
				if path != Memory {
					path = t.TempDir()
				}
				c.run(t, openWith(t, path, Fast))
			})
		}
	}
}

func (c *watchCase) run(t *testing.T, db *DB) {
	coll := db.Collection("list")
	for _, d := range c.begin {
		do[ID](t)(coll.Add(ctx(), d))
	}
	stream, err := c.watch(coll).Watch(ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	first := mustNext(t, stream)
	if first.Type != watch.TypeInit || first.ID != 1 || len(first.Changes) != len(first.Docs) {
		t.Errorf("first snapshot: %+v", first)
	}
	for i, change := range first.Changes {
		if change.QueueType != watch.QueueInit || change.DataType != watch.DataInit || change.DocID != first.Docs[i].ID() || change.ID != 1 {
			t.Errorf("first change %d: %+v", i, change)
		}
	}
	c.write(t, db, coll)
	if c.want == "" {
		do[ID](t)(coll.Add(ctx(), M{"_id": "zz", "done": false, "score": 1000})) // the next snapshot in any case
	}
	got := mustNext(t, stream)
	if c.want == "" {
		if len(got.Changes) == 0 || got.Changes[0].DocID.Any() != "zz" {
			t.Errorf("got %s, want nothing", told(got))
		}
		return
	}
	if told(got) != c.want {
		t.Errorf("got  %s\nwant %s", told(got), c.want)
	}
	if got.Type != "" || got.ID != 2 || got.Version <= first.Version {
		t.Errorf("snapshot %q %d of version %d after %d", got.Type, got.ID, got.Version, first.Version)
	}
}

func mustNext(t *testing.T, stream *watch.Stream) watch.Snapshot {
	t.Helper()
	snap, err := stream.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// told writes a snapshot on one line.
func told(snap watch.Snapshot) string {
	var parts []string
	for _, c := range snap.Changes {
		part := fmt.Sprintf("%s/%s %v", c.QueueType, c.DataType, c.DocID.Any())
		if c.DataType == watch.DataUpdate {
			fields, err := document.Of(c.UpdatedFields)
			if err != nil {
				part += err.Error()
			}
			part += " " + fields.String()
		}
		for _, path := range c.RemovedFields {
			part += " -" + path
		}
		parts = append(parts, part)
	}
	var ids []string
	for _, d := range snap.Docs {
		ids = append(ids, fmt.Sprint(d.ID().Any()))
	}
	return strings.Join(append(parts, "["+strings.Join(ids, " ")+"]"), "; ")
}
