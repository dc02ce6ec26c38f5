package virga

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
)

// Add stores a new document: an [M], a [D], a map with string keys, a struct or a
// [Doc]. Fields keep their order; a map's are in the order of their names. A
// document without _id, or with one that is null or "", gets an id of 32 hex
// characters; ids of one process ascend. An _id in use is [ErrDuplicate].
func (c *Collection) Add(ctx context.Context, data any) (ID, error) {
	c, call := c.observed("add")
	var id ID
	err := call.run(ctx, func() (err error) {
		id, err = c.add(ctx, data)
		return err
	})
	if err != nil {
		return ID{}, err
	}
	return id, nil
}

func (c *Collection) add(ctx context.Context, data any) (ID, error) {
	if err := c.ready(ctx); err != nil {
		return ID{}, c.fail("add", err)
	}
	doc, err := c.encode(data, c.db.clock.Now())
	if err != nil {
		return ID{}, c.fail("add", err)
	}
	return c.addDoc(ctx, doc)
}

// AddRaw stores a new document given as msgpack bytes, as [Collection.Add] does.
// The bytes are checked and not kept.
func (c *Collection) AddRaw(ctx context.Context, raw []byte) (ID, error) {
	c, call := c.observed("add")
	var id ID
	err := call.run(ctx, func() (err error) {
		id, err = c.addRaw(ctx, raw)
		return err
	})
	if err != nil {
		return ID{}, err
	}
	return id, nil
}

func (c *Collection) addRaw(ctx context.Context, raw []byte) (ID, error) {
	if err := c.ready(ctx); err != nil {
		return ID{}, c.fail("add", err)
	}
	doc, err := document.Canonical(raw)
	if err == nil && c.db.who != nil {
		doc, err = c.encode(doc, c.db.clock.Now())
	} else if err == nil {
		doc, err = c.identify(doc)
	}
	if err != nil {
		return ID{}, c.fail("add", err)
	}
	return c.addDoc(ctx, doc)
}

// AddMany stores the elements of a slice, each as [Collection.Add] does, and
// returns their ids in the same order. It stores all of them or none. More
// documents than one atomic step takes, by the limits of the package, are
// [ErrTooLarge]: use [Collection.Bulk].
func (c *Collection) AddMany(ctx context.Context, docs any) ([]ID, error) {
	c, call := c.observed("add")
	var ids []ID
	err := call.run(ctx, func() (err error) {
		ids, err = c.addMany(ctx, docs)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

func (c *Collection) addMany(ctx context.Context, docs any) ([]ID, error) {
	err := c.ready(ctx)
	if err == nil {
		err = c.db.forProgram("AddMany")
	}
	if err != nil {
		return nil, c.fail("add", err)
	}
	list, ok := document.List(docs)
	if r := reflect.ValueOf(docs); !ok && !(r.Kind() == reflect.Slice && r.IsNil()) { // a nil slice is an empty one
		return nil, c.fail("add", fmt.Errorf("a slice of documents is needed, found %T: %w", docs, fault.ErrInvalid))
	}
	now := c.db.clock.Now()
	encoded := make([]document.Doc, len(list))
	for i, data := range list {
		doc, err := c.encode(data, now)
		if err != nil {
			return nil, c.fail("add", fmt.Errorf("document %d: %w", i, err))
		}
		encoded[i] = doc
	}
	ids, err := c.insert(ctx, encoded)
	if err != nil {
		return nil, c.fail("add", err)
	}
	return ids, nil
}

// encode turns data into a document with an _id. Times relative to the server's are
// resolved to now.
func (c *Collection) encode(data any, now time.Time) (document.Doc, error) {
	if data == nil {
		return document.Doc{}, errNil
	}
	data, err := c.db.substitute(data)
	if err != nil {
		return document.Doc{}, err
	}
	doc, err := document.Encode(data, now)
	if err != nil {
		return document.Doc{}, err
	}
	return c.identify(doc)
}

// identify gives doc an _id if it has none.
func (c *Collection) identify(doc document.Doc) (document.Doc, error) {
	id := doc.Value().Field("_id")
	if id.Kind() > document.Null && (id.Kind() != document.String || len(id.Bytes()) > 0) {
		return doc, nil
	}
	return doc.WithID(document.Text(c.db.ids.Next()))
}

func (c *Collection) addDoc(ctx context.Context, doc document.Doc) (ID, error) {
	ids, err := c.insert(ctx, []document.Doc{doc})
	if err != nil {
		return ID{}, c.failAt("add", doc.ID(), err)
	}
	return ids[0], nil
}

// insert stores new documents, all or none.
func (c *Collection) insert(ctx context.Context, docs []document.Doc) ([]ID, error) {
	ids := make([]ID, len(docs))
	values := make([]document.Value, len(docs))
	for i, doc := range docs {
		ids[i] = doc.ID()
		values[i] = doc.Value().Field("_id")
	}
	if err := distinct(ids); err != nil {
		return nil, err
	}
	err := c.apply(ctx, deed{op: rules.Create}, values, func(i int, old document.Doc) (txn.Edit, error) {
		if !old.IsZero() {
			return txn.Edit{}, duplicate(ids[i], "exists")
		}
		return txn.Edit{Op: txn.Insert, Doc: docs[i]}, nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// distinct reports an id that stands in ids more than once.
func distinct(ids []ID) error {
	if len(ids) < 2 {
		return nil
	}
	seen := make(map[ID]struct{}, len(ids))
	for _, id := range ids {
		if _, twice := seen[id]; twice {
			return duplicate(id, "is given twice")
		}
		seen[id] = struct{}{}
	}
	return nil
}

func duplicate(id ID, how string) error {
	text := id.String()
	return fault.On(text, fault.At("_id", fmt.Errorf("E11000 duplicate key, _id %s %s: %w", text, how, fault.ErrDuplicate)))
}
