package virga

import (
	"context"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/txn"
)

// Stats are the numbers of a database.
type Stats struct {
	Collections []CollectionStats // in the order of their names
	Version     uint64            // the number of the newest commit
	Commits     uint64            // commits since Open; one may carry many writes
	Writes      uint64            // writes in them, the database's own included
	DiskBytes   int64             // what the files occupy
	MemoryBytes int64             // what is held in memory: the engine's content and copies, estimated
	Mirrors     []MirrorStats     // what is copied to memory, or about to be, see [WithMemory]
	Sweeping    int               // dropped ranges whose space is still to be given back
}

// CollectionStats are the numbers of one collection.
type CollectionStats struct {
	Name      string
	Documents int64
}

// MirrorStats are the numbers of a copy in memory, of an index or of the documents
// of a collection.
type MirrorStats struct {
	Collection string
	Index      string // empty for the documents
	Loading    bool   // not in use yet
	Entries    int    // keys of the index, or documents; 0 while loading
	Bytes      int64
}

// Stats returns the numbers of the database as it is now. It reads no documents.
func (db *DB) Stats(ctx context.Context) (Stats, error) {
	if err := db.administrates(ctx); err != nil {
		return Stats{}, fault.Wrap("stats", "", "", err)
	}
	snap, err := db.docs.Snapshot()
	if err != nil {
		return Stats{}, fault.Wrap("stats", "", "", err)
	}
	defer snap.Release()
	s := db.store.Stats()
	stats := Stats{
		Version:     snap.Version(),
		Commits:     s.Commits,
		Writes:      s.Requests,
		DiskBytes:   s.Usage.Disk,
		MemoryBytes: s.Usage.Memory + s.Mirrors,
		Sweeping:    s.Garbage,
		Mirrors:     mirrorStats(snap.Catalog().Collections(), db.store.Mirrors()),
	}
	for _, coll := range snap.Catalog().Collections() {
		stats.Collections = append(stats.Collections, CollectionStats{Name: coll.Name, Documents: snap.Count(coll)})
	}
	return stats, nil
}

// mirrorStats names the mirrors of a store. One of what was dropped meanwhile has
// no name and is left out.
func mirrorStats(collections []*txn.Collection, mirrors []storage.MirrorStats) []MirrorStats {
	if len(mirrors) == 0 {
		return nil
	}
	names := make(map[string]MirrorStats)
	for _, coll := range collections {
		lo, _ := keys.Documents(coll.ID)
		names[string(lo)] = MirrorStats{Collection: coll.Name}
		for _, x := range coll.Indexes() {
			lo, _ := keys.Index(x.ID())
			names[string(lo)] = MirrorStats{Collection: coll.Name, Index: x.Spec().Name}
		}
	}
	var list []MirrorStats
	for _, m := range mirrors {
		if st, ok := names[string(m.Prefix)]; ok {
			st.Loading, st.Entries, st.Bytes = m.Loading, m.Entries, m.Bytes
			list = append(list, st)
		}
	}
	return list
}
