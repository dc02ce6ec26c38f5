package virga

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// apply does to the model what an acknowledged op did to the database. An op that
// had nothing to do does nothing here either.
func (n *naive) apply(o op) {
	key := ""
	if o.ID != nil {
		key = idKey(o.ID)
	}
	switch o.Do {
	case "add", "addmany":
		_ = n.insert(o.In, o.documents())
	case "set":
		n.put(o.In, ordered(append(o.documents()[0], E{Key: "_id", Value: o.ID})))
	case "remove":
		delete(n.colls[o.In], key)
	case "update":
		if d, ok := n.colls[o.In][key]; ok {
			_, _ = n.update(o.In, []D{d}, o.Data.(D))
		}
	case "updatewhere":
		_, _ = n.update(o.In, found(n.all(o.In), op{Where: o.Where}), o.Data.(D))
	case "updateone":
		_, _ = n.update(o.In, found(n.all(o.In), op{Where: o.Where, Order: o.Order, Limit: 1}), o.Data.(D))
	case "removewhere":
		for _, d := range found(n.all(o.In), op{Where: o.Where}) {
			delete(n.colls[o.In], idKey(get(d, "_id")))
		}
	case "create", "index":
		n.make(o.In)
	case "drop":
		delete(n.colls, o.In)
	}
}

// of returns what belongs to one writer.
func (n *naive) of(writer int) *naive {
	own := newNaive()
	for name, docs := range n.colls {
		if name == "own"+strconv.Itoa(writer) {
			own.make(name)
		}
		for key, d := range docs {
			if get(d, "w") == int64(writer) {
				own.make(name)
				own.colls[name][key] = d
			}
		}
	}
	return own
}

func (n *naive) copy() *naive {
	c := newNaive()
	for name, docs := range n.colls {
		c.colls[name] = maps.Clone(docs)
	}
	return c
}

func (n *naive) merge(o *naive) {
	for name, docs := range o.colls {
		n.make(name)
		maps.Copy(n.colls[name], docs)
	}
}

// storedOf returns what a database holds of one writer.
func storedOf(db *DB, writer int) (*naive, error) {
	ctx := context.Background()
	names, err := db.Collections(ctx)
	if err != nil {
		return newNaive(), err
	}
	stored := newNaive()
	own := "own" + strconv.Itoa(writer)
	if slices.Contains(names, own) {
		stored.make(own)
	}
	for _, name := range []string{"shared", own} {
		for doc, err := range db.Collection(name).Where(D{{"w", writer}}).Each(ctx) {
			if err != nil {
				return stored, err
			}
			stored.put(name, decoded(doc.Value()).(D))
		}
	}
	return stored, nil
}

// between reports whether stored is what the last op, which was not acknowledged,
// found or what it leaves. An op on many documents may have come to some of them.
func between(stored, before, after *naive, last op) error {
	toOld, toNew := differ(stored, before), differ(stored, after)
	if before.colls[last.In] == nil && len(stored.colls[last.In]) == 0 {
		delete(toOld, last.In) // a collection is created before the first document is written to it
	}
	if len(toOld) == 0 || len(toNew) == 0 {
		return nil
	}
	if !strings.HasSuffix(last.Do, "where") {
		return fmt.Errorf("lost or torn: %s; or, if %s has happened: %s", firstOf(toOld), brief(last.String()), firstOf(toNew))
	}
	for key, what := range toOld {
		if _, ok := toNew[key]; ok {
			return fmt.Errorf("lost: %s", what)
		}
	}
	return nil
}

// differ lists what is not the same in two models.
func differ(a, b *naive) map[string]string {
	all := map[string]string{}
	names := maps.Clone(a.colls)
	maps.Copy(names, b.colls)
	for name := range names {
		if _, inA := a.colls[name]; (name != "shared") && inA != (b.colls[name] != nil) {
			all[name] = fmt.Sprintf("collection %s: stored %v", name, inA)
		}
		keys := maps.Clone(a.colls[name])
		if keys == nil {
			keys = map[string]D{}
		}
		maps.Copy(keys, b.colls[name])
		for key := range keys {
			x, y := a.colls[name][key], b.colls[name][key]
			if (x == nil) != (y == nil) || !identical(x, y) {
				all[name+"/"+key] = fmt.Sprintf("%s/%s is %.200s, not %.200s", name, key, text(x), text(y))
			}
		}
	}
	return all
}

func firstOf(all map[string]string) string {
	keys := slices.Sorted(maps.Keys(all))
	return fmt.Sprintf("%s (of %d)", all[keys[0]], len(all))
}
