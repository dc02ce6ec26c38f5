package virga

import (
	"context"

	"github.com/virgadb/virga/internal/fault"
)

// Stats are the numbers of a database.
type Stats struct {
	Collections []CollectionStats // in the order of their names
	Version     uint64            // the number of the newest commit
	Commits     uint64            // commits since Open; one may carry many writes
	Writes      uint64            // writes in them, the database's own included
	DiskBytes   int64             // what the files occupy
	MemoryBytes int64             // what the engine holds in memory, estimated
	Sweeping    int               // dropped ranges whose space is still to be given back
}

// CollectionStats are the numbers of one collection.
type CollectionStats struct {
	Name      string
	Documents int64
}

// Stats returns the numbers of the database as it is now. It reads no documents.
func (db *DB) Stats(ctx context.Context) (Stats, error) {
	if err := usable(ctx); err != nil {
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
		MemoryBytes: s.Usage.Memory,
		Sweeping:    s.Garbage,
	}
	for _, coll := range snap.Catalog().Collections() {
		stats.Collections = append(stats.Collections, CollectionStats{Name: coll.Name, Documents: snap.Count(coll)})
	}
	return stats, nil
}
