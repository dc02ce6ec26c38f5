package virga

import (
	"slices"
	"strings"
)

// naiveAdd adds computed fields to v, a part of root.
func naiveAdd(root D, v any, fields D) any {
	if list, ok := v.([]any); ok {
		out := make([]any, len(list))
		for i, e := range list {
			out[i] = naiveAdd(root, e, fields)
		}
		return out
	}
	d, _ := v.(D)
	out := clone(d).(D)
	for _, f := range fields {
		if sub, ok := f.Value.(D); ok && !isOp(sub) {
			out = withField(out, f.Key, naiveAdd(root, get(out, f.Key), sub))
		} else {
			out = withField(out, f.Key, naiveEval(f.Value, root))
		}
	}
	return out
}

func isOp(d D) bool { return len(d) > 0 && strings.HasPrefix(d[0].Key, "$") }

// withField returns d with a field set, or taken away when v is absent.
func withField(d D, name string, v any) D {
	i := slices.IndexFunc(d, func(e E) bool { return e.Key == name })
	_, gone := v.(absent)
	switch {
	case gone && i >= 0:
		return slices.Delete(slices.Clone(d), i, i+1)
	case gone:
		return d
	case i >= 0:
		d = slices.Clone(d)
		d[i].Value = v
		return d
	}
	return append(slices.Clone(d), E{name, v})
}

// naiveProject keeps the fields that are 1, and computes the others.
func naiveProject(d, fields D) D {
	out := D{}
	if get(fields, "_id") != int64(0) {
		if id := get(d, "_id"); id != (absent{}) {
			out = append(out, E{"_id", id})
		}
	}
	for _, e := range d {
		if get(fields, e.Key) == int64(1) && e.Key != "_id" {
			out = append(out, e)
		}
	}
	for _, f := range fields {
		if f.Value != int64(1) && f.Value != int64(0) {
			out = withField(out, f.Key, naiveEval(f.Value, d))
		}
	}
	return out
}

func naiveUnset(v any, path []string) any {
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = naiveUnset(e, path)
		}
		return out
	case D:
		if len(path) == 1 {
			return withField(x, path[0], absent{})
		}
		if below := get(x, path[0]); below != (absent{}) {
			return withField(x, path[0], naiveUnset(below, path[1:]))
		}
	}
	return v
}

func naiveUnwind(docs []D, spec D) (out []D) {
	path := strings.Split(get(spec, "path").(string)[1:], ".")
	preserve := get(spec, "preserveNullAndEmptyArrays") == true
	index, _ := get(spec, "includeArrayIndex").(string)
	emit := func(d D, v, at any) {
		d = putAt(d, path, v)
		if index != "" {
			d = withField(d, index, at)
		}
		out = append(out, d)
	}
	for _, d := range docs {
		v := followed(d, path)
		switch x := v.(type) {
		case []any:
			for i, e := range x {
				emit(d, e, int64(i))
			}
			if len(x) == 0 && preserve {
				emit(d, absent{}, nil)
			}
		case nil, absent:
			if preserve {
				emit(d, v, nil)
			}
		default:
			emit(d, v, nil)
		}
	}
	return out
}

// followed and putAt follow a path through objects alone.
func followed(v any, path []string) any {
	for _, name := range path {
		d, ok := v.(D)
		if !ok {
			return absent{}
		}
		v = get(d, name)
	}
	return v
}

func putAt(d D, path []string, v any) D {
	if len(path) == 1 {
		return withField(d, path[0], v)
	}
	if followed(d, path) == any(absent{}) && v == any(absent{}) {
		return d
	}
	below, _ := get(d, path[0]).(D)
	return withField(d, path[0], putAt(below, path[1:], v))
}
