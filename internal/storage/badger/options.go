package badger

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
)

// Options say how a folder is opened. The zero value is right.
type Options struct {
	// ReadOnly opens without writing a byte. Several processes may have a
	// database open this way at once, and then none for writing.
	ReadOnly bool
	// Logger receives what Badger has to say; nil drops it.
	Logger *slog.Logger
	// Clock times how long a look at the free space is good for; nil is the
	// machine's.
	Clock clock.Clock
	// MemTableSize is the size in bytes at which the table in memory, and its log,
	// is written out: default 32 MiB, at least 256 KiB. It bounds a batch (15 % of
	// it), and the memory (at most six of them) and the disk space kept free (four).
	MemTableSize int64
	// Free returns the bytes free to this process on the file system of path; nil
	// asks the machine.
	Free func(path string) (uint64, error)
}

const (
	defaultMemTable = 32 << 20
	leastMemTable   = 256 << 10
	valueThreshold  = 1 << 20 // Badger's largest
)

// complete returns o with its defaults filled in.
func (o Options) complete() (Options, error) {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Free == nil {
		o.Free = freeSpace
	}
	if o.MemTableSize == 0 {
		o.MemTableSize = defaultMemTable
	}
	if o.MemTableSize < leastMemTable || o.MemTableSize > 1<<30 {
		return o, fmt.Errorf("memory table of %d bytes, want %d to %d: %w", o.MemTableSize, leastMemTable, 1<<30, fault.ErrInvalid)
	}
	return o, nil
}

// badger returns Badger's own options.
func (o Options) badger(path string) badger.Options {
	b := badger.DefaultOptions(path).
		WithReadOnly(o.ReadOnly).
		WithBypassLockGuard(true). // LOCK says more
		WithLogger(nil).
		WithCompression(options.None).
		WithBlockCacheSize(0).
		WithIndexCacheSize(0).
		WithMemTableSize(o.MemTableSize).
		WithValueThreshold(limitsFor(o.MemTableSize).value).
		WithValueLogFileSize(64 << 20).
		WithNumVersionsToKeep(1).
		WithNumLevelZeroTables(levelZeroTables).
		WithDetectConflicts(false).
		WithNumCompactors(2).
		WithMetricsEnabled(false).
		WithSyncWrites(false) // Apply does it, with one sync where Badger does two
	if o.Logger != nil {
		b.Logger = logger{o.Logger.With("component", "badger")}
	}
	return b
}

// limits are what Badger takes in one transaction. It derives them from the size
// of the memory table and would put a longer value into its value log.
type limits struct {
	bytes, keys, value int64
}

// maxNode is the memory of the highest node of Badger's skip list, by which it
// derives the limit of keys from that of bytes.
const maxNode = 96

func limitsFor(memTable int64) limits {
	batch := memTable * 15 / 100
	return limits{bytes: batch, keys: batch / maxNode, value: min(valueThreshold, batch)}
}

// A logger passes Badger's messages on. Badger reports its everyday business as
// information, which for a database is debugging, and its debugging is of no use.
type logger struct {
	to *slog.Logger
}

func (l logger) Errorf(format string, a ...any)   { l.log(slog.LevelError, format, a) }
func (l logger) Warningf(format string, a ...any) { l.log(slog.LevelWarn, format, a) }
func (l logger) Infof(format string, a ...any)    { l.log(slog.LevelDebug, format, a) }
func (l logger) Debugf(string, ...any)            {}

func (l logger) log(level slog.Level, format string, a []any) {
	if ctx := context.Background(); l.to.Enabled(ctx, level) {
		l.to.Log(ctx, level, fmt.Sprintf(format, a...))
	}
}
