package txn

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
)

// A Collection is what the catalog knows of one collection. It is immutable: a
// change of definition makes a new one.
type Collection struct {
	ID         uint32 // never given to anything else in this database
	Name       string
	Definition uint64 // the version of the commit that defined it
	indexes    []definedIndex
	policy     *Policy // nil when nothing was said
}

// A definedIndex is an index as the catalog knows it. Writers maintain it from its
// definition on; queries may use it once it is ready.
type definedIndex struct {
	*index.Index
	ready    bool
	sketch   *sketch
	outdated bool // an earlier version made the entries of its shapes; [Documents.Recover] builds it anew
}

// Indexes returns the indexes that queries may use, in the order of their names.
func (c *Collection) Indexes() []*index.Index {
	ready := make([]*index.Index, 0, len(c.indexes))
	for _, x := range c.indexes {
		if x.ready {
			ready = append(ready, x.Index)
		}
	}
	return ready
}

// Index returns the index of that name that queries may use, or nil.
func (c *Collection) Index(name string) *index.Index {
	if i := c.find(name); i >= 0 && c.indexes[i].ready {
		return c.indexes[i].Index
	}
	return nil
}

// sketch returns the sketch of the index of that number, or nil.
func (c *Collection) sketch(id uint32) *sketch {
	for _, x := range c.indexes {
		if x.ID() == id {
			return x.sketch
		}
	}
	return nil
}

// answers reports whether queries of the collection, which may be nil, may use the
// index of that number.
func (c *Collection) answers(id uint32) bool {
	return c != nil && slices.ContainsFunc(c.indexes, func(x definedIndex) bool { return x.ID() == id && x.ready })
}

// find returns the place of the index of that name, or -1.
func (c *Collection) find(name string) int {
	return slices.IndexFunc(c.indexes, func(x definedIndex) bool { return x.Name() == name })
}

// withIndex returns the collection with x added or put in the place of its older
// self.
func (c *Collection) withIndex(x definedIndex, version uint64) *Collection {
	next := *c
	next.Definition = version
	next.indexes = slices.DeleteFunc(slices.Clone(c.indexes), func(y definedIndex) bool { return y.ID() == x.ID() })
	next.indexes = append(next.indexes, x)
	slices.SortFunc(next.indexes, func(a, b definedIndex) int { return strings.Compare(a.Name(), b.Name()) })
	return &next
}

// withoutIndex returns the collection without the index of that number.
func (c *Collection) withoutIndex(id uint32, version uint64) *Collection {
	next := *c
	next.Definition = version
	next.indexes = slices.DeleteFunc(slices.Clone(c.indexes), func(y definedIndex) bool { return y.ID() == id })
	return &next
}

// A Catalog names the collections of a database as one commit left them. It is
// immutable and safe for concurrent use.
type Catalog struct {
	byName map[string]*Collection
	next   uint32 // the id of the next collection or index
	reads  *reads // of the serializable transaction that sees this catalog; nil for others
}

// Collection returns the collection of that name, or nil.
func (c *Catalog) Collection(name string) *Collection {
	coll := c.byName[name]
	c.reads.addName(name, coll)
	return coll
}

// readBy returns the catalog for a serializable transaction.
func (c *Catalog) readBy(r *reads) *Catalog {
	return &Catalog{byName: c.byName, next: c.next, reads: r}
}

// Collections returns all collections in the order of their names, without those that
// are being filled to replace another.
func (c *Catalog) Collections() []*Collection {
	all := slices.DeleteFunc(slices.Collect(maps.Values(c.byName)), (*Collection).hidden)
	slices.SortFunc(all, func(a, b *Collection) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// with returns the catalog with coll added or put in the place of its older self.
func (c *Catalog) with(coll *Collection) *Catalog {
	next := &Catalog{byName: maps.Clone(c.byName), next: max(c.next, coll.ID+1), reads: c.reads}
	next.byName[coll.Name] = coll
	return next
}

// without returns the catalog without the collection of that name.
func (c *Catalog) without(name string) *Catalog {
	next := &Catalog{byName: maps.Clone(c.byName), next: c.next}
	delete(next.byName, name)
	return next
}

// maxName is the longest collection name, in bytes.
const maxName = 255

// CheckName reports whether name can name a collection: 1 to 255 bytes of UTF-8
// without NUL and "$", not beginning with "system.". Anything else is
// [fault.ErrInvalid].
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("collection name is empty: %w", fault.ErrInvalid)
	case len(name) > maxName:
		return fmt.Errorf("collection name has %d bytes, the limit is %d: %w", len(name), maxName, fault.ErrInvalid)
	case !utf8.ValidString(name):
		return fmt.Errorf("collection name %q is not UTF-8: %w", name, fault.ErrInvalid)
	case strings.ContainsAny(name, "\x00$"):
		return fmt.Errorf("collection name %q contains NUL or $: %w", name, fault.ErrInvalid)
	case strings.HasPrefix(name, "system."):
		return fmt.Errorf("collection name %q begins with the reserved \"system.\": %w", name, fault.ErrInvalid)
	}
	return nil
}
