package rules

import (
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

type m = document.M

func TestProof(t *testing.T) {
	lobby := shelf{
		"room.r1":      `{"_id": "r1", "members": ["alice", "bob"], "owner": "alice", "open": true}`,
		"room.r2":      `{"_id": "r2", "members": ["bob"], "open": false}`,
		"company.acme": `{"_id": "acme", "admins": ["alice"]}`,
		"staff.alice":  `{"_id": "alice", "company": "acme", "roles": ["editor"]}`,
	}
	for _, c := range []struct {
		rule  string
		where any
		want  bool
	}{
		// The table of the cloud.
		{"doc.age > 10", m{"age": query.Gt(10)}, true},
		{"doc.age > 10", m{"age": query.Gt(8)}, false},
		{"doc.age > 10", m{}, false},
		{"doc.age > 10", nil, false},
		{"doc._openid == auth.openid", m{"_openid": "alice", "x": 1}, true},
		{"doc._openid == auth.openid", m{"x": 1}, false},
		{"doc._openid == auth.openid", m{"_id": "id"}, false},
		{"doc.status in ['a','b']", m{"status": query.In([]string{"a"})}, true},
		{"doc.status != 'x'", m{"status": "y"}, true},
		{"doc.a == 1 && doc.b == 2", m{"a": 1, "b": 2}, true},
		{"doc.a == 1 && doc.b == 2", m{"a": 1}, false},
		{"doc.a == 1 || doc.b == 2", m{"b": 2}, true},
		{"auth.openid in get(`database.room.${doc.room}`).members && doc.withdrawn == false", m{"room": "r1", "withdrawn": false}, true},
		{"auth.openid in get(`database.room.${doc.room}`).members && doc.withdrawn == false", m{"room": "r2", "withdrawn": false}, false},
		{"auth.openid in get(`database.room.${doc.room}`).members && doc.withdrawn == false", m{"room": "r1"}, false},
		{"true", m{}, true},
		{"true", m{"any": query.Regex("thing")}, true},
		{"false", m{"a": 1}, false},

		// Ranges.
		{"doc.age >= 10", m{"age": query.Gte(10)}, true},
		{"doc.age > 10", m{"age": query.Gte(10)}, false},
		{"doc.age >= 10", m{"age": query.Gt(10)}, true},
		{"doc.age > 10", m{"age": 11}, true},
		{"doc.age > 10", m{"age": query.In([]int{11, 12})}, true},
		{"doc.age > 10", m{"age": query.In([]int{10, 12})}, false},
		{"doc.age > 10", m{"age": query.Gt("10")}, false},
		{"10 < doc.age", m{"age": query.Gt(10)}, true},
		{"doc.age < 10", m{"age": query.Lt(10)}, true},
		{"doc.age <= 10.5", m{"age": query.Lt(10)}, true},
		{"doc.age > 10 && doc.age < 20", m{"age": query.Gt(12).Lt(15)}, true},
		{"doc.age == 5", m{"age": query.Gte(5).Lte(5)}, false}, // [1, 9] meets it
		{"doc.name >= 'm'", m{"name": query.Gte("n")}, true},
		{"!(doc.age > 10)", m{"age": query.Lte(10)}, true},
		{"!(doc.age > 10)", m{"age": query.Not(query.Gt(10))}, true},
		{"!(doc.age > 10)", m{"age": query.Not(query.Gt(5))}, true},
		{"!(doc.age > 10)", m{"age": query.Not(query.Gt(15))}, false},
		{"!(doc.age > 10)", m{"age": query.Exists(false)}, true},
		{"!(doc.age > 10)", m{"age": "old"}, true},
		{"doc.age > now", m{"age": query.Gt(noon.UnixMilli())}, true},
		{"doc.age > now", m{"age": query.Gt(noon.UnixMilli() - 1)}, false},

		// Negations.
		{"doc.status != 'x'", m{"status": query.Neq("x")}, true},
		{"doc.status != 'x'", m{"status": query.Nin([]string{"x", "y"})}, true},
		{"doc.status != 'x'", m{"status": query.Neq("y")}, false},
		{"doc.status != 'x'", m{"status": query.Exists(false)}, true},
		{"doc.status != 'x'", m{"status": query.Exists(true)}, false},
		{"doc.status != 'x'", m{"status": 5}, true},
		{"doc.status != 'x'", m{"status": query.Gt(5)}, true},
		{"doc.status != 'x'", m{"status": query.Regex("^y")}, false},
		{"doc.n != 5", m{"n": query.Regex("^y")}, true},
		{"doc.n != 5", m{"n": query.Gt(5)}, true},
		{"doc.n != 5", m{"n": query.Gte(5)}, false},
		{"doc.n != 5", m{"n": query.Gte(5).And(query.Neq(5))}, true},
		{"doc.n > 5", m{"n": query.Gte(5).And(query.Neq(5))}, false}, // NaN aside, but not worth a rule of its own
		{"doc.n == 5", m{"n": query.In([]int{5, 6}).And(query.Neq(6))}, true},
		{"!(doc.status in ['x', 'y'])", m{"status": "z"}, true},
		{"!(doc.status in ['x', 'y'])", m{"status": query.Nin([]string{"x", "y", "z"})}, true},
		{"!(doc.status in ['x', 'y'])", m{"status": query.Nin([]string{"x"})}, false},
		{"!(doc.status == 'x' || doc.n > 3)", m{"status": "y", "n": 2}, true},
		{"!!(doc.a == 1)", m{"a": 1}, true},

		// null and missing.
		{"doc.gone == null", m{"gone": nil}, true},
		{"doc.gone == undefined", m{"gone": query.Exists(false)}, true},
		{"doc.a.gone == null", m{"a": m{"gone": query.Exists(false)}}, false}, // {a: [1]} meets it and reaches nothing
		{"doc.gone != null", m{"gone": query.Neq(nil)}, true},
		{"doc.gone != null", m{"gone": 5}, true},
		{"doc.gone != null", m{"gone": query.Exists(true)}, false},
		{"doc.gone != null", m{"gone": query.Regex("a")}, true},
		{"doc.gone == 0", m{"gone": nil}, false},
		{"doc != null", m{}, true},
		{"auth != null", m{}, true},
		{"auth.uid == null", m{}, true},
		{"auth.uid == doc.uid", m{"uid": nil}, false},
		{"auth.uid == doc.uid", m{"uid": query.Exists(false)}, false},
		{"auth.uid != doc.uid", m{}, true},

		// Arrays and lists.
		{"'x' in doc.tags", m{"tags": "x"}, true},
		{"'x' in doc.tags", m{"tags": query.All([]string{"x", "y"})}, true},
		{"doc.tags == 'x'", m{"tags": "x"}, true},
		{"!('x' in doc.tags)", m{"tags": "y"}, false}, // ["y", "x"] meets it
		{"!('x' in doc.tags)", m{"tags": query.Neq("x")}, true},
		{"doc.tags == ['x']", m{"tags": []string{"x"}}, true},
		{"doc.tags != ['x']", m{"tags": []string{"y"}}, false}, // [["y"], …] meets it; not worth a rule of its own
		{"auth.openid in [doc.owner, doc.editor]", m{"editor": "alice"}, true},
		{"auth.openid in [doc.owner, doc.editor]", m{"editor": "bob"}, false},
		{"!(auth.openid in [doc.owner, doc.editor])", m{"editor": "bob", "owner": "carl"}, true},
		{"!(auth.openid in [doc.owner, doc.editor])", m{"editor": "bob"}, false},
		{"doc.list[0] == 1", m{"list.0": 1}, true},
		{"doc.list[0] == 1", m{"list": 1}, false},

		{"'x' in doc.tags", m{"tags": query.ElemMatch(query.Eq("x"))}, true},
		{"doc.n > 5", m{"n": query.ElemMatch(query.Gt(7).Lt(9))}, true},
		{"doc.n != 7", m{"n": query.ElemMatch(query.Neq(7))}, false}, // not worth a rule of its own
		{"!(7 in doc.n)", m{"n": query.ElemMatch(query.Neq(7))}, false},
		{"doc.list[0] == 7", m{"list.0": query.ElemMatch(query.Eq(7))}, false},

		// Paths, two of them, and computed ones.
		{"doc.a.b == 1", m{"a": m{"b": 1}}, true},
		{"doc.a.b == 1", m{"a": query.Eq(m{"b": 1})}, true},
		{"doc.a.b != 2", m{"a": query.Eq(m{"b": 1})}, true},
		{"doc.a.c == null", m{"a": query.Eq(m{"b": 1})}, true},
		{"doc.a.b == 2", m{"a": query.Eq(m{"b": []int{1, 2}})}, true},
		{"doc.a.b.c > 1", m{"a.b": query.Eq(m{"c": 2})}, true},
		{"doc.a.b == 1", m{"a": query.Neq(m{"b": 1})}, false},
		{"doc['a'].b == 1", m{"a.b": 1}, true},
		{"doc.roles[auth.openid] == 'admin'", m{"roles.alice": "admin"}, true},
		{"doc.roles[auth.openid] == 'admin'", m{"roles.bob": "admin"}, false},
		{"doc.roles[doc.key] == 1", m{"key": "k", "roles.k": 1}, true},
		{"doc.a == doc.b", m{"a": 1, "b": 1}, true},
		{"doc.a == doc.b", m{"a": 1, "b": 2}, false},
		{"doc.a != doc.b", m{"a": 1, "b": 2}, true},
		{"doc.a < doc.b", m{"a": 1, "b": query.Gt(1)}, true},
		{"doc.a < doc.b", m{"a": query.Lt(5), "b": 5}, true},
		{"doc.a in doc.b", m{"a": 1, "b": 1}, true},

		// Truth.
		{"doc.open", m{"open": true}, true},
		{"doc.open", m{"open": 1}, false},
		{"doc.open && true", m{"open": 1}, true},
		{"!doc.open", m{"open": false}, true},
		{"!doc.open", m{"open": nil}, true},
		{"!doc.open", m{"open": query.Exists(false)}, true},
		{"!doc.open", m{"open": query.Neq(true)}, false},
		{"!doc.open", m{}, false},

		// Alternatives.
		{"doc.a == 1", query.Or(m{"a": 1, "b": 1}, m{"a": 1, "b": 2}), true},
		{"doc.a == 1", query.Or(m{"a": 1}, m{"b": 2}), false},
		{"doc.a in [1, 2]", query.Or(m{"a": 1}, m{"a": 2}), true},
		{"doc.a == 1 || doc.b == 2", query.Or(m{"a": 1}, m{"b": 2}), true},
		{"doc.a == 1 && doc.b == 2", query.And(query.Or(m{"a": 1}), query.Or(m{"b": 2}, m{"b": 2, "c": 1})), true},
		{"doc.a != 1", query.Nor(m{"a": 1}, m{"b": 1}), true},
		{"doc.a != 1 || doc.b != 1", query.Not(query.And(m{"a": 1}, m{"b": 1})), true},
		{"doc.a == 1", query.Or(m{"a": 1}, m{"a": query.In([]int{})}), true},
		{"get(`database.room.${doc.room}`).owner != null", query.Or(m{"room": "r1"}, m{"room": "r2"}), false},
		{"auth.openid in get(`database.room.${doc.room}`).members", query.Or(m{"room": "r1", "x": 1}, m{"room": "r1", "x": 2}), true},

		// get.
		{"auth.openid in get('database.room.r1').members", m{}, true},
		{"auth.openid in get('database.room.' + doc.room).members", m{"room": query.In([]string{"r1"})}, true},
		{"auth.openid in get('database.room.' + doc.room).members", m{"room": query.In([]string{"r1", "r2"})}, false},
		{"auth.openid in get(`database.company.${get(`database.staff.${auth.openid}`).company}`).admins", m{}, true},
		{"get('database.room.none').members == null", m{}, true},
		{"get('database.room.none') == null", m{}, true},
		{"auth.openid in get('database.room.none').members", m{}, false},
		{"!(auth.openid in get('database.room.none').members)", m{}, true},
		{"doc.owner in get('database.room.r1').members", m{"owner": "bob"}, true},
		{"!(doc.owner in get('database.room.r1').members)", m{"owner": "carl"}, true},
		{"doc.owner == get('database.room.r1').owner", m{"owner": "alice"}, true},
		{"get('database.room.r1').open", m{}, true},
		{"'editor' in get(`database.staff.${doc._openid}`).roles", m{"_openid": "alice"}, true},

		// What proves nothing.
		{"doc.a == 1", m{"a": query.Mod(2, 1)}, false},
		{"doc.a != null", query.Expr(m{"$eq": []any{"$a", 1}}), false},
		{"doc.a == 1", query.Raw(m{"a": m{"$type": "number"}}), false},
	} {
		r := mustRules(t, c.rule)
		call := &Call{Auth: Auth{OpenID: "alice"}, Op: Read, Now: noon, Get: lobby}
		var f *query.Filter
		if c.where != nil {
			f = mustFilter(t, c.where)
		}
		condition, err := r.Query(t.Context(), call, f)
		if condition != nil {
			t.Errorf("%s narrows to %v", c.rule, condition)
		}
		if (err == nil) != c.want {
			t.Errorf("%s with %v: %v", c.rule, c.where, err)
		}
		if err == nil {
			continue
		}
		if where, ok := denied(t, err).Where(); ok {
			both := where
			if c.where != nil {
				both = query.And(c.where, where)
			}
			if _, err := r.Query(t.Context(), call, mustFilter(t, both)); err != nil {
				t.Errorf("%s with %v: the remedy %v is no remedy: %v", c.rule, c.where, where, err)
			}
		}
	}
}
