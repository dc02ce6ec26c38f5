package txn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// Progress is told how many of a collection's documents an index build has looked at.
type Progress func(done, total int64)

// How much of an index one build holds and one commit of it writes.
const (
	buildBytes  = 64 << 20
	loadEntries = 5000
	loadBytes   = 1 << 20
)

// maxNamed is how many duplicates the error of a failed unique build names.
const maxNamed = 10

// builds are the index builds under way.
type builds struct {
	mu     sync.Mutex // guards active
	active []*build
}

// A build fills one index while writers go on. From the commit that defines the
// index every writer maintains it; the build adds the entries of the documents
// that no writer has touched since.
type build struct {
	docs     *Documents
	coll     string
	spec     index.Spec // of the index once it is ready; before, anew gives it another name
	anew     bool       // in the place of one that is there
	id       uint32     // of the collection
	index    *index.Index
	progress Progress

	mu      sync.Mutex          // guards both below, which the commit leader writes
	defined uint32              // the index's id, 0 before it is defined
	touched map[string]struct{} // keys of documents changed since it was

	bytes      int
	entries    []builtEntry
	duplicates []string
}

// A builtEntry is an entry and the document it belongs to.
type builtEntry struct {
	index.Entry
	doc []byte // the key of the document
}

// note remembers changed documents for the builds in their collection. It runs in
// the committer's leader, after the changes have been published.
func (b *builds) note(changes []Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.active {
		one.note(changes)
	}
}

func (b *build) note(changes []Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range changes {
		if b.defined == 0 || c.Collection.ID != b.id {
			continue
		}
		doc := c.After
		if doc.IsZero() {
			doc = c.Before
		}
		b.touched[string(keys.Document(c.Collection.ID, doc.Value().Field("_id")))] = struct{}{}
	}
}

// start makes the build remember changes from now on. It runs in the committer's
// leader, with the commit that defines the index.
func (b *build) start(id uint32, x *index.Index) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.defined, b.id, b.index = x.ID(), id, x
	b.touched = make(map[string]struct{})
}

func (b *builds) add(one *build) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.active = append(b.active, one)
}

func (b *builds) remove(one *build) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.active = slices.DeleteFunc(b.active, func(x *build) bool { return x == one })
}

// of returns the build of the index with that id, or nil when nobody builds it.
func (b *builds) of(id uint32) *build {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.active {
		if one.builds(id) {
			return one
		}
	}
	return nil
}

func (b *build) builds(id uint32) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.defined == id
}

// fill gives the index the entries of all documents of one snapshot, taken after
// the index was defined.
func (b *build) fill(ctx context.Context) error {
	snap, err := b.docs.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	coll := snap.Catalog().Collection(b.coll)
	if b.find(coll) < 0 {
		return errGone
	}
	cursor := snap.Scan(coll)
	defer cursor.Close()
	total, done := snap.Count(coll), int64(0)
	for cursor.Next() {
		if done%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			b.progress(done, total)
		}
		done++
		if err := b.collect(cursor); err != nil {
			return err
		}
		if b.bytes >= buildBytes {
			if err := b.load(ctx); err != nil {
				return err
			}
		}
	}
	if err := cursor.Err(); err != nil {
		return err
	}
	if err := b.load(ctx); err != nil {
		return err
	}
	b.progress(done, total)
	return b.reportDuplicates()
}

// find returns the place of the index in coll, which may be nil, or -1.
func (b *build) find(coll *Collection) int {
	if coll == nil || coll.ID != b.id {
		return -1
	}
	return slices.IndexFunc(coll.indexes, func(x definedIndex) bool { return x.ID() == b.index.ID() })
}

// step returns what fold needs to know of entries that are added. The index is
// one of coll.
func (b *build) step(coll *Collection, entries []builtEntry) *step {
	w := &work{coll: coll, indexes: make([]growth, len(coll.indexes))}
	g := &w.indexes[b.find(coll)]
	g.entries = int64(len(entries))
	for _, e := range entries {
		g.hashes = sketchHashes(g.hashes, b.index, e.Entry)
	}
	return &step{works: []*work{w}}
}

// errGone says that the index or its collection was dropped while it was built.
var errGone = fmt.Errorf("index was dropped while it was being built: %w", fault.ErrNotFound)

// collect adds the entries of the cursor's document.
func (b *build) collect(cursor *Cursor) error {
	doc := cursor.Doc()
	if err := document.Validate(doc.Raw()); err != nil {
		return fmt.Errorf("document under key %x: %w", cursor.Key(), err)
	}
	_, id, _ := keys.SplitDocument(cursor.Key())
	entries, traits, err := b.index.Entries(doc, id)
	if err != nil {
		return fmt.Errorf("document %s: %w", doc.ID(), err)
	}
	if t := b.index.Traits().Union(traits); t != b.index.Traits() {
		b.index = b.index.WithTraits(t)
	}
	key := bytes.Clone(cursor.Key())
	for _, e := range entries {
		b.entries = append(b.entries, builtEntry{Entry: e, doc: key})
		b.bytes += len(e.Key) + len(e.Value) + 96
	}
	b.bytes += len(key)
	return nil
}

// load sorts the entries held, writes them and forgets them.
func (b *build) load(ctx context.Context) error {
	slices.SortFunc(b.entries, func(x, y builtEntry) int { return bytes.Compare(x.Key, y.Key) })
	b.findDuplicates()
	most := loadEntries
	for rest := b.entries; len(rest) > 0 && len(b.duplicates) == 0; {
		batch := rest[:batchLen(rest, most)]
		err := ctx.Err()
		if err == nil {
			err = b.write(ctx, batch)
		}
		if errors.Is(err, errStale) {
			most = max(len(batch)/2, 1) // writers change documents faster than this many are written
			continue
		}
		if err != nil {
			return err
		}
		most = min(most*2, loadEntries)
		rest = rest[len(batch):]
	}
	clear(b.entries)
	b.entries, b.bytes = b.entries[:0], 0
	return nil
}

// batchLen returns how many of the entries, most at the most, one commit writes.
func batchLen(entries []builtEntry, most int) int {
	n, size := 0, 0
	for n < len(entries) && n < most && size < loadBytes {
		size += len(entries[n].Key) + len(entries[n].Value)
		n++
	}
	return n
}

// findDuplicates looks for neighbours with the same key in a unique index.
func (b *build) findDuplicates() {
	if !b.index.Spec().Unique {
		return
	}
	for i := 1; i < len(b.entries); i++ {
		if bytes.Equal(b.entries[i-1].Key, b.entries[i].Key) {
			b.duplicate(b.entries[i].Entry)
		}
	}
}

// duplicate notes an entry whose values another document has.
func (b *build) duplicate(e index.Entry) {
	if len(b.duplicates) >= maxNamed {
		return
	}
	b.duplicates = append(b.duplicates, b.describe(e))
}

// describe returns the values of an entry and its _id as text.
func (b *build) describe(e index.Entry) string {
	p, err := b.index.Split(e.Key, e.Value)
	if err != nil {
		return fmt.Sprintf("%x", e.Key)
	}
	if values, ok := b.index.WithTraits(index.Traits{}).Values(p, nil); ok {
		text := ""
		for i, v := range values[1:] {
			if i > 0 {
				text += ", "
			}
			if v.Exists() {
				text += v.String()
			} else {
				text += "missing"
			}
		}
		return fmt.Sprintf("(%s) of document %s", text, values[0])
	}
	if id, _, ok := keys.Decode(p.ID, false, false); ok {
		return fmt.Sprintf("of document %s", id)
	}
	return fmt.Sprintf("%x", p.Fields)
}

// reportDuplicates returns the error of a unique index over duplicates, or nil.
func (b *build) reportDuplicates() error {
	if len(b.duplicates) == 0 {
		return nil
	}
	text := b.duplicates[0]
	for _, d := range b.duplicates[1:] {
		text += "; " + d
	}
	s := b.spec
	return fmt.Errorf("E11000 duplicate key, index %s (%s), values %s: %w", s.Name, s.Keys(), text, fault.ErrDuplicate)
}

// write commits entries, less those of documents that writers have touched. It
// returns errStale when a writer came in between. The commit stands alone: between
// its check and its fold nothing is written.
func (b *build) write(ctx context.Context, entries []builtEntry) error {
	coll, err := b.docs.collection(ctx, b.coll, false)
	if err != nil {
		return err
	}
	if b.find(coll) < 0 {
		return errGone
	}
	left := b.untouched(entries)
	if len(left) == 0 {
		return nil
	}
	var clash []builtEntry
	_, err = b.docs.store.Commit(ctx, &storage.Request{
		Alone:  true,
		Writes: writesOf(left),
		Check: func(newest *storage.Snapshot) error {
			if err := coll.unchanged(newest); err != nil {
				return err
			}
			if len(b.untouched(left)) < len(left) {
				return errStale
			}
			var err error
			clash, err = b.clashes(newest, left)
			return err
		},
		Tag: b.step(coll, left),
	})
	for _, e := range clash {
		b.duplicate(e.Entry)
	}
	return fault.Join(err, b.reportDuplicates())
}

// clashes returns the entries whose values another document took since the
// build's snapshot, with an error that refuses the commit if there are any.
func (b *build) clashes(newest *storage.Snapshot, entries []builtEntry) ([]builtEntry, error) {
	if !b.index.Spec().Unique {
		return nil, nil
	}
	var clash []builtEntry
	for _, e := range entries {
		stored, err := newest.Get(e.Key)
		if err != nil {
			return nil, err
		}
		if stored.Value != nil && !bytes.Equal(stored.Value, e.Value) {
			clash = append(clash, e)
		}
	}
	if len(clash) > 0 {
		return clash, fault.ErrDuplicate
	}
	return nil, nil
}

// untouched returns the entries of documents that no writer has touched.
func (b *build) untouched(entries []builtEntry) []builtEntry {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.touched) == 0 {
		return entries
	}
	left := make([]builtEntry, 0, len(entries))
	for _, e := range entries {
		if _, touched := b.touched[string(e.doc)]; !touched {
			left = append(left, e)
		}
	}
	return left
}

// entrySlab is the room that neighbours share: one that lives keeps all.
const entrySlab = 8 << 10

// writesOf returns the writes of entries, which are copied in the order of the index: in
// memory what is walked together lies together.
func writesOf(entries []builtEntry) []storage.Write {
	writes := make([]storage.Write, len(entries))
	var slab []byte
	for i, e := range entries {
		if len(slab)+len(e.Key)+len(e.Value) > cap(slab) {
			slab = make([]byte, 0, max(entrySlab, len(e.Key)+len(e.Value)))
		}
		from, end := len(slab), len(slab)+len(e.Key)
		slab = append(append(slab, e.Key...), e.Value...)
		writes[i] = storage.Write{Key: slab[from:end:end], Value: slab[end:len(slab):len(slab)]}
	}
	return writes
}
