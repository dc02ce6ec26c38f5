package watch

import (
	"math"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/trial"
)

// TestSeats shows by what a filter's stream is found.
func TestSeats(t *testing.T) {
	a := &audience{fields: make(map[string]*field), others: make(streams)}
	for _, c := range []struct {
		where any
		path  string
		seats int
	}{
		{nil, "", 0},
		{document.M{"room": 1}, "room", 1},
		{document.M{"a": document.M{"b": "x"}}, "a.b", 1},
		{document.M{"n": document.M{"$gt": 1}, "room": 1}, "room", 1},
		{document.M{"room": document.M{"$in": []any{1, 2, "x"}}}, "room", 3},
		{document.M{"room": document.M{"$in": []any{1, nil}}}, "", 0},
		{document.M{"room": document.M{"$in": []any{[]any{1}, 2}}}, "", 0},
		{document.M{"room": document.M{"$in": []any{}}}, "", 0},
		{document.M{"room": nil}, "", 0},
		{document.M{"room": []any{1}}, "", 0},
		{document.M{"room": document.M{"$ne": 1}}, "", 0},
		{document.M{"$or": []any{document.M{"room": 1}, document.M{"room": 2}}}, "", 0},
		{document.M{"_id": "x"}, "_id", 1},
	} {
		s := a.choose(request(t, c.where, nil, 0).Filter)
		if s.path != c.path || len(s.values) != c.seats {
			t.Errorf("%v: sits under %d values of %q", c.where, len(s.values), s.path)
		}
	}
}

// TestSeatIsRare: of several conditions, that which the fewest streams share.
func TestSeatIsRare(t *testing.T) {
	a := &audience{fields: make(map[string]*field), others: make(streams)}
	var all []*Stream
	for i := range 100 {
		s := &Stream{request: request(t, document.D{{Key: "type", Value: "text"}, {Key: "room", Value: i}}, nil, 0)}
		a.add(s)
		all = append(all, s)
	}
	told := 0
	e := Event{After: doc(document.E{Key: "_id", Value: 1}, document.E{Key: "type", Value: "text"}, document.E{Key: "room", Value: 50})}
	a.each(e, func(*Stream) { told++ })
	if told > 2 { // the first may sit under its type
		t.Errorf("%d streams hear of a message in one room", told)
	}
	for _, s := range all {
		a.remove(s)
	}
	if a.size != 0 || len(a.fields) != 0 || len(a.others) != 0 {
		t.Errorf("left: %+v", a)
	}
}

// TestRoutes: an event reaches every stream whose filter its document meets.
func TestRoutes(t *testing.T) {
	rnd := trial.Random(t)
	value := func() any {
		return []any{1, 1.0, 2, "x", "y", true, math.Copysign(0, -1), document.M{"c": 1}, []any{1, "x"}, []any{[]any{1}, document.M{"b": 1}}, nil}[rnd.IntN(11)]
	}
	var object func(depth int) any
	object = func(depth int) any {
		if depth == 0 || rnd.IntN(3) == 0 {
			return value()
		}
		if rnd.IntN(3) == 0 {
			return []any{object(depth - 1), value(), object(depth - 1)}
		}
		return document.M{"a": object(depth - 1), "b": object(depth - 1), "0": object(depth - 1)}
	}
	paths := []string{"a", "b", "a.b", "a.a", "a.0", "a.0.b", "b.1", "b.a.0", "a.b.0.a", "0.a"}
	a := &audience{fields: make(map[string]*field), others: make(streams)}
	var all []*Stream
	for range 200 {
		where := document.M{paths[rnd.IntN(len(paths))]: document.M{"$eq": value()}}
		if rnd.IntN(3) == 0 {
			where = document.M{paths[rnd.IntN(len(paths))]: document.M{"$in": []any{value(), value()}}}
		}
		s := &Stream{request: request(t, where, nil, 0)}
		a.add(s)
		all = append(all, s)
	}
	hits, told := 0, 0
	for range 300 * trial.Effort() {
		d := doc(document.E{Key: "_id", Value: 1}, document.E{Key: "a", Value: object(3)}, document.E{Key: "b", Value: object(3)}, document.E{Key: "0", Value: object(2)})
		heard := map[*Stream]bool{}
		e := Event{Op: Update, Before: d, After: item(1, 1, 1)}
		if rnd.IntN(2) == 0 {
			e.Before, e.After = e.After, e.Before
		}
		a.each(e, func(s *Stream) { heard[s] = true })
		told += len(heard)
		for _, s := range all {
			ok, err := s.request.Filter.Match(d)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				hits++
			}
			if ok && !heard[s] {
				t.Fatalf("%v meets a filter under %q and is not told", d, s.seat.path)
			}
		}
	}
	t.Logf("%d told, %d of them concerned, %d sit under nothing", told, hits, len(a.others))
}
