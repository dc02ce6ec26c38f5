package txn

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
)

// A tally sums up a set of entries: two sets with the same tally are the same, but
// for a chance of one in 2^64.
type tally struct {
	entries int64
	sum     uint64 // of the entries' hashes
}

// An indexCheck compares one index with the documents.
type indexCheck struct {
	index  *index.Index
	seed   maphash.Seed
	wanted tally // by the documents
	report func(format string, args ...any)
}

func newIndexChecks(coll *Collection, report func(Problem)) []*indexCheck {
	var checks []*indexCheck
	for _, x := range coll.Indexes() {
		checks = append(checks, &indexCheck{index: x, seed: maphash.MakeSeed(), report: func(format string, args ...any) {
			report(Problem{Collection: coll.Name, Text: fmt.Sprintf("index %s: ", x.Name()) + fmt.Sprintf(format, args...)})
		}})
	}
	return checks
}

func (t *tally) add(seed maphash.Seed, e index.Entry) {
	var h maphash.Hash
	h.SetSeed(seed)
	h.Write(e.Key)
	h.WriteByte(0)
	h.Write(e.Value)
	t.entries++
	t.sum += h.Sum64()
}

// want adds the entries that the index should have for doc.
func (c *indexCheck) want(doc document.Doc, key []byte) {
	if !c.index.CanMake() {
		return
	}
	_, id, _ := keys.SplitDocument(key)
	entries, traits, err := c.index.Entries(doc, id)
	if err != nil {
		c.report("document %s cannot be indexed: %v", doc.ID(), err)
		return
	}
	if c.index.Traits().Union(traits) != c.index.Traits() {
		c.report("document %s has traits %+v, the index knows of %+v", doc.ID(), traits, c.index.Traits())
	}
	for _, e := range entries {
		c.wanted.add(c.seed, e)
	}
}

// compare reads the index and reports how it differs from what is wanted.
func (c *indexCheck) compare(ctx context.Context, s Snapshot, coll *Collection) error {
	found, err := c.read(ctx, s)
	if err != nil {
		return err
	}
	if counted := s.IndexStats(coll, c.index).Entries; counted != found.entries {
		c.report("%d entries found, %d counted", found.entries, counted)
	}
	if found != c.wanted && c.index.CanMake() {
		c.report("%d entries found, %d wanted by the documents", found.entries, c.wanted.entries)
		return c.explain(ctx, s, coll)
	}
	return nil
}

func (c *indexCheck) read(ctx context.Context, s Snapshot) (tally, error) {
	var found tally
	cursor := s.WholeEntries(c.index)
	defer cursor.Close()
	for cursor.Next() {
		if found.entries%checkEvery == 0 && ctx.Err() != nil {
			return found, ctx.Err()
		}
		found.add(c.seed, index.Entry{Key: cursor.Key(), Value: cursor.Value()})
	}
	return found, cursor.Err()
}

// maxExplained is how many wrong entries of an index are told one by one.
const maxExplained = 20

// explain reports entries that no document wants, and entries that are missing.
func (c *indexCheck) explain(ctx context.Context, s Snapshot, coll *Collection) error {
	told := 0
	cursor := s.WholeEntries(c.index)
	defer cursor.Close()
	for cursor.Next() && told < maxExplained && ctx.Err() == nil {
		doc, err := s.GetEncoded(coll, cursor.Parts().ID)
		if err != nil {
			return err
		}
		if !c.wants(doc, cursor) {
			c.report("entry %x belongs to no document, its value is %x", cursor.Key(), cursor.Value())
			told++
		}
	}
	if err := cursor.Err(); err != nil {
		return err
	}
	return c.explainMissing(ctx, s, coll, told)
}

// wants reports whether doc has the entry that cursor is at.
func (c *indexCheck) wants(doc document.Doc, cursor *EntryCursor) bool {
	if doc.IsZero() {
		return false
	}
	entries, _, err := c.index.Entries(doc, cursor.Parts().ID)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if bytes.Equal(e.Key, cursor.Key()) && bytes.Equal(e.Value, cursor.Value()) {
			return true
		}
	}
	return false
}

func (c *indexCheck) explainMissing(ctx context.Context, s Snapshot, coll *Collection, told int) error {
	docs := s.Scan(coll)
	defer docs.Close()
	for docs.Next() && told < maxExplained && ctx.Err() == nil {
		if document.Validate(docs.Doc().Raw()) != nil {
			continue
		}
		_, id, _ := keys.SplitDocument(docs.Key())
		entries, _, err := c.index.Entries(docs.Doc(), id)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if value, err := s.entry(e.Key); err != nil {
				return err
			} else if !holds(value, e) {
				c.report("no entry %x for document %s, of the value %x", e.Key, docs.Doc().ID(), e.Value)
				told++
			}
		}
	}
	return docs.Err()
}
