package aggregate

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// A graphLookup puts into an array of each document those of another collection
// that are connected with it, over any number of steps.
type graphLookup struct {
	from     string
	start    *expr.Expr
	connect  document.Path // leads to the values of the next step
	to       document.Path // leads to the values that they are compared with
	as       document.Path
	maxDepth int // -1 means any
	depth    document.Path
	also     *query.Filter // what documents must meet besides
	filters  expr.Scope    // what filters are compiled in
}

func buildGraphLookup(c *compiler, v any) ([]step, error) {
	given, ok, err := pick(v, "from", "startWith", "connectFromField", "connectToField", "as", "maxDepth?", "depthField?", "restrictSearchWithMatch?")
	if err != nil {
		return nil, err
	}
	s := &graphLookup{maxDepth: -1, filters: c.filters}
	if s.from, err = stringAt("from", given[0]); err != nil {
		return nil, err
	}
	if s.start, err = c.expression(given[1]); err != nil {
		return nil, err
	}
	for _, p := range []struct {
		name  string
		value any
		path  *document.Path
		given bool
	}{
		{"connectFromField", given[2], &s.connect, true}, {"connectToField", given[3], &s.to, true}, {"as", given[4], &s.as, true},
		{"depthField", given[6], &s.depth, ok[6]},
	} {
		if !p.given {
			continue
		}
		if *p.path, err = pathAt(p.name, p.value); err != nil {
			return nil, err
		}
	}
	if ok[5] {
		if s.maxDepth, ok[5] = wholeOf(given[5]); !ok[5] || s.maxDepth < 0 {
			return nil, invalidAt("maxDepth", "needs a whole number that is not negative")
		}
	}
	// Unlike that of a lookup, a null is not connected with what is missing.
	there := query.Raw(document.D{{s.to.String(), document.D{{"$exists", true}}}})
	if s.also, err = query.CompileFilterIn(there, c.filters); err != nil {
		return nil, err
	}
	if ok[7] {
		filter, err := c.filter(given[7])
		if err == nil && filter.Near() != nil {
			err = invalid("$near orders documents, which a graph does by its steps")
		}
		if err != nil {
			return nil, fault.At("restrictSearchWithMatch", err)
		}
		s.also = s.also.And(filter)
	}
	return []step{s}, nil
}

func (s *graphLookup) text() string {
	return fmt.Sprintf("look up %s in %s by a graph from %s to %s", s.as, s.from, s.connect, s.to)
}

func (s *graphLookup) open(r *run, in source) (source, error) {
	j := newJoiner(r, s.from, s.to, s.also)
	j.filters = s.filters
	return &searching{graphLookup: s, run: r, in: in, joiner: j}, nil
}

type searching struct {
	*graphLookup
	run    *run
	in     source
	joiner *joiner
	b      document.Builder
}

func (s *searching) next(ctx context.Context) (document.Doc, bool, error) {
	doc, ok, err := s.in.next(ctx)
	if err != nil || !ok {
		return doc, false, err
	}
	found, err := s.search(ctx, doc)
	if err != nil {
		return document.Doc{}, false, err
	}
	return document.FromRaw(setPath(&s.b, doc.Value(), s.as.Segments(), found).Raw()), true, nil
}

// A search is the search from one document.
type search struct {
	*searching
	visited map[string]bool           // by key of the _id
	asked   map[string]bool           // by key of a value
	wanted  map[string]document.Value // of the step under way
	order   []document.Value          // those, in order
	keys    []string                  // theirs
	b       document.Builder
	scratch document.Builder
	bytes   int
}

func (s *searching) search(ctx context.Context, doc document.Doc) (document.Value, error) {
	start, err := s.start.Eval(s.run.env, doc.Value())
	if err != nil {
		return start, err
	}
	w := &search{searching: s, visited: map[string]bool{}, asked: map[string]bool{}, wanted: map[string]document.Value{}}
	w.b.BeginArray()
	for _, v := range localValues(start, nil, nil) {
		w.want(v)
	}
	for depth := 0; len(w.order) > 0 && (s.maxDepth < 0 || depth <= s.maxDepth); depth++ {
		if err := w.step(ctx, depth); err != nil {
			return document.Value{}, fmt.Errorf("document %s: %w", doc.ID(), err)
		}
	}
	w.b.End()
	return w.b.Built(), nil
}

// want asks for a value, once.
func (w *search) want(v document.Value) {
	key := keyOf(v)
	if !w.asked[key] {
		w.asked[key] = true
		w.wanted[key] = v
		w.order, w.keys = append(w.order, v), append(w.keys, key)
	}
}

// step visits what the values asked for lead to.
func (w *search) step(ctx context.Context, depth int) error {
	values, keys := w.order, w.keys
	ok, err := w.joiner.prepare(ctx, w.wanted)
	if err != nil {
		return err
	}
	w.wanted, w.order, w.keys = map[string]document.Value{}, nil, nil
	if !ok {
		return w.joiner.each(ctx, values, func(d document.Doc) error { return w.visit(ctx, d, depth) })
	}
	for _, d := range w.joiner.matches(keys) {
		if err := w.visit(ctx, d, depth); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (w *search) visit(ctx context.Context, d document.Doc, depth int) error {
	if len(w.visited)%checkEvery == 0 && ctx.Err() != nil {
		return ctx.Err()
	}
	id := keyOf(d.Value().Field("_id"))
	if w.visited[id] {
		return nil
	}
	w.visited[id] = true
	v := d.Value()
	if names := w.depth.Segments(); len(names) > 0 {
		v = setPath(&w.scratch, v, names, document.Int(int64(depth)))
	}
	w.b.Value(v)
	w.bytes += len(id) + 64
	if len(w.b.Bytes()) > document.MaxSize {
		return fmt.Errorf("what it is connected with has more than %d bytes: %w", document.MaxSize, fault.ErrTooLarge)
	}
	if int64(w.bytes) > w.run.memory {
		return fmt.Errorf("the search takes more than %d bytes of memory: %w", w.run.memory, fault.ErrTooLarge)
	}
	for _, next := range localValues(d.Value(), w.connect.Segments(), nil) {
		w.want(next)
	}
	return nil
}

func (s *searching) close() { s.in.close() }
