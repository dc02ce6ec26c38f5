package aggregate

import (
	"context"
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// Options say how a program runs.
type Options struct {
	Memory int64         // bytes a stage may hold before it goes on in a temporary file; 0 means 100 MiB
	Temp   string        // the folder of temporary files; empty means the system's
	Uint64 func() uint64 // where random numbers come from; nil is the machine
}

const defaultMemory = 100 << 20

// checkEvery is how many documents a loop passes between two looks at the context.
const checkEvery = 128

// A source yields documents one after another, each valid for ever. It belongs to
// one goroutine.
type source interface {
	next(ctx context.Context) (document.Doc, bool, error)
	close()
}

// A run is one run of a program, or of one within it. It belongs to one goroutine.
type run struct {
	db     Database
	env    *expr.Env
	vars   []document.Value // the values of the variables bound from outside
	memory int64
	temp   string
	env0   expr.Options
}

// Run runs p on a collection. The cursor does not begin before its first Next. A
// program that writes is for [Program.Write].
func (p *Program) Run(ctx context.Context, db Database, collection string, o Options) (*Run, error) {
	r := newRun(ctx, db, o)
	src, err := p.open(ctx, r, collection, nil)
	if err != nil {
		return nil, err
	}
	return &Run{src: src}, nil
}

func newRun(ctx context.Context, db Database, o Options) *run {
	r := &run{db: db, memory: o.Memory, temp: o.Temp}
	if r.memory <= 0 {
		r.memory = defaultMemory
	}
	r.env0 = expr.Options{Uint64: o.Uint64, Interrupt: ctx.Err}
	r.env = expr.NewEnv(r.env0)
	return r
}

// within returns the run of a program that is part of a stage of r.
func (r *run) within(vars []document.Value) *run {
	sub := *r
	sub.env = expr.NewEnv(r.env0)
	sub.vars = vars
	for i, v := range vars {
		sub.env.Set(i, v)
	}
	return &sub
}

// A Run is a cursor over what a program yields. It belongs to one goroutine.
type Run struct {
	src    source
	doc    document.Doc
	err    error
	closed bool
}

// Next moves to the next document and reports whether there is one. It returns
// false at the end, on an error and when ctx is done; see [Run.Err].
func (c *Run) Next(ctx context.Context) bool {
	if c.closed {
		return false
	}
	doc, ok, err := c.src.next(ctx)
	if err == nil && ok && len(doc.Raw()) > document.MaxSize {
		err = tooLarge(doc)
	}
	if err != nil || !ok {
		c.err = err
		c.Close()
		return false
	}
	c.doc = doc
	return true
}

// Doc returns the current document, valid for ever.
func (c *Run) Doc() document.Doc { return c.doc }

// Err returns what ended the run early, or nil.
func (c *Run) Err() error { return c.err }

// Close releases everything. It may be called more than once.
func (c *Run) Close() {
	if !c.closed {
		c.closed = true
		c.src.close()
	}
}

func tooLarge(doc document.Doc) error {
	return fmt.Errorf("a document of %d bytes, the limit is %d: %w", len(doc.Raw()), document.MaxSize, fault.ErrTooLarge)
}

// found is the source that a collection is.
type found struct {
	db         Database
	collection string
	request    *query.Request
	cursor     Cursor // nil until the first document is asked for
	closed     bool
	passed     int
}

func (f *found) next(ctx context.Context) (document.Doc, bool, error) {
	if f.cursor == nil {
		if f.closed {
			return document.Doc{}, false, nil
		}
		var err error
		if f.cursor, err = f.db.Find(f.collection, f.request); err != nil {
			f.closed = true
			return document.Doc{}, false, err
		}
	}
	if f.passed++; f.passed%checkEvery == 0 && ctx.Err() != nil {
		return document.Doc{}, false, ctx.Err()
	}
	if !f.cursor.Next(ctx) {
		return document.Doc{}, false, f.cursor.Err()
	}
	return f.cursor.Doc(), true, nil
}

// folder returns what hands out all that f yields, in no order, nil when the order
// matters or it cannot be done.
func (f *found) folder() Folder {
	if f.cursor != nil || f.request.Sort != nil || f.request.Skip > 0 || f.request.Limit > 0 {
		return nil
	}
	folder, _ := f.db.(Folder)
	return folder
}

func (f *found) close() {
	f.closed = true
	if f.cursor != nil {
		f.cursor.Close()
	}
}

// listed is the source that a list is.
type listed struct{ docs []document.Doc }

func (l *listed) next(context.Context) (document.Doc, bool, error) {
	if len(l.docs) == 0 {
		return document.Doc{}, false, nil
	}
	doc := l.docs[0]
	l.docs = l.docs[1:]
	return doc, true, nil
}

func (l *listed) close() { l.docs = nil }

// A gathering is a source that takes in everything before it yields what became of it.
type gathering struct {
	listed
	gather func(ctx context.Context) error // fills the list; nil once it was called
}

func (g *gathering) next(ctx context.Context) (document.Doc, bool, error) {
	if gather := g.gather; gather != nil {
		g.gather = nil
		if err := gather(ctx); err != nil {
			return document.Doc{}, false, err
		}
	}
	return g.listed.next(ctx)
}

// takeAll calls f for every document of in, until one of them fails or ctx has ended.
func takeAll(ctx context.Context, in source, f func(document.Doc) error) error {
	for passed := 0; ; passed++ {
		if passed%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		doc, ok, err := in.next(ctx)
		if err != nil || !ok {
			return err
		}
		if err := f(doc); err != nil {
			return err
		}
	}
}

// An access is what a program asks of its collection.
type access struct {
	filter  *query.Filter // nil asks for everything
	pins    []pin
	near    *nearness // of a $geoNear; nil without
	sort    *query.Sort
	skip    int
	limit   int // 0 means none
	nothing bool
	count   string   // only the number of documents is wanted, as a field of this name
	needs   []string // what is looked at, see [query.Request]
	strict  bool
	filters expr.Scope // what filters are compiled in
}

// A pin is a field that must equal a value known when the program begins.
type pin struct {
	path  string
	value *expr.Expr
}

// request returns the question that is asked of the collection.
func (a *access) request(filter *query.Filter) *query.Request {
	return &query.Request{Filter: filter, Sort: a.sort, Skip: a.skip, Limit: a.limit, Needs: a.needs, Strict: a.strict, Distances: a.sort.Near() != nil}
}

// filterFor returns the filter with what is known only now.
func (a *access) filterFor(r *run, extra []any) (*query.Filter, error) {
	conds := slices.Clip(extra)
	for _, p := range a.pins {
		v, err := p.value.Eval(r.env, document.Doc{}.Value())
		if err != nil {
			continue // nobody may ask for it
		}
		// An array would be equal to what a path makes of an array, which no filter finds.
		if v.Exists() && v.Kind() != document.Array && v.Kind() != document.Null {
			conds = append(conds, query.Raw(document.D{{p.path, document.D{{"$eq", v}}}}))
		}
	}
	if len(conds) == 0 {
		return a.filter, nil
	}
	known, err := query.CompileFilterIn(query.And(conds...), a.filters)
	if err != nil {
		return nil, err
	}
	return known.And(a.filter), nil
}

// counted counts documents without reading them where an index can.
type counted struct {
	run        *run
	collection string
	filter     *query.Filter
	make       func(int64) document.Doc
	done       bool
}

func (c *counted) next(ctx context.Context) (document.Doc, bool, error) {
	if c.done {
		return document.Doc{}, false, nil
	}
	c.done = true
	n, err := c.run.db.Count(ctx, c.collection, c.filter)
	if err != nil || n == 0 {
		return document.Doc{}, false, err
	}
	return c.make(n), true, nil
}

func (c *counted) close() { c.done = true }
