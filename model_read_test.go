package virga

import (
	"slices"
	"strings"
)

// found returns the documents that an op asks for out of all, which are in the
// order of their _id.
func found(all []D, o op) []D {
	var docs []D
	for _, d := range all {
		if meets(o.Where, d) {
			docs = append(docs, d)
		}
	}
	slices.SortStableFunc(docs, func(a, b D) int { return orderDocs(a, b, o.Order) })
	docs = docs[min(o.Skip, len(docs)):]
	if o.Limit > 0 {
		docs = docs[:min(o.Limit, len(docs))]
	}
	for i := range docs {
		docs[i] = projected(docs[i], o.Fields)
	}
	return docs
}

func orderDocs(a, b D, by D) int {
	for _, f := range by {
		path, dir := strings.Split(f.Key, "."), int(f.Value.(int64))
		if c := order(sortValue(a, path, dir), sortValue(b, path, dir)); c != 0 {
			return c * dir
		}
	}
	return 0
}

// sortValue returns what a document is sorted by: the first, in the direction, of
// all values the path reaches.
func sortValue(doc D, path []string, dir int) any {
	values := sortValues(doc, path)
	return slices.MinFunc(values, func(a, b any) int { return dir * order(a, b) })
}

func sortValues(v any, path []string) []any {
	list, isArray := v.([]any)
	switch {
	case len(path) == 0 && isArray && len(list) == 0:
		return []any{absent{}} // before null
	case len(path) == 0 && isArray:
		return list
	case len(path) == 0 && v == absent{}:
		return []any{nil}
	case len(path) == 0:
		return []any{v}
	case !isArray:
		d, _ := v.(D)
		return sortValues(get(d, path[0]), path[1:])
	}
	var values []any
	for _, e := range list {
		d, _ := e.(D)
		values = append(values, sortValues(get(d, path[0]), path[1:])...)
	}
	if len(values) == 0 {
		return []any{nil}
	}
	return values
}

// distinctValues returns the different values at path in ascending order.
func distinctValues(docs []D, path string) []any {
	var values []any
	for _, d := range docs {
		values = append(values, leaves(d, strings.Split(path, "."))...)
	}
	slices.SortStableFunc(values, order)
	return slices.CompactFunc(values, equal)
}

func leaves(v any, path []string) (values []any) {
	switch x := v.(type) {
	case absent:
		return nil
	case []any:
		if len(path) == 0 {
			return x
		}
		for _, e := range x {
			if d, ok := e.(D); ok {
				values = append(values, leaves(d, path)...)
			}
		}
		return values
	case D:
		if len(path) > 0 {
			return leaves(get(x, path[0]), path[1:])
		}
	}
	if len(path) > 0 {
		return nil
	}
	return []any{v}
}

// projected returns the chosen fields of a document: those named with 1, or all
// but those named with 0. _id goes its own way.
func projected(doc D, fields D) D {
	if len(fields) == 0 {
		return doc
	}
	include, wantID := false, true
	for _, f := range fields {
		if f.Key == "_id" {
			wantID = f.Value.(int64) == 1
		} else {
			include = f.Value.(int64) == 1
		}
	}
	if len(fields) == 1 && fields[0].Key == "_id" {
		include = wantID
	}
	next := D{}
	for _, e := range choose(doc, fields, include).(D) {
		if e.Key != "_id" {
			next = append(next, e)
		}
	}
	if wantID {
		next = append(D{{Key: "_id", Value: get(doc, "_id")}}, next...)
	}
	return next
}

// choose returns what fields, dotted paths, leave of v, absent for nothing.
func choose(v any, fields D, include bool) any {
	switch x := v.(type) {
	case D:
		next := D{}
		for _, e := range x {
			here, below := chosen(e.Key, fields)
			switch {
			case here && include, !here && len(below) == 0 && !include:
				next = append(next, e)
			case len(below) > 0:
				if inner := choose(e.Value, below, include); inner != (absent{}) {
					next = append(next, E{Key: e.Key, Value: inner})
				}
			}
		}
		return next
	case []any:
		next := []any{}
		for _, e := range x {
			if inner := choose(e, fields, include); inner != (absent{}) {
				next = append(next, inner)
			}
		}
		return next
	}
	if include {
		return absent{}
	}
	return v
}

// chosen reports whether a field itself is named, and what is named below it.
func chosen(name string, fields D) (here bool, below D) {
	for _, f := range fields {
		first, rest, dotted := strings.Cut(f.Key, ".")
		switch {
		case first != name:
		case dotted:
			below = append(below, E{Key: rest, Value: f.Value})
		default:
			here = true
		}
	}
	return here, below
}
