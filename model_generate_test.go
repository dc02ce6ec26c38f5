package virga

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// A generator makes random lists in the part of the language that the model
// knows. Values are few, so that they meet.
type generator struct{ *rand.Rand }

// generate returns a list of n ops.
func generate(rnd *rand.Rand, n int) []op {
	g := generator{rnd}
	ops := make([]op, n)
	indexes := g.IntN(3) // that are there from the start
	for i := range ops {
		if i < indexes {
			ops[i] = op{Do: "index", In: "p", Fields: g.index()}
			continue
		}
		ops[i] = g.op()
	}
	return ops
}

func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

// chance is true once in n times.
func (g generator) chance(n int) bool { return g.IntN(n) == 0 }

func (g generator) op() op {
	o := op{In: pick(g, "p", "p", "p", "q")}
	switch n := g.IntN(100); {
	case n < 12:
		o.Do, o.Data, o.Pad = "add", g.document(true), g.pad()
	case n < 20:
		o.Do, o.Data = "addmany", g.documents()
	case n < 26:
		o.Do, o.ID, o.Data, o.Pad = "set", g.id(), g.document(false), g.pad()
	case n < 38:
		o.Do, o.ID, o.Data = "update", g.id(), g.update()
	case n < 42:
		o.Do, o.ID = "remove", g.id()
	case n < 48:
		o.Do, o.Where, o.Data = "updatewhere", g.filter(2), g.update()
	case n < 50:
		o.Do, o.Where = "removewhere", g.filter(2)
	case n < 54:
		o.Do, o.Where, o.Order, o.Data = "updateone", g.filter(2), g.order(), g.update()
	case n < 58:
		o.Do, o.ID = "get", g.id()
	case n < 76:
		o.Do, o.Where, o.Order, o.Skip, o.Limit, o.Fields = "find", g.filter(3), g.order(), g.window(), g.window(), g.fields()
	case n < 79:
		o.Do, o.Where, o.Order, o.Skip = "one", g.filter(3), g.order(), g.window()
	case n < 85:
		o.Do, o.Where, o.Skip, o.Limit = "count", g.filter(3), g.window(), g.window()
	case n < 88:
		o.Do, o.Where = "exists", g.filter(3)
	case n < 93:
		o.Do, o.Where, o.Path = "distinct", g.filter(1), g.path()
	case n < 94:
		o.Do = "create"
	case n < 95:
		o.Do, o.Fields = pick(g, "index", "index", "unindex"), g.index()
	case n < 96:
		o.Do = "drop"
	case n < 98:
		return op{Do: "reopen"}
	case n < 99:
		return op{Do: "compact"}
	default:
		return op{Do: "check"}
	}
	o.Built = (o.Where != nil || o.Data != nil && o.Do != "add" && o.Do != "addmany" && o.Do != "set") && g.chance(2)
	if o.Where != nil && len(o.Where) == 0 && g.chance(2) && (o.Do == "find" || o.Do == "count") {
		o.Where = nil
	}
	return o
}

func (g generator) window() int {
	if g.chance(3) {
		return g.IntN(8)
	}
	return 0
}

// pad makes a document large now and then: over the length up to which a value is
// stored whole, or just under it.
func (g generator) pad() int {
	if g.chance(30) {
		return pick(g, 1000, 512<<10-200, 700_000)
	}
	return 0
}

func (g generator) id() any {
	switch g.IntN(8) {
	case 0:
		return pick(g, "a", "b", "ab", "0123456789abcdef")
	case 1:
		return pick(g, 1.5, -0.5, float64(g.IntN(20)), 1<<53)
	case 2:
		return pick[int64](g, 1<<53, 1<<53+1, -1, math.MaxInt64)
	}
	return int64(g.IntN(24))
}

func (g generator) documents() []any {
	docs := make([]any, 1+g.IntN(6))
	for i := range docs {
		docs[i] = g.document(true)
	}
	return docs
}

// document returns a document, with an _id in most cases if it is for adding.
func (g generator) document(adding bool) D {
	d := D{}
	if adding && !g.chance(8) {
		d = append(d, E{Key: "_id", Value: g.id()})
	}
	for _, name := range g.some("a", "b", "c", "n", "t", "l") {
		d = append(d, E{Key: name, Value: g.field(name)})
	}
	return d
}

// some returns some of names, in any order.
func (g generator) some(names ...string) []string {
	names = slices.DeleteFunc(names, func(string) bool { return g.chance(4) })
	g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names
}

// field returns a value for a field: n holds an object, t an array of scalars, l
// one of objects, in most cases.
func (g generator) field(name string) any {
	if g.chance(10) {
		name = pick(g, "a", "n", "t", "l")
	}
	switch name {
	case "n":
		return g.object()
	case "t":
		return g.list(g.scalar)
	case "l":
		return g.list(func() any {
			if g.chance(6) {
				return g.scalar()
			}
			return g.object()
		})
	}
	return g.scalar()
}

func (g generator) object() D {
	d := D{}
	for _, name := range g.some("x", "y", "z") {
		v := g.scalar()
		if g.chance(8) {
			v = g.list(g.scalar)
		} else if g.chance(10) {
			v = D{{"w", g.scalar()}}
		}
		d = append(d, E{Key: name, Value: v})
	}
	return d
}

func (g generator) list(element func() any) []any {
	list := make([]any, g.IntN(5))
	for i := range list {
		list[i] = element()
		if g.chance(40) {
			list[i] = []any{g.scalar()}
		}
	}
	return list
}

func (g generator) scalar() any {
	switch g.IntN(14) {
	case 0:
		return nil
	case 1:
		return pick(g, true, false)
	case 2, 3:
		return pick(g, "", "a", "ab", "b", "ba", "B", "é")
	case 4:
		return time.UnixMilli(pick[int64](g, 0, 1, -1, 1_700_000_000_000)).UTC()
	case 5:
		return pick(g, 0.5, 1.0, 2.0, -1.5, 1e300, math.Inf(1), math.NaN(), math.Copysign(0, -1))
	case 6:
		return pick[int64](g, 1<<53, 1<<53+1, math.MaxInt64, math.MinInt64)
	case 7:
		return float64(1 << 53)
	}
	return int64(g.IntN(6) - 1)
}

// number returns a number to compute with.
func (g generator) number() any {
	return pick[any](g, int64(1), int64(-1), int64(3), 0.5, 2.0, int64(0), int64(math.MaxInt64))
}

func (g generator) order() D {
	d := D{}
	for range g.IntN(4) {
		path := pick(g, "a", "b", "c", "n", "n.x", "n.y", "t", "l.x", "_id", "l")
		if get(d, path) == (absent{}) {
			d = append(d, E{Key: path, Value: pick[int64](g, 1, -1)})
		}
	}
	if len(d) == 0 {
		return nil
	}
	return d
}

func (g generator) fields() D {
	if !g.chance(3) {
		return nil
	}
	mode := pick[int64](g, 0, 1)
	d := D{}
	for _, path := range pick(g, []string{"a", "n", "l"}, []string{"n.x", "t", "l.y"}, []string{"b", "n.x", "n.z.w"}, []string{"l.x", "l.y"}, nil) {
		d = append(d, E{Key: path, Value: mode})
	}
	if g.chance(3) || len(d) == 0 {
		d = append(d, E{Key: "_id", Value: pick[int64](g, 0, mode)})
	}
	return d
}

// index returns the field of an index. With more of them, a document that has
// arrays in two would be refused.
func (g generator) index() D {
	return D{{pick(g, "a", "b", "n", "n.x", "t", "l", "l.x"), pick[int64](g, 1, -1)}}
}

// path returns a path to look at.
func (g generator) path() string {
	return pick(g, "a", "a", "b", "c", "n", "n.x", "n.y", "n.z", "n.z.w", "t", "l", "l.x", "l.y", "l.z.w", "_id")
}
