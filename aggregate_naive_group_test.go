package virga

import (
	"math/big"
	"slices"

	"github.com/virgadb/virga/document"
)

// naiveGroup groups by the key, and puts groups in the order of their keys: of the
// fields of an object one after the other, where missing counts as null.
func naiveGroup(docs []D, spec D) (out []D) {
	type member struct {
		id   any
		docs []D
	}
	var groups []*member
	key := get(spec, "_id")
	for _, d := range docs {
		id := orNil(naiveEval(key, d))
		i := slices.IndexFunc(groups, func(m *member) bool { return equal(m.id, id) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &member{id: id})
		}
		groups[i].docs = append(groups[i].docs, d)
		groups[i].id = naiveSimpler(groups[i].id, id)
	}
	slices.SortFunc(groups, func(a, b *member) int {
		fields, ok := key.(D)
		if !ok || isOp(fields) {
			return order(a.id, b.id)
		}
		c := 0
		for _, strict := range []bool{false, true} {
			for _, f := range fields {
				x, y := get(a.id.(D), f.Key), get(b.id.(D), f.Key)
				if !strict {
					x, y = orNil(x), orNil(y)
				}
				if c = order(x, y); c != 0 {
					return c
				}
			}
		}
		return c
	})
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

// naiveSimpler returns the one of two equal values that stands for both.
func naiveSimpler(a, b any) any {
	x, y := mustRaw(a), mustRaw(b)
	if len(y) < len(x) || len(x) == len(y) && string(y) > string(x) {
		return b
	}
	return a
}

func mustRaw(v any) []byte {
	value, err := document.Of(v)
	if err != nil {
		panic(err)
	}
	return value.Raw()
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
			switch {
			case kindOf(v) <= 1:
			case best == nil || acc.Key == "$min" && order(v, best) < 0 || acc.Key == "$max" && order(v, best) > 0:
				best = v
			case order(v, best) == 0:
				best = naiveSimpler(best, v)
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

// naiveSum adds up numbers exactly, but for NaN and infinities.
func naiveSum(values []any, average bool) any {
	sum, special, n, float := new(big.Float), 0.0, 0, false
	for _, v := range values {
		if kindOf(v) != kindOf(int64(0)) {
			continue
		}
		n++
		f, isFloat := v.(float64)
		float = float || isFloat
		if f-f != 0 {
			special += f
		} else {
			sum.Add(sum, exact(v))
		}
	}
	f, _ := sum.Float64()
	if special != 0 {
		f = special
	}
	i, accuracy := sum.Int64()
	switch {
	case average && n == 0:
		return nil
	case average:
		return f / float64(n)
	case float || accuracy != big.Exact:
		return f
	}
	return i
}
