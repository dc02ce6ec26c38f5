package aggregate

import (
	"context"
	"slices"
	"strconv"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/query"
)

// A joiner finds the documents of a collection that have given values at a path, as
// a filter {path: value} finds them, in the order of their _id. It remembers what
// it has found. It belongs to one goroutine.
type joiner struct {
	db      Database
	from    string
	path    document.Path
	steps   []segment
	also    *query.Filter // what the documents must meet besides, nil for nothing
	filters expr.Scope
	memory  int64

	cache   map[string][]document.Doc // by key of the value
	bytes   int64
	whole   bool // the cache holds the whole collection
	tried   bool // that was tried
	scratch []byte
}

// A segment is a name of a path, and the place in an array that it may stand for,
// or -1.
type segment struct {
	name string
	at   int
}

func segmentsOf(p document.Path) []segment {
	list := make([]segment, len(p.Segments()))
	for i, name := range p.Segments() {
		list[i] = segment{name, -1}
		if at, ok := p.Index(i); ok {
			list[i].at = at
		}
	}
	return list
}

func newJoiner(r *run, from string, path document.Path, also *query.Filter) *joiner {
	return &joiner{
		db: r.db, from: from, path: path, steps: segmentsOf(path), also: also, memory: r.memory / 2,
		cache: make(map[string][]document.Doc),
	}
}

// keyOf returns the key under which a value is remembered. Null and missing have
// the same.
func keyOf(v document.Value) string { return string(keys.Append(nil, v, false)) }

// prepare finds what has any of the wanted values, by key, so that matches is fast.
// It reports false when that is too much to remember; then nothing is.
func (j *joiner) prepare(ctx context.Context, wanted map[string]document.Value) (bool, error) {
	if !j.tried {
		j.tried = true
		if !j.db.Indexed(j.from, j.path.String()) {
			if err := j.load(ctx); err != nil {
				return false, err
			}
		}
	}
	if j.whole {
		return true, nil
	}
	if j.bytes > j.memory/2 {
		j.forget()
	}
	var values []document.Value
	fresh := make(map[string]bool)
	for key, v := range wanted {
		if _, ok := j.cache[key]; !ok {
			values = append(values, v)
			fresh[key] = true
			j.cache[key] = nil
			j.bytes += int64(2*len(key) + 64)
		}
	}
	if len(values) == 0 {
		return true, nil
	}
	return j.collect(ctx, values, fresh)
}

// load remembers the whole collection, if it is small enough.
func (j *joiner) load(ctx context.Context) error {
	ok, err := j.collect(ctx, nil, nil)
	j.whole = ok
	return err
}

func (j *joiner) forget() {
	clear(j.cache)
	j.bytes = 0
}

// collect remembers the documents that have one of the values, under those values,
// whose keys fresh holds, or all documents under all of their values. It reports
// false when they are too many.
func (j *joiner) collect(ctx context.Context, values []document.Value, fresh map[string]bool) (bool, error) {
	cursor, err := j.find(&query.Request{}, values)
	if err != nil {
		return false, err
	}
	defer cursor.Close()
	for cursor.Next(ctx) {
		doc := cursor.Doc()
		j.bytes += int64(len(doc.Raw()) + 48)
		if j.bytes > j.memory {
			j.forget()
			return false, nil
		}
		j.values(doc.Value(), j.steps, func(v document.Value) {
			j.scratch = keys.Append(j.scratch[:0], v, false)
			if values != nil && !fresh[string(j.scratch)] {
				return // nobody asks, or who did has all of its documents already
			}
			list, ok := j.cache[string(j.scratch)]
			if n := len(list); n > 0 && &list[n-1].Raw()[0] == &doc.Raw()[0] {
				return // it has the value twice
			}
			if !ok {
				j.bytes += int64(2*len(j.scratch) + 64)
			}
			j.cache[string(j.scratch)] = append(list, doc)
			j.bytes += 24
		})
	}
	return cursor.Err() == nil, cursor.Err()
}

// find asks for the documents that have one of values, or for all.
func (j *joiner) find(r *query.Request, values []document.Value) (Cursor, error) {
	r.Filter = j.also
	if values != nil {
		wanted, err := query.CompileFilterIn(anyOf(j.path.String(), values), j.filters)
		if err != nil {
			return nil, err
		}
		r.Filter = wanted.And(j.also)
	}
	return j.db.Find(j.from, r)
}

// anyOf returns the condition that what path leads to equals one of values.
func anyOf(path string, values []document.Value) any {
	var plain []any
	var patterns []any
	for _, v := range values {
		if v.Kind() == document.Regexp { // within $in it would be one to match
			patterns = append(patterns, document.D{{path, document.D{{"$eq", v}}}})
		} else {
			plain = append(plain, v)
		}
	}
	in := document.D{{path, document.D{{"$in", plain}}}}
	switch {
	case patterns == nil && len(values) == 1:
		return query.Raw(document.D{{path, document.D{{"$eq", values[0]}}}})
	case patterns == nil:
		return query.Raw(in)
	case plain != nil:
		patterns = append(patterns, in)
	}
	return query.Raw(document.D{{"$or", patterns}})
}

// matches returns the documents that have a value with one of the keys, each once.
// They must have been prepared.
func (j *joiner) matches(wanted []string) []document.Doc {
	if len(wanted) == 1 {
		return j.cache[wanted[0]]
	}
	type placed struct {
		key string
		doc document.Doc
	}
	var all []placed
	for _, key := range wanted {
		for _, doc := range j.cache[key] {
			all = append(all, placed{keyOf(doc.Value().Field("_id")), doc})
		}
	}
	slices.SortFunc(all, func(a, b placed) int { return compareText(a.key, b.key) })
	var docs []document.Doc
	for i, one := range all {
		if i == 0 || one.key != all[i-1].key {
			docs = append(docs, one.doc)
		}
	}
	return docs
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// each calls f for the documents that have one of values, without remembering any.
func (j *joiner) each(ctx context.Context, values []document.Value, f func(document.Doc) error) error {
	cursor, err := j.find(&query.Request{}, values)
	if err != nil {
		return err
	}
	defer cursor.Close()
	for cursor.Next(ctx) {
		if err := f(cursor.Doc()); err != nil {
			return err
		}
	}
	return cursor.Err()
}

// values calls f for every value v for which a filter {path: v} finds the document:
// what the path leads to, beyond arrays too, an array as a whole and each of its
// elements, and a missing value where it leads nowhere.
func (j *joiner) values(v document.Value, path []segment, f func(document.Value)) {
	for len(path) > 0 {
		switch v.Kind() {
		case document.Object:
			v, path = v.Field(path[0].name), path[1:]
		case document.Array:
			j.elements(v, path, f)
			return
		default:
			f(document.Value{})
			return
		}
	}
	if v.Kind() == document.Array {
		for e := v.Elements(); e.Next(); {
			f(e.Value())
		}
	}
	f(v)
}

func (j *joiner) elements(array document.Value, path []segment, f func(document.Value)) {
	i := 0
	for e := array.Elements(); e.Next(); i++ {
		v := e.Value()
		if v.Kind() == document.Object {
			j.values(v, path, f)
		}
		if path[0].at != i {
			continue
		}
		switch rest := path[1:]; {
		case len(rest) == 0:
			f(v) // an element asked for by its place is not looked into
		case v.Kind() == document.Object:
			j.values(v, rest, f)
		case v.Kind() == document.Array:
			j.elements(v, rest, f)
		}
	}
}

// localValues returns the values that a path leads to, those of an array one by
// one. A path that leads nowhere has none. A number in it may be a place in an
// array.
func localValues(v document.Value, path []string, found []document.Value) []document.Value {
	if len(path) == 0 {
		if v.Kind() != document.Array {
			if v.Exists() {
				found = append(found, v)
			}
			return found
		}
		for e := v.Elements(); e.Next(); {
			found = append(found, e.Value())
		}
		return found
	}
	switch v.Kind() {
	case document.Object:
		return localValues(v.Field(path[0]), path[1:], found)
	case document.Array:
		if at, err := strconv.Atoi(path[0]); err == nil && at >= 0 && strconv.Itoa(at) == path[0] {
			return localValues(v.Element(at), path[1:], found)
		}
		for e := v.Elements(); e.Next(); {
			if e.Value().Kind() == document.Object {
				found = localValues(e.Value(), path, found)
			}
		}
	}
	return found
}
