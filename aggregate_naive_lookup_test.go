package virga

import (
	"slices"
	"strings"
)

func (n naivePipeline) lookup(docs []D, spec D) ([]D, error) {
	var out []D
	for _, d := range docs {
		found := n.colls[get(spec, "from").(string)]
		if local, ok := get(spec, "localField").(string); ok {
			values, foreign := naiveLocal(d, strings.Split(local, ".")), strings.Split(get(spec, "foreignField").(string), ".")
			found = slices.DeleteFunc(slices.Clone(found), func(other D) bool {
				return !slices.ContainsFunc(values, func(v any) bool {
					return slices.ContainsFunc(reach(other, foreign), func(s spot) bool { return naiveSpot(s, v) })
				})
			})
		}
		if stages, ok := get(spec, "pipeline").([]any); ok {
			v := D{{"$literal", naiveEval(get(spec, "let").(D)[0].Value, d)}}
			var err error
			if found, err = n.run(found, bound(stages, v).([]any)); err != nil {
				return nil, err
			}
		}
		out = append(out, putAt(d, strings.Split(get(spec, "as").(string), "."), listOf(found)))
	}
	return out, nil
}

// bound returns x with v in the place of the variable of that name, but not in the
// pipeline of another lookup, which binds one of its own.
func bound(x any, v D) any {
	switch x := x.(type) {
	case string:
		if x == "$$v" {
			return v
		}
	case []any:
		list := make([]any, len(x))
		for i, e := range x {
			list[i] = bound(e, v)
		}
		return list
	case D:
		d := make(D, len(x))
		for i, e := range x {
			if d[i] = e; e.Key != "pipeline" || get(x, "let") == any(absent{}) {
				d[i].Value = bound(e.Value, v)
			}
		}
		return d
	}
	return x
}

// graph goes from document to document, a step at a time.
func (n naivePipeline) graph(docs []D, spec D) []D {
	var out []D
	for _, d := range docs {
		found := []any{}
		seen := map[string]bool{}
		values := naiveLocals(naiveEval(get(spec, "startWith"), d), nil)
		for depth := int64(0); len(values) > 0 && (get(spec, "maxDepth") == any(absent{}) || depth <= get(spec, "maxDepth").(int64)); depth++ {
			var next []any
			for _, other := range n.colls[get(spec, "from").(string)] {
				to := get(spec, "connectToField").(string)
				if seen[text(get(other, "_id"))] || !meets(D{{to, D{{"$exists", true}}}}, other) || !slices.ContainsFunc(values, func(v any) bool {
					return slices.ContainsFunc(reach(other, strings.Split(to, ".")), func(s spot) bool { return naiveSpot(s, v) })
				}) {
					continue
				}
				seen[text(get(other, "_id"))] = true
				found = append(found, withField(other, "depth", depth))
				next = append(next, naiveLocals(other, strings.Split(get(spec, "connectFromField").(string), "."))...)
			}
			values = next
		}
		out = append(out, putAt(d, strings.Split(get(spec, "as").(string), "."), found))
	}
	return out
}

// naiveLocal lists the values to look for.
func naiveLocal(v any, path []string) []any {
	found := naiveLocals(v, path)
	if len(found) == 0 {
		return []any{nil}
	}
	return found
}

func naiveLocals(v any, path []string) (found []any) {
	switch x := v.(type) {
	case absent:
	case D:
		if len(path) == 0 {
			return []any{v}
		}
		return naiveLocals(get(x, path[0]), path[1:])
	case []any:
		for _, e := range x {
			if _, ok := e.(D); ok && len(path) > 0 {
				found = append(found, naiveLocals(e, path)...)
			} else if len(path) == 0 {
				found = append(found, e)
			}
		}
	default:
		if len(path) == 0 {
			return []any{v}
		}
	}
	return found
}

// naiveSpot reports whether what a path leads to equals v.
func naiveSpot(s spot, v any) bool {
	if equal(orNil(s.value), v) {
		return true
	}
	list, ok := s.value.([]any)
	return ok && s.into && slices.ContainsFunc(list, func(e any) bool { return equal(e, v) })
}
