package storage

import "context"

// A Write sets or deletes one key. Key and Value belong to the store once the
// write has been submitted.
type Write struct {
	Key, Value []byte
	Delete     bool
	Replaces   PartSet // the parts of the value this write replaces, see [Entry.Parts]
}

// A PartSet numbers the parts that one large value is stored in. Zero means a
// value that is stored whole.
type PartSet uint64

// An Entry is the value of a key at one version. The zero Entry says that the
// key has none.
type Entry struct {
	Value   []byte  // valid for ever; not to be modified
	Version uint64  // the commit that wrote it
	Parts   PartSet // the parts the value was assembled from
	Checked bool    // the value has passed [MirrorOptions.Check], or is as this process wrote it
}

// A Range is the stretch of keys from Lo up to, but not including, Hi. A nil Hi
// runs to the last key.
type Range struct {
	Lo, Hi []byte
}

// ScanOptions say how a cursor walks its range. The zero value walks upwards and
// reads values.
type ScanOptions struct {
	Reverse  bool // from the last key to the first
	KeysOnly bool // values are not read: Value returns nil
	Seeks    bool // of a [Cursor] of a store: it stays open at its end, for Seek
}

// What one batch may hold. A request is held to the limits of one atomic step,
// the rest of a batch is room for what the store and its hooks add to it.
const (
	// MaxBatchKeys is the number of writes every engine takes in one batch.
	MaxBatchKeys = 52_000
	// MaxBatchBytes is what they may add up to in bytes, counted by [Write.size].
	MaxBatchBytes = 4_900_000
)

// size is what a write counts for against [MaxBatchBytes]: its key, its value and
// 12 bytes, which is how the disk engine counts.
func (w *Write) size() int { return len(w.Key) + len(w.Value) + 12 }

// An Engine keeps ordered, versioned bytes. One goroutine at a time calls Apply
// and Retire, the committer's leader; everything else is safe for concurrent use.
// The [Store] makes sure that no call is under way when Close runs, that cursors
// and views have been closed before it, and that no value is longer than 512 KiB
// and no part longer either.
//
// An engine has no call that drops a range at once: Badger's DropPrefix holds the
// lock every reader needs until it is done. The store deletes in small batches.
type Engine interface {
	// Version returns the version of the newest batch applied, 0 when there is none.
	Version() uint64
	// Apply writes a batch as one atomic step that later views see as version,
	// which is always Version()+1. Of two writes of one key the later counts. With
	// durable set, the batch survives a power cut before Apply returns.
	// [fault.ErrFull] means that nothing was written; after any other error the
	// engine may hold the batch or not, and the store writes no more.
	//
	// The engine keeps the bytes of keys and values but not the slice of writes,
	// and it looks at Key, Value and Delete only.
	Apply(version uint64, writes []Write, durable bool) error
	// View returns the immutable state at the newest version.
	View() View
	// Retire tells the engine that no view older than version is in use.
	Retire(version uint64)
	// Sync makes everything applied so far survive a power cut.
	Sync() error
	// Compact gives space that dead data occupies back to the machine.
	Compact(ctx context.Context) error
	// Verify checks what the engine can check of its own files; damage is [fault.ErrCorrupt].
	Verify(ctx context.Context) error
	// Usage returns the bytes the engine occupies on disk and in memory.
	Usage() Usage
	// Close releases everything. Data applied is kept.
	Close() error
}

// A Resident engine has in memory what this process has written, as it was written:
// mirrors would only double it, and what was right is right still.
type Resident interface {
	Engine
	// Resident does nothing.
	Resident()
}

// A View is an engine's state at one version. It is safe for concurrent use.
type View interface {
	// Get returns the entry of key. The value is owned by the caller or shared and immutable.
	Get(key []byte) (Entry, error)
	// Scan returns a cursor over r.
	Scan(r Range, o ScanOptions) EngineCursor
	// Release says that the view is used no more.
	Release()
}

// An EngineCursor walks a range of a view. It belongs to one goroutine. What Key
// and Value return is valid until the next call of Next or Close.
//
// A cursor over one tree, from [Tree.Scan] or [Forest.Scan], promises more, and the store makes use of
// it: its bytes are immutable and valid for ever, it holds nothing that needs
// Close, and it may be used while the engine closes and after.
type EngineCursor interface {
	Next() bool
	Key() []byte
	Value() []byte // never nil, save for a cursor over keys only
	Version() uint64
	Err() error
	Close()
}

// Usage is what an engine occupies, in bytes.
type Usage struct {
	Disk   int64 // files
	Memory int64 // estimated live heap
}
