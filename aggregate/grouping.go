package aggregate

import (
	"context"
	"encoding/binary"
	"strconv"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/sorter"
)

// grouping is the source of a $group that gathers all groups before it yields one.
//
// When the groups in memory grow over the limit, the rest of the input is no more
// accumulated but sorted, by group and in the order in which it came, and goes on
// in files. Then each group is finished by itself: what it had in memory, and
// behind that its part of the rest.
type grouping struct {
	groups
	in     source
	filled bool

	rest  *sorter.Sorter // what came when memory was full
	came  uint64
	ahead sorter.Record // the next of the rest
	more  bool          // there is one
}

func (g *grouping) next(ctx context.Context) (document.Doc, bool, error) {
	if !g.filled {
		g.filled = true
		if err := g.fill(ctx); err != nil {
			return document.Doc{}, false, err
		}
	}
	one, err := g.nextGroup(ctx)
	if one == nil || err != nil {
		return document.Doc{}, false, err
	}
	doc, err := g.finish(one)
	return doc, err == nil, err
}

// fill gathers the groups, and puts them in order.
func (g *grouping) fill(ctx context.Context) error {
	done, err := g.fillWide(ctx)
	if err == nil && !done {
		err = g.fillAlone(ctx)
	}
	if err != nil {
		return err
	}
	g.in.close()
	if g.rest != nil {
		if err := g.rest.Finish(ctx); err != nil {
			return err
		}
		if err := g.advance(ctx); err != nil {
			return err
		}
	}
	return g.order(ctx)
}

func (g *grouping) fillAlone(ctx context.Context) error {
	for passed := 0; ; passed++ {
		if passed%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		doc, ok, err := g.in.next(ctx)
		if err != nil || !ok {
			return err
		}
		if err := g.evaluate(doc); err != nil {
			return err
		}
		if g.rest != nil {
			err = g.putAside(ctx)
		} else {
			err = g.take()
		}
		if err != nil {
			return err
		}
		if g.bytes > g.run.memory/2 && g.rest == nil {
			g.rest = &sorter.Sorter{Memory: g.run.memory / 4, Dir: g.run.temp}
		}
	}
}

// putAside puts the document at hand aside: the values that are accumulated, by
// their places, and the _id of its group.
func (g *grouping) putAside(ctx context.Context) error {
	g.came++
	g.makeKey()
	key := binary.BigEndian.AppendUint64(append([]byte(nil), g.key...), g.came)
	id := g.group.key.id(&g.b, g.parts())
	g.b.Reset()
	g.b.BeginObject()
	g.b.Field("_id", id)
	for i, v := range g.values[len(g.group.key.parts):] {
		g.b.Field(strconv.Itoa(i), v)
	}
	g.b.End()
	return g.rest.Push(ctx, sorter.Record{Key: key, Doc: document.FromRaw(g.b.Built().Raw())})
}

// advance moves to the next document that was put aside.
func (g *grouping) advance(ctx context.Context) (err error) {
	g.ahead, g.more, err = g.rest.Next(ctx)
	return err
}

// nextGroup returns the next group in order, whole, nil when there is none.
func (g *grouping) nextGroup(ctx context.Context) (*gathered, error) {
	var one *gathered
	if len(g.list) > 0 && (!g.more || g.list[0].key <= string(g.aside())) {
		one = g.list[0]
		g.list[0], g.list = nil, g.list[1:]
	}
	for g.more && (one == nil || one.key == string(g.aside())) {
		id := g.ahead.Doc.Value().Field("_id")
		if one == nil {
			one = &gathered{key: string(g.aside()), id: id, accs: g.outputs.begin()}
		}
		one.represent(id)
		for i := range g.outputs.accs {
			g.values[len(g.group.key.parts)+i] = g.ahead.Doc.Value().Field(strconv.Itoa(i))
		}
		if err := g.add(one); err != nil {
			return nil, err
		}
		if err := g.advance(ctx); err != nil {
			return nil, err
		}
	}
	return one, nil
}

// aside returns the key of the next document that was put aside.
func (g *grouping) aside() []byte { return g.ahead.Key[:len(g.ahead.Key)-8] }

func (g *grouping) close() {
	g.in.close()
	if g.rest != nil {
		g.rest.Close()
	}
	g.table, g.list, g.more = nil, nil, false
}
