package aggregate

import (
	"bytes"
	"context"
	"hash/maphash"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/sorter"
)

// A gathered is what has become of one group so far.
type gathered struct {
	key  string // see [groupKey.appendOrder] and [groupKey.appendMarks]
	id   document.Value
	accs []expr.Accumulator
}

// groups puts documents into groups. It belongs to one goroutine.
type groups struct {
	*group
	run    *run
	table  map[string]*gathered // by key
	list   []*gathered          // the same
	bytes  int64                // of memory they need
	recent [recentGroups]recent // by a hash of the bytes of their parts
	seed   maphash.Seed

	values []document.Value // of the document at hand, as [group.values] has them
	raw    []byte           // scratch
	key    []byte           // scratch
	b      document.Builder
}

// A recent is a group by the bytes of its parts, from which it takes longer to make a
// key than to look for one.
type recent struct {
	raw []byte
	one *gathered
}

const (
	recentGroups = 256
	recentBytes  = 64 // longer parts are not remembered
)

// beside is what a group needs in memory besides its values.
const beside = 200

func newGroups(g *group, r *run) groups {
	return groups{group: g, run: r, table: make(map[string]*gathered), seed: maphash.MakeSeed(), values: make([]document.Value, len(g.key.parts)+len(g.outputs.accs))}
}

// evaluate sets the values of a document.
func (g *groups) evaluate(doc document.Doc) error {
	return g.group.values.Eval(g.run.env, doc.Value(), g.values)
}

// parts are the parts of the key of the document at hand.
func (g *groups) parts() []document.Value { return g.values[:len(g.group.key.parts)] }

// rawKey returns the bytes of the parts.
func (g *groups) rawKey() []byte {
	if parts := g.parts(); len(parts) == 1 && parts[0].Exists() {
		return parts[0].Raw()
	}
	g.raw = g.group.key.appendRaw(g.raw[:0], g.parts())
	return g.raw
}

// makeKey sets the key of the document at hand and returns the length of what its
// order is made of.
func (g *groups) makeKey() int {
	g.key = g.group.key.appendOrder(g.key[:0], g.parts())
	order := len(g.key)
	g.key = g.group.key.appendMarks(g.key, g.parts())
	return order
}

// take adds the document at hand to its group.
func (g *groups) take() error { return g.add(g.find()) }

// find returns the group of the document at hand, a new one if need be.
func (g *groups) find() *gathered {
	raw := g.rawKey()
	if len(raw) > recentBytes {
		return g.look()
	}
	slot := &g.recent[maphash.Bytes(g.seed, raw)%recentGroups]
	if slot.one == nil || !bytes.Equal(slot.raw, raw) {
		slot.raw, slot.one = append(slot.raw[:0], raw...), g.look()
	}
	return slot.one
}

func (g *groups) look() *gathered {
	g.makeKey()
	one := g.table[string(g.key)]
	if one == nil {
		one = g.begin()
		g.table[one.key] = one
		g.list = append(g.list, one)
	} else {
		one.represent(g.group.key.id(&g.b, g.parts()))
	}
	return one
}

// begin returns a new group, that of g.key.
func (g *groups) begin() *gathered {
	one := &gathered{key: string(g.key), id: g.group.key.id(&g.b, g.parts()), accs: g.outputs.begin()}
	g.bytes += int64(len(one.key) + len(one.id.Raw()) + beside)
	for _, a := range one.accs {
		g.bytes += int64(a.Size())
	}
	return one
}

// represent makes id that of the group if it stands for the one it has too: keys that
// are equal numbers may be written in several ways.
func (o *gathered) represent(id document.Value) {
	if expr.Simpler(id, o.id) {
		o.id = id
	}
}

// add adds the document at hand to a group.
func (g *groups) add(one *gathered) error {
	values := g.values[len(g.group.key.parts):]
	for i, acc := range one.accs {
		if g.outputs.accs[i].flat {
			if err := acc.Add(values[i]); err != nil {
				return err
			}
			continue
		}
		before := acc.Size()
		if err := acc.Add(values[i]); err != nil {
			return err
		}
		g.bytes += int64(acc.Size() - before)
	}
	return nil
}

// order puts the groups in the order of their keys.
func (g *groups) order(ctx context.Context) error {
	g.table = nil
	return sorter.Sort(ctx, g.list, func(a, b *gathered) int { return strings.Compare(a.key, b.key) })
}

// finish returns the document of a group.
func (g *groups) finish(one *gathered) (document.Doc, error) {
	return g.outputs.finish(g.run.env, &g.b, one.id, one.accs)
}
