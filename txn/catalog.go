package txn

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/virgadb/virga/internal/fault"
)

// A Collection is what the catalog knows of one collection. It is immutable: a
// change of definition makes a new one.
type Collection struct {
	ID         uint32 // never given to another collection of this database
	Name       string
	Definition uint64 // the version of the commit that defined it
}

// A Catalog names the collections of a database as one commit left them. It is
// immutable and safe for concurrent use.
type Catalog struct {
	byName map[string]*Collection
	next   uint32 // the id of the next collection
}

// Collection returns the collection of that name, or nil.
func (c *Catalog) Collection(name string) *Collection { return c.byName[name] }

// Collections returns all collections in the order of their names.
func (c *Catalog) Collections() []*Collection {
	all := slices.Collect(maps.Values(c.byName))
	slices.SortFunc(all, func(a, b *Collection) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// with returns the catalog with coll added or put in the place of its older self.
func (c *Catalog) with(coll *Collection) *Catalog {
	next := &Catalog{byName: maps.Clone(c.byName), next: max(c.next, coll.ID+1)}
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
