package txn

import (
	"fmt"
	"math"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// format is the newest format of the catalog's records. A catalog has the lowest that
// holds what is in it, for earlier versions to read: 1 without policies and geo indexes,
// 2 with policies, which they would lose, and 4 with geo indexes, which they would take
// for others, take documents out of by other cells, or hold to have no values. Those of
// format 3 had none.
const format = 4

// coverings numbers what entries a shape has in a geo index: which cells, see
// [geo.Shape.Covering], and what values. The first divided the coarsest cell, and has no
// number in the records of its indexes; 2 had the cells of today; 3 has the shape's
// [geo.Bounds], too; with 4 the record tells all traits of the geo field. An earlier version
// keeps no such record, and makes the index anew.
const (
	coverings       = 4
	coveringsBefore = 3 // the entries are the same
)

// header is the record of the catalog itself.
func (c *Catalog) header() storage.Write {
	v, _ := document.Of(document.D{{"format", c.format()}, {"next", int64(c.next)}})
	return storage.Write{Key: keys.Catalog(""), Value: v.Raw()}
}

func (c *Catalog) format() int {
	lowest := 1
	for _, coll := range c.byName {
		switch {
		case slices.ContainsFunc(coll.indexes, func(x definedIndex) bool { return x.Spec().Geo != "" }):
			return format
		case coll.policy != nil:
			lowest = 2
		}
	}
	return lowest
}

// record is the record of one collection.
func (c *Collection) record() storage.Write {
	indexes := make([]any, len(c.indexes))
	for i, x := range c.indexes {
		indexes[i] = indexRecord(x)
	}
	record := document.D{{"id", int64(c.ID)}, {"definition", int64(c.Definition)}, {"indexes", indexes}}
	if p := c.policy; p != nil {
		record = append(record, document.E{Key: "rules", Value: p.Rules}, document.E{Key: "schema", Value: p.Schema})
	}
	v, _ := document.Of(record)
	return storage.Write{Key: keys.Catalog(c.Name), Value: v.Raw()}
}

func indexRecord(x definedIndex) document.D {
	s := x.Spec()
	fields := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		fields[i] = f.String()
	}
	record := document.D{
		{"id", int64(x.ID())}, {"name", s.Name}, {"fields", fields}, {"unique", s.Unique}, {"sparse", s.Sparse},
		{"multikey", int64(x.Traits().Multikey)}, {"cut", x.Traits().Cut}, {"ready", x.ready},
	}
	if s.Geo != "" {
		t := x.Traits()
		record = append(record, document.D{
			{"geo", s.Geo}, {"shapes", t.Shapes}, {"points", t.Points}, {"several", t.Several}, {"levels", int64(t.Levels)},
		}...)
		if !x.outdated {
			record = append(record, document.E{Key: "coverings", Value: coverings})
		}
	}
	return record
}

// read adds a stored record to a catalog that is being loaded.
func (c *Catalog) read(key, value []byte) error {
	name := string(key[len(keys.Catalog("")):])
	if err := document.Validate(value); err != nil {
		return fmt.Errorf("catalog record of %q: %w", name, err)
	}
	v := document.FromRaw(value).Value()
	if name == "" {
		return c.readHeader(v)
	}
	id, ok := numberOf(v.Field("id"))
	definition, okDefinition := v.Field("definition").Int64()
	if !ok || !okDefinition {
		return fmt.Errorf("catalog record of %q is %s: %w", name, v, fault.ErrCorrupt)
	}
	coll := &Collection{ID: id, Name: name, Definition: uint64(definition)}
	for e := v.Field("indexes").Elements(); e.Next(); {
		x, err := readIndex(e.Value())
		if err != nil {
			return fmt.Errorf("catalog record of %q: index %s: %w", name, e.Value(), err)
		}
		coll.indexes = append(coll.indexes, x)
	}
	rules, _ := v.Field("rules").Text()
	schema, _ := v.Field("schema").Text()
	if rules != "" || schema != "" {
		coll.policy = &Policy{Rules: rules, Schema: schema}
	}
	c.byName[name] = coll
	return nil
}

func (c *Catalog) readHeader(v document.Value) error {
	f, _ := v.Field("format").Int64()
	if f > format {
		return fmt.Errorf("the catalog has format %d and this version reads up to %d, open it with a newer version: %w", f, format, fault.ErrFormat)
	}
	next, ok := numberOf(v.Field("next"))
	if !ok || f < 1 {
		return fmt.Errorf("catalog header %s: %w", v, fault.ErrCorrupt)
	}
	c.next = next
	return nil
}

func readIndex(v document.Value) (definedIndex, error) {
	id, okID := numberOf(v.Field("id"))
	name, okName := v.Field("name").Text()
	multikey, okMultikey := v.Field("multikey").Int64()
	if !okID || !okName || !okMultikey {
		return definedIndex{}, fault.ErrCorrupt
	}
	var fields []string
	for e := v.Field("fields").Elements(); e.Next(); {
		f, _ := e.Value().Text()
		fields = append(fields, f)
	}
	spec := index.Spec{Name: name, Fields: index.By(fields...)}
	spec.Unique, _ = v.Field("unique").Bool()
	spec.Sparse, _ = v.Field("sparse").Bool()
	spec.Geo, _ = v.Field("geo").Text()
	if err := spec.Validate(); err != nil {
		return definedIndex{}, fmt.Errorf("%w: %w", fault.ErrCorrupt, err)
	}
	traits := index.Traits{Multikey: uint32(multikey)}
	traits.Cut, _ = v.Field("cut").Bool()
	number, _ := v.Field("coverings").Int64()
	if spec.Geo != "" {
		readGeoTraits(v, number, &traits)
	}
	ready, _ := v.Field("ready").Bool()
	outdated := spec.Geo != "" && number != coverings && number != coveringsBefore
	x, err := index.Compile(id, spec, traits)
	return definedIndex{x, ready, newSketch(len(fields)), outdated}, err
}

// readGeoTraits reads what the record v of an index tells of its geo field. What one of an
// earlier version does not tell may be so.
func readGeoTraits(v document.Value, number int64, t *index.Traits) {
	t.Shapes, _ = v.Field("shapes").Bool()
	if number != coverings {
		t.Points, t.Several = true, true
		if t.Shapes {
			t.Levels = math.MaxUint16
		}
		return
	}
	t.Points, _ = v.Field("points").Bool()
	t.Several, _ = v.Field("several").Bool()
	levels, _ := v.Field("levels").Int64()
	t.Levels = uint16(levels)
}

// numberOf reads the number of a collection or index.
func numberOf(v document.Value) (uint32, bool) {
	n, ok := v.Int64()
	return uint32(n), ok && n >= 1 && n <= math.MaxUint32
}
