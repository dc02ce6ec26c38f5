package virga

import (
	"fmt"
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
	case "$graphLookup":
		return n.graph(docs, v.(D)), nil
	case "$sample":
		return docs, nil // it is asked for all, and what follows does not see the order
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

// naiveMatch is meets with $expr at the top and among alternatives.
func naiveMatch(cond D, d D) bool {
	for _, e := range cond {
		ok := false
		switch e.Key {
		case "$expr":
			ok = naiveTruth(naiveEval(e.Value, d))
		case "$or", "$nor", "$and":
			kids := e.Value.([]any)
			met := 0
			for _, kid := range kids {
				if naiveMatch(kid.(D), d) {
					met++
				}
			}
			ok = e.Key == "$or" && met > 0 || e.Key == "$nor" && met == 0 || e.Key == "$and" && met == len(kids)
		default:
			ok = meets(D{e}, d)
		}
		if !ok {
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
