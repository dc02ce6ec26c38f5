package rules

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/virgadb/virga/document"
)

// A maker makes random rules, filters and documents from so few names and values
// that they often meet.
type maker struct{ *rand.Rand }

func (m maker) one(of ...string) string { return of[m.IntN(len(of))] }

// rule returns the source of a condition.
func (m maker) rule(depth int) string {
	if depth > 0 {
		switch m.IntN(6) {
		case 0:
			return "!(" + m.rule(depth-1) + ")"
		case 1, 2:
			return "(" + m.rule(depth-1) + m.one(" && ", " || ") + m.rule(depth-1) + ")"
		}
	}
	switch m.IntN(14) {
	case 0:
		return m.path()
	case 1:
		return "!" + m.path()
	case 2:
		return m.path() + " in [" + m.list() + "]"
	case 3:
		return "!(" + m.path() + " in [" + m.list() + "])"
	case 4:
		return m.constant() + " in " + m.path()
	case 5:
		return "!(" + m.constant() + " in " + m.path() + ")"
	case 6:
		return m.operand() + " in " + m.one(m.path(), m.get()+".list", "["+m.list()+", "+m.path()+"]")
	case 7:
		return m.get() + m.one(".a", ".list", "") + m.comparator() + m.one(m.path(), m.constant())
	case 8:
		return m.path() + m.one(" == ", " != ") + m.one("null", "undefined", "auth.openid", "auth.uid", "["+m.list()+"]")
	}
	return m.operand() + m.comparator() + m.operand()
}

func (m maker) comparator() string {
	return m.one(" == ", " == ", " != ", " > ", " >= ", " < ", " <= ")
}

func (m maker) operand() string {
	if m.IntN(3) > 0 {
		return m.path()
	}
	return m.constant()
}

func (m maker) constant() string {
	return m.one("1", "2", "3", "1.5", "'x'", "'y'", "''", "true", "false", "auth.openid", "auth.uid", "now", "0")
}

func (m maker) list() string {
	list := make([]string, m.IntN(4))
	for i := range list {
		list[i] = m.one(m.constant(), m.constant(), "null", "['x']", "[1, 2]")
	}
	return strings.Join(list, ", ")
}

func (m maker) path() string {
	path := "doc." + m.one("a", "b", "a", "_id")
	for m.IntN(3) == 0 {
		path += m.one(".a", ".b", "[0]", "[1]", "['a']", "[auth.openid]", "[doc.b]")
	}
	return path
}

func (m maker) get() string {
	return m.one("get(`database.c.${doc.a}`)", "get('database.c.' + doc.b)", "get('database.c.x')", "get(`database.c.${auth.openid}`)",
		"get(`database.c.${get(`database.c.${doc.a}`).b}`)")
}

// scalar returns a value that is no container.
func (m maker) scalar() any {
	scalars := []any{nil, nil, true, false, 0, 1, 1, 2, 3, 1.5, -1, math.NaN(), "", "x", "x", "y", "alice", "z",
		noon, noon.Add(time.Hour), []byte{1}, noon.UnixMilli()}
	return scalars[m.IntN(len(scalars))]
}

func (m maker) value(depth int) any {
	switch n := m.IntN(10); {
	case n < 2 && depth > 0:
		return m.object(depth - 1)
	case n < 5 && depth > 0:
		list := []any{}
		for range m.IntN(4) {
			list = append(list, m.value(depth-1))
		}
		return list
	}
	return m.scalar()
}

func (m maker) object(depth int) document.D {
	d := document.D{}
	for _, name := range []string{"0", "1", "a", "alice", "b", "x"} {
		if chance := 3; m.IntN(chance) == 0 || name == "a" && m.IntN(2) == 0 {
			d = append(d, document.E{Key: name, Value: m.value(depth)})
		}
	}
	return d
}

func (m maker) doc() document.Doc {
	d, err := document.Encode(append(m.object(2), document.E{Key: "_id", Value: m.one("x", "y", "z")}), noon)
	if err != nil {
		panic(err)
	}
	return d
}

// filter returns a filter in MongoDB's form.
func (m maker) filter(depth int) document.D {
	d := document.D{}
	for range 1 + m.IntN(3) {
		if depth > 0 && m.IntN(4) == 0 {
			list := []any{}
			for range 1 + m.IntN(3) {
				list = append(list, m.filter(depth-1))
			}
			d = append(d, document.E{Key: m.one("$and", "$or", "$or", "$nor"), Value: list})
			continue
		}
		path := m.one("a", "b", "a", "b", "_id", "a.a", "a.b", "a.0", "b.0", "a.alice", "a.x")
		d = append(d, document.E{Key: path, Value: m.condition(depth)})
	}
	return d
}

func (m maker) condition(depth int) any {
	if m.IntN(3) == 0 {
		return m.value(1)
	}
	d := document.D{}
	for range 1 + m.IntN(2) {
		d = append(d, m.operator(depth))
	}
	return d
}

func (m maker) operator(depth int) document.E {
	values := func() []any {
		list := []any{}
		for range m.IntN(4) {
			list = append(list, m.value(1))
		}
		return list
	}
	switch m.IntN(14) {
	case 0:
		return document.E{Key: "$in", Value: values()}
	case 1:
		return document.E{Key: "$nin", Value: values()}
	case 2:
		return document.E{Key: "$ne", Value: m.value(1)}
	case 3:
		return document.E{Key: "$exists", Value: m.IntN(2) == 0}
	case 4:
		return document.E{Key: "$not", Value: document.D{m.operator(0)}}
	case 5:
		return document.E{Key: "$all", Value: values()}
	case 6:
		return document.E{Key: "$size", Value: m.IntN(3)}
	case 7:
		return document.E{Key: "$type", Value: m.one("number", "string", "array", "null")}
	case 8:
		return document.E{Key: "$regex", Value: m.one("^x", "y", ".")}
	case 9:
		return document.E{Key: "$mod", Value: []any{2, m.IntN(2)}}
	case 10:
		if depth > 0 {
			return document.E{Key: "$elemMatch", Value: m.element(depth - 1)}
		}
		return document.E{Key: "$eq", Value: m.value(2)}
	case 11:
		return document.E{Key: "$eq", Value: m.value(2)}
	}
	return document.E{Key: m.one("$gt", "$gte", "$lt", "$lte"), Value: m.value(1)}
}

func (m maker) element(depth int) document.D {
	if m.IntN(2) == 0 {
		return m.filter(depth)
	}
	return document.D{m.operator(0), m.operator(0)}
}

// shelf returns documents for get(), among them those called x and alice.
func (m maker) shelf() shelf {
	s := shelf{}
	for _, id := range []string{"x", "y", "alice"} {
		if m.IntN(4) > 0 {
			s["c."+id] = fmt.Sprintf(`{"_id": %q, "a": %s, "b": %q, "list": [%s]}`, id,
				m.one("1", "2", `"x"`, `"alice"`, "null", "[1, 2]"), m.one("x", "y", "q"), m.one(`1, "x"`, `"alice"`, "", "null"))
		}
	}
	return s
}
