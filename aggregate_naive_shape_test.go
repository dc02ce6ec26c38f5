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

// naiveProject keeps the fields that are 1 and computes the others, or leaves out those
// that are 0.
func naiveProject(d, fields D) D {
	if naiveDrops(fields) {
		return naiveDrop(d, fields)
	}
	spec := D{{"_id", int64(1)}}
	for _, f := range fields {
		spec = putAt(spec, strings.Split(f.Key, "."), f.Value)
	}
	return naiveChoose(d, d, spec).(D)
}

// naiveDrops reports whether a projection leaves out fields other than _id.
func naiveDrops(fields D) bool {
	return slices.ContainsFunc(fields, func(f E) bool {
		sub, ok := f.Value.(D)
		return ok && !isOp(sub) && naiveDrops(sub) || f.Value == any(int64(0)) && f.Key != "_id"
	})
}

func naiveDrop(d, fields D, above ...string) D {
	for _, f := range fields {
		path := append(slices.Clone(above), strings.Split(f.Key, ".")...)
		if sub, ok := f.Value.(D); ok {
			d = naiveDrop(d, sub, path...)
		} else {
			d = naiveUnset(d, path).(D)
		}
	}
	return d
}

// naiveChoose projects v, a part of root, by a tree of names.
func naiveChoose(root D, v any, spec D) any {
	if list, ok := v.([]any); ok {
		out := []any{}
		for _, e := range list {
			if e := naiveChoose(root, e, spec); e != any(absent{}) {
				out = append(out, e)
			}
		}
		return out
	}
	d, ok := v.(D)
	if !ok && !naiveComputes(spec) {
		return absent{}
	}
	out := D{}
	for _, e := range d {
		if sub, ok := get(spec, e.Key).(D); ok && !isOp(sub) {
			out = withField(out, e.Key, naiveChoose(root, e.Value, sub))
		} else if get(spec, e.Key) == any(int64(1)) {
			out = append(out, e)
		}
	}
	for _, f := range spec {
		if sub, ok := f.Value.(D); ok && !isOp(sub) {
			if get(d, f.Key) == any(absent{}) {
				out = withField(out, f.Key, naiveChoose(root, absent{}, sub))
			}
		} else if f.Value != any(int64(1)) && f.Value != any(int64(0)) {
			out = withField(out, f.Key, naiveEval(f.Value, root))
		}
	}
	return out
}

// naiveComputes reports whether something in a tree of names is computed.
func naiveComputes(spec D) bool {
	return slices.ContainsFunc(spec, func(f E) bool {
		if sub, ok := f.Value.(D); ok && !isOp(sub) {
			return naiveComputes(sub)
		}
		return f.Value != any(int64(1)) && f.Value != any(int64(0))
	})
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
			d = putAt(d, strings.Split(index, "."), at)
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
