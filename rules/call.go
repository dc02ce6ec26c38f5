package rules

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/virgadb/virga/document"
)

// A Call is who does what, when, and all that rules may look at besides documents.
// It serves one call of one identity, remembers what get() read for it, and belongs
// to one goroutine.
type Call struct {
	Auth       Auth
	Op         Operation
	Collection string    // the name of the collection, for reasons and coverage
	Data       Data      // request.data
	Now        time.Time // now
	Get        Getter    // nil: a rule that needs get() does not hold
	Limits     Limits

	// Static judges an operation on one id as a query for that id is judged, without
	// a look at the document: the way of the mini program's database.
	Static bool

	// Filters takes read rules as filters: a query returns what the rule allows of
	// what it asks for, in place of an error when it asks for more.
	Filters bool

	// Coverage counts what the conditions of the rules came to. It may be nil.
	Coverage *Coverage

	read  map[string]document.Value // by collection, zero byte, id
	trace **Trace                   // where a trace is wanted
}

// Limits bound what rules may read for one call. The zero Limits are the defaults.
type Limits struct {
	// Documents is how many different documents get() may read while one rule is
	// evaluated; 0 means 10. The mini program's limit is 3.
	Documents int
}

// A Getter reads documents for get(): all of them as they were at one moment, that
// of the operation which is decided. It is not bound by rules.
type Getter interface {
	// Get returns the document with that _id, the zero Doc when there is none or no
	// such collection.
	Get(ctx context.Context, collection string, id document.ID) (document.Doc, error)
}

// errStopped says that an evaluation ended for a reason that is a denial.
var errStopped = errors.New("evaluation ended early")

// fetch returns the document that get() names, or null.
func (e *evaluation) fetch(collection, id string) (document.Value, bool) {
	c := e.call
	key := collection + "\x00" + id
	if !e.admitRead(key) {
		return document.Value{}, false
	}
	if v, ok := c.read[key]; ok {
		return v, true
	}
	v, err := c.lookup(e.ctx, collection, id)
	switch {
	case errors.Is(err, errAmbiguous):
		e.stop("the _id " + id + " is that of two documents in " + collection + ", as a string and as a number")
		return document.Value{}, false
	case err != nil:
		if !errors.Is(err, errStopped) {
			e.err = err
		}
		e.stop("there is nothing get() could read from")
		return document.Value{}, false
	}
	if c.read == nil {
		c.read = make(map[string]document.Value)
	}
	c.read[key] = v
	return v, true
}

// admitRead reports whether the evaluation may read the document key.
func (e *evaluation) admitRead(key string) bool {
	for _, k := range e.reads {
		if k == key {
			return true
		}
	}
	limit := e.call.Limits.Documents
	if limit == 0 {
		limit = 10
	}
	if len(e.reads) >= limit {
		e.stop("get() may read " + strconv.Itoa(limit) + " documents and needs more")
		return false
	}
	e.reads = append(e.reads, key)
	return true
}

// errAmbiguous says that get() has two documents to choose from.
var errAmbiguous = errors.New("an address names two documents")

// lookup reads the document whose _id is the string id, or the whole number that id
// spells. Where there are both it chooses neither: whoever may create documents there
// could put one in front of the one that is meant.
func (c *Call) lookup(ctx context.Context, collection, id string) (document.Value, error) {
	if c.Get == nil {
		return document.Value{}, errStopped
	}
	ids := []any{id}
	if n, err := strconv.ParseInt(id, 10, 64); err == nil && strconv.FormatInt(n, 10) == id {
		ids = append(ids, n)
	}
	found := document.NullValue()
	for _, v := range ids {
		name, err := document.IDOf(v)
		if err != nil {
			return document.Value{}, err
		}
		doc, err := c.Get.Get(ctx, collection, name)
		switch {
		case err != nil:
			return document.Value{}, err
		case doc.IsZero():
		case found.Kind() != document.Null:
			return document.Value{}, errAmbiguous
		default:
			found = doc.Value()
		}
	}
	return found, nil
}
