package txn

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// A Problem is one disagreement that [Documents.Check] found.
type Problem struct {
	Collection string // empty when it concerns no collection
	ID         string // the document's _id as JSON, where it could be read
	Text       string
}

// Checked is how much a check has looked at.
type Checked struct {
	Collections int
	Documents   int64
	Unread      []string // "collection.index" of each index that this program cannot compare with documents, see [index.Index.CanMake]
}

// checkEvery is how many documents a check passes between two looks at the context.
const checkEvery = 256

// Check compares what one snapshot holds with itself: every document is whole and
// lies under the key of its _id, every index holds what the documents want, and
// every count is right. It calls report for each disagreement. Its error is only about
// the check itself.
func (d *Documents) Check(ctx context.Context, report func(Problem)) (Checked, error) {
	snap, err := d.Snapshot()
	if err != nil {
		return Checked{}, err
	}
	defer snap.Release()
	var done Checked
	for _, coll := range snap.Catalog().Collections() {
		n, err := snap.check(ctx, coll, report)
		done.Documents += n
		for _, x := range coll.Indexes() {
			if !x.CanMake() {
				done.Unread = append(done.Unread, coll.Name+"."+x.Name())
			}
		}
		if err != nil {
			return done, err
		}
		done.Collections++
	}
	return done, snap.checkStray(ctx, report)
}

// check walks one collection.
func (s Snapshot) check(ctx context.Context, coll *Collection, report func(Problem)) (int64, error) {
	var n int64
	indexes := newIndexChecks(coll, report)
	cursor := s.Scan(coll)
	defer cursor.Close()
	for cursor.Next() {
		if n%checkEvery == 0 && ctx.Err() != nil {
			return n, ctx.Err()
		}
		n++
		if text := checkDocument(coll, cursor.Key(), cursor.Doc()); text != "" {
			report(Problem{Collection: coll.Name, Text: text})
			continue
		}
		for _, x := range indexes {
			x.want(cursor.Doc(), cursor.Key())
		}
	}
	if err := cursor.Err(); err != nil {
		if !errors.Is(err, fault.ErrCorrupt) {
			return n, err
		}
		report(Problem{Collection: coll.Name, Text: err.Error()})
		return n, nil
	}
	if want := s.Count(coll); n != want {
		report(Problem{Collection: coll.Name, Text: fmt.Sprintf("%d documents found, %d counted", n, want)})
	}
	for _, x := range indexes {
		if err := x.compare(ctx, s, coll); err != nil {
			return n, err
		}
	}
	return n, nil
}

// checkDocument returns what is wrong with a stored document, or "".
func checkDocument(coll *Collection, key []byte, doc document.Doc) string {
	if err := document.Validate(doc.Raw()); err != nil {
		return fmt.Sprintf("document under key %x: %v", key, err)
	}
	canonical, err := document.Canonical(doc.Raw())
	if err != nil || string(canonical.Raw()) != string(doc.Raw()) {
		return fmt.Sprintf("document under key %x is not in its stored form", key)
	}
	if want := keys.Document(coll.ID, doc.Value().Field("_id")); string(want) != string(key) {
		return fmt.Sprintf("document %s lies under key %x instead of %x", doc.ID(), key, want)
	}
	return ""
}

// checkStray looks for documents of collections that do not exist and are not on
// their way out.
func (s Snapshot) checkStray(ctx context.Context, report func(Problem)) error {
	garbage, err := s.snap.Garbage()
	if err != nil {
		return err
	}
	known := make(map[uint32]bool)
	for _, coll := range s.Catalog().byName {
		known[coll.ID] = true
	}
	lo, _ := keys.Documents(0)
	_, end := keys.Documents(^uint32(0))
	for ctx.Err() == nil {
		id, ok, err := s.firstCollection(storage.Range{Lo: lo, Hi: end})
		if err != nil || !ok {
			return err
		}
		var hi []byte
		lo, hi = keys.Documents(id)
		dropped := slices.ContainsFunc(garbage, func(r storage.Range) bool { return r.Contains(lo) })
		if !known[id] && !dropped {
			report(Problem{Text: fmt.Sprintf("documents of collection number %d, which does not exist", id)})
		}
		lo = hi
	}
	return ctx.Err()
}

// firstCollection returns the number of the collection that the first key of r
// belongs to.
func (s Snapshot) firstCollection(r storage.Range) (uint32, bool, error) {
	cursor := s.snap.Scan(r, storage.ScanOptions{KeysOnly: true})
	defer cursor.Close()
	if !cursor.Next() {
		return 0, false, cursor.Err()
	}
	id, _, ok := keys.SplitDocument(cursor.Key())
	return id, ok, nil
}
