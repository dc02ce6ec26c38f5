package virga

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// naivePipeline computes what a pipeline yields on decoded values, one stage after the
// other, each on a whole list. It knows the part of the language that aggregate
// generators make.
type naivePipeline struct {
	colls map[string][]D
}

func (n naivePipeline) run(docs []D, stages []any) (out []D, err error) {
	for _, stage := range stages {
		e := stage.(D)[0]
		if docs, err = n.stage(docs, e.Key, e.Value); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Key, err)
		}
	}
	return docs, nil
}

func (n naivePipeline) stage(docs []D, name string, v any) ([]D, error) {
	switch name {
	case "$match":
		return slices.DeleteFunc(slices.Clone(docs), func(d D) bool { return !naiveMatch(v.(D), d) }), nil
	case "$limit":
		return docs[:min(int(v.(int64)), len(docs))], nil
	case "$skip":
		return docs[min(int(v.(int64)), len(docs)):], nil
	case "$sort":
		docs = slices.Clone(docs)
		slices.SortStableFunc(docs, func(a, b D) int { return naiveOrder(a, b, v.(D)) })
		return docs, nil
	case "$count":
		if len(docs) == 0 {
			return nil, nil
		}
		return []D{{{v.(string), int64(len(docs))}}}, nil
	case "$addFields":
		return eachOf(docs, func(d D) D { return naiveAdd(d, d, v.(D)).(D) }), nil
	case "$project":
		return eachOf(docs, func(d D) D { return naiveProject(d, v.(D)) }), nil
	case "$unset":
		return eachOf(docs, func(d D) D { return naiveUnset(d, strings.Split(v.(string), ".")).(D) }), nil
	case "$replaceRoot":
		var out []D
		for _, d := range docs {
			root, ok := naiveEval(v.(D)[0].Value, d).(D)
			if !ok {
				return nil, ErrInvalid
			}
			out = append(out, root)
		}
		return out, nil
	case "$unwind":
		return naiveUnwind(docs, v.(D)), nil
	case "$group":
		return naiveGroup(docs, v.(D)), nil
	case "$sortByCount":
		groups := naiveGroup(docs, D{{"_id", v}, {"count", D{{"$sum", int64(1)}}}})
		return n.stage(groups, "$sort", D{{"count", int64(-1)}})
	case "$lookup":
		return n.lookup(docs, v.(D))
	case "$unionWith":
		more, err := n.run(n.colls[get(v.(D), "coll").(string)], get(v.(D), "pipeline").([]any))
		return append(slices.Clone(docs), more...), err
	case "$facet":
		out := D{}
		for _, f := range v.(D) {
			part, err := n.run(docs, f.Value.([]any))
			if err != nil {
				return nil, err
			}
			out = append(out, E{f.Key, listOf(part)})
		}
		return []D{out}, nil
	}
	panic("the model knows no stage " + name)
}

func eachOf(docs []D, f func(D) D) []D {
	out := make([]D, len(docs))
	for i, d := range docs {
		out[i] = f(clone(d).(D))
	}
	return out
}

func listOf(docs []D) []any {
	list := make([]any, len(docs))
	for i, d := range docs {
		list[i] = d
	}
	return list
}

// naiveMatch is meets with $expr at the top.
func naiveMatch(cond D, d D) bool {
	for _, e := range cond {
		if e.Key == "$expr" {
			if !naiveTruth(naiveEval(e.Value, d)) {
				return false
			}
		} else if !meets(D{e}, d) {
			return false
		}
	}
	return true
}

func naiveOrder(a, b, by D) int {
	for _, e := range by {
		dir := int(e.Value.(int64))
		path := strings.Split(e.Key, ".")
		if c := order(sortValue(a, path, dir), sortValue(b, path, dir)) * dir; c != 0 {
			return c
		}
	}
	return 0
}

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

func naiveGroup(docs []D, spec D) (out []D) {
	type member struct {
		id   any
		docs []D
	}
	var groups []*member
	for _, d := range docs {
		id := naiveEval(get(spec, "_id"), d)
		if id == (any)(absent{}) {
			id = nil
		}
		i := slices.IndexFunc(groups, func(m *member) bool { return equal(m.id, id) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &member{id: id})
		}
		groups[i].docs = append(groups[i].docs, d)
	}
	for _, m := range groups {
		d := D{{"_id", m.id}}
		for _, f := range spec {
			if f.Key != "_id" {
				d = append(d, E{f.Key, naiveAccumulate(f.Value.(D)[0], m.docs)})
			}
		}
		out = append(out, d)
	}
	return out
}

func naiveAccumulate(acc E, docs []D) any {
	var values []any
	for _, d := range docs {
		values = append(values, naiveEval(acc.Value, d))
	}
	switch acc.Key {
	case "$sum", "$avg":
		return naiveSum(values, acc.Key == "$avg")
	case "$first":
		return orNil(values[0])
	case "$last":
		return orNil(values[len(values)-1])
	case "$push":
		return slices.DeleteFunc(append([]any{}, values...), func(v any) bool { return v == any(absent{}) })
	case "$addToSet":
		set := []any{}
		for _, v := range values {
			if kindOf(v) > 0 && !slices.ContainsFunc(set, func(w any) bool { return equal(v, w) }) {
				set = append(set, v)
			}
		}
		return set
	case "$min", "$max":
		var best any
		for _, v := range values {
			if kindOf(v) > 1 && (best == nil || acc.Key == "$min" && order(v, best) < 0 || acc.Key == "$max" && order(v, best) > 0) {
				best = v
			}
		}
		return best
	}
	panic("the model knows no accumulator " + acc.Key)
}

func orNil(v any) any {
	if _, ok := v.(absent); ok {
		return nil
	}
	return v
}

// naiveSum adds up numbers that are small.
func naiveSum(values []any, average bool) any {
	sum, n, float := new(big.Float), 0, false
	for _, v := range values {
		if kindOf(v) == kindOf(int64(0)) {
			_, isFloat := v.(float64)
			float = float || isFloat
			sum.Add(sum, exact(v))
			n++
		}
	}
	f, _ := sum.Float64()
	switch {
	case average && n == 0:
		return nil
	case average:
		return f / float64(n)
	case float:
		return f
	}
	return int64(f)
}

func (n naivePipeline) lookup(docs []D, spec D) ([]D, error) {
	var out []D
	for _, d := range docs {
		all := n.colls[get(spec, "from").(string)]
		var found []D
		if local, ok := get(spec, "localField").(string); ok {
			for _, other := range all {
				if slices.ContainsFunc(naiveLocal(d, strings.Split(local, ".")), func(v any) bool {
					return slices.ContainsFunc(reach(other, strings.Split(get(spec, "foreignField").(string), ".")), func(s spot) bool { return naiveSpot(s, v) })
				}) {
					found = append(found, other)
				}
			}
		} else {
			v := naiveEval(get(spec, "let").(D)[0].Value, d)
			for _, other := range all {
				if equal(naivePath(other, strings.Split(get(spec, "with").(string), ".")), v) {
					found = append(found, other)
				}
			}
		}
		out = append(out, withField(d, get(spec, "as").(string), listOf(found)))
	}
	return out, nil
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

func naivePath(v any, path []string) any {
	if len(path) == 0 {
		return v
	}
	switch x := v.(type) {
	case D:
		return naivePath(get(x, path[0]), path[1:])
	case []any:
		list := []any{}
		for _, e := range x {
			if d, ok := e.(D); ok {
				if found := naivePath(d, path); found != any(absent{}) {
					list = append(list, found)
				}
			}
		}
		return list
	}
	return absent{}
}

func naiveTruth(v any) bool {
	switch x := v.(type) {
	case nil, absent:
		return false
	case bool:
		return x
	case int64, float64:
		return isNaN(x) || exact(x).Sign() != 0
	}
	return true
}

// naiveEval evaluates an expression.
func naiveEval(x any, root D) any {
	switch x := x.(type) {
	case string:
		if x == "$$ROOT" {
			return root
		}
		if path, ok := strings.CutPrefix(x, "$"); ok {
			return naivePath(root, strings.Split(path, "."))
		}
	case []any:
		list := make([]any, len(x))
		for i, e := range x {
			list[i] = orNil(naiveEval(e, root))
		}
		return list
	case D:
		if isOp(x) {
			return naiveOperator(x[0].Key, x[0].Value, root)
		}
		out := D{}
		for _, e := range x {
			out = withField(out, e.Key, naiveEval(e.Value, root))
		}
		return out
	}
	return x
}

func naiveOperator(name string, v any, root D) any {
	var args []any
	for _, e := range v.([]any) {
		args = append(args, naiveEval(e, root))
	}
	switch name {
	case "$eq":
		return order(args[0], args[1]) == 0
	case "$gt":
		return order(args[0], args[1]) > 0
	case "$lte":
		return order(args[0], args[1]) <= 0
	case "$not":
		return !naiveTruth(args[0])
	case "$and":
		return naiveTruth(args[0]) && naiveTruth(args[1])
	case "$cond":
		if naiveTruth(args[0]) {
			return args[1]
		}
		return args[2]
	case "$ifNull":
		if kindOf(args[0]) > 1 {
			return args[0]
		}
		return args[1]
	case "$isArray":
		_, ok := args[0].([]any)
		return ok
	case "$add":
		for _, a := range args {
			if kindOf(a) < 2 {
				return nil
			}
		}
		return naiveSum(args, false)
	}
	panic("the model knows no operator " + name)
}
