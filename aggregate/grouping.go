package aggregate

import (
	"bytes"
	"context"
	"encoding/binary"
	"strconv"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/sorter"
)

// A gathered is what has become of one group so far.
type gathered struct {
	id   document.Value
	came uint64 // its place among all groups
	accs []expr.Accumulator

	first []byte // the smallest key of a document, when several goroutines look for groups
}

// grouping is the source of a $group. Groups come out in the order in which they
// were seen first.
//
// When the groups in memory grow over the limit, the rest of the input is no more
// accumulated but sorted, by group and in the order in which it came, and goes on
// in files. Then each group is finished by itself: what it had in memory, and
// behind that its part of the rest. Results are put back in order by another sort.
type grouping struct {
	*group
	run    *run
	in     source
	table  map[string]*gathered
	list   []*gathered // in order
	bytes  int64
	groups uint64
	filled bool

	key     []byte
	values  []document.Value
	b       document.Builder
	rest    *sorter.Sorter // what came when memory was full
	came    uint64
	results *sorter.Sorter
}

// beside is what a group needs in memory besides its values.
const beside = 160

func (g *grouping) next(ctx context.Context) (document.Doc, bool, error) {
	if !g.filled {
		g.filled = true
		if err := g.fill(ctx); err != nil {
			return document.Doc{}, false, err
		}
	}
	if g.results != nil {
		r, ok, err := g.results.Next(ctx)
		return r.Doc, ok, err
	}
	if len(g.list) == 0 {
		return document.Doc{}, false, nil
	}
	one := g.list[0]
	g.list[0], g.list = nil, g.list[1:]
	doc, err := g.finish(one)
	return doc, err == nil, err
}

func (g *grouping) fill(ctx context.Context) error {
	if done, err := g.fillWide(ctx); done || err != nil {
		return err
	}
	g.values = make([]document.Value, len(g.outputs))
	for passed := 0; ; passed++ {
		if passed%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		doc, ok, err := g.in.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			g.in.close()
			break
		}
		if err := g.take(ctx, doc); err != nil {
			return err
		}
	}
	if g.rest == nil {
		g.table = nil
		return nil
	}
	return g.finishRest(ctx)
}

// take adds a document to its group.
func (g *grouping) take(ctx context.Context, doc document.Doc) error {
	id, err := g.evaluate(doc.Value())
	if err != nil {
		return err
	}
	g.key = keys.Append(g.key[:0], id, false)
	if g.rest != nil {
		return g.putAside(ctx, id)
	}
	one := g.table[string(g.key)]
	if one == nil {
		one = g.begin(id)
		g.table[string(g.key)] = one
		g.list = append(g.list, one)
		g.bytes += int64(2*len(g.key) + beside)
	}
	if err := g.add(one); err != nil {
		return err
	}
	if g.bytes > g.run.memory/2 {
		g.rest = &sorter.Sorter{Memory: g.run.memory / 4}
	}
	return nil
}

// evaluate leaves what is accumulated in g.values and returns the key.
func (g *grouping) evaluate(root document.Value) (document.Value, error) {
	id, err := g.group.key.Eval(g.run.env, root)
	if err != nil {
		return id, err
	}
	if !id.Exists() {
		id = document.NullValue()
	}
	for i := range g.outputs {
		if g.values[i], err = g.outputs[i].by.Operand().Eval(g.run.env, root); err != nil {
			return id, err
		}
	}
	return id, nil
}

func (g *grouping) begin(id document.Value) *gathered {
	one := &gathered{id: id.Clone(), came: g.groups, accs: make([]expr.Accumulator, len(g.outputs))}
	g.groups++
	for i, o := range g.outputs {
		one.accs[i] = o.by.New()
		g.bytes += int64(one.accs[i].Size())
	}
	return one
}

// add adds g.values to a group.
func (g *grouping) add(one *gathered) error {
	for i := range g.outputs {
		acc := one.accs[i]
		if g.outputs[i].flat {
			if err := acc.Add(g.values[i]); err != nil {
				return err
			}
			continue
		}
		before := acc.Size()
		if err := acc.Add(g.values[i]); err != nil {
			return err
		}
		g.bytes += int64(acc.Size() - before)
	}
	return nil
}

// putAside puts a key and g.values aside.
func (g *grouping) putAside(ctx context.Context, id document.Value) error {
	g.came++
	key := binary.BigEndian.AppendUint64(append([]byte(nil), g.key...), g.came)
	g.b.Reset()
	g.b.BeginObject()
	g.b.Field("_id", id)
	for i, v := range g.values {
		g.b.Field(strconv.Itoa(i), v)
	}
	g.b.End()
	return g.rest.Push(ctx, sorter.Record{Key: key, Doc: document.FromRaw(g.b.Built().Raw())})
}

// finishRest finishes all groups when some of the input was put aside.
func (g *grouping) finishRest(ctx context.Context) error {
	if err := g.rest.Finish(); err != nil {
		return err
	}
	g.results = &sorter.Sorter{Memory: g.run.memory / 4}
	var one *gathered
	var last []byte
	for {
		r, ok, err := g.rest.Next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		key := r.Key[:len(r.Key)-8]
		if one == nil || !bytes.Equal(key, last) {
			if err := g.emit(ctx, one); err != nil {
				return err
			}
			last = append(last[:0], key...)
			if one = g.table[string(key)]; one == nil {
				one = g.begin(r.Doc.Value().Field("_id"))
				// Groups that were not in memory follow those that were, in the order in which
				// they came.
				one.came = 1<<63 | binary.BigEndian.Uint64(r.Key[len(r.Key)-8:])
			} else {
				delete(g.table, string(key))
			}
		}
		for i := range g.values {
			g.values[i] = r.Doc.Value().Field(strconv.Itoa(i))
		}
		if err := g.add(one); err != nil {
			return err
		}
	}
	if err := g.emit(ctx, one); err != nil {
		return err
	}
	for _, one := range g.table {
		if err := g.emit(ctx, one); err != nil {
			return err
		}
	}
	g.table, g.list = nil, nil
	g.rest.Close()
	return g.results.Finish()
}

// emit hands a finished group to the results.
func (g *grouping) emit(ctx context.Context, one *gathered) error {
	if one == nil {
		return nil
	}
	doc, err := g.finish(one)
	if err != nil {
		return err
	}
	one.accs = nil
	return g.results.Push(ctx, sorter.Record{Key: binary.BigEndian.AppendUint64(nil, one.came), Doc: doc})
}

func (g *grouping) finish(one *gathered) (document.Doc, error) {
	return g.outputs.finish(g.run.env, &g.b, one.id, one.accs)
}

// finish returns the document of a group.
func (o outputs) finish(env *expr.Env, b *document.Builder, id document.Value, accs []expr.Accumulator) (document.Doc, error) {
	b.Reset()
	b.BeginObject()
	b.Field("_id", id)
	for i, one := range o {
		v, err := accs[i].Result(env)
		if err != nil {
			return document.Doc{}, err
		}
		b.Field(one.name, v)
	}
	b.End()
	return document.FromRaw(b.Built().Raw()), nil
}

func (g *grouping) close() {
	g.in.close()
	if g.rest != nil {
		g.rest.Close()
	}
	if g.results != nil {
		g.results.Close()
	}
	g.table, g.list = nil, nil
}
