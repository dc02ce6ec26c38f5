package badger

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/virgadb/virga/internal/storage"
)

// Compact merges all tables into one level, which drops what is dead there. The
// newest deletions are in the memory table: it is written out first, since Compact
// would give nothing back to somebody who has just deleted much. Nobody waits for long:
// neither readers nor commits, which come between the parts. ctx is looked at between
// them, too, but for the merge.
func (e *Engine) Compact(ctx context.Context) error {
	if err := e.writable(); err != nil {
		return err
	}
	if err := e.flush(ctx); err != nil {
		return err
	}
	// Badger leaves the newest level alone while it has few tables and no other has
	// any: it gets more.
	for range levelZeroTables + 1 {
		if !e.onlyLevelZero() {
			break
		}
		if err := e.flush(ctx); err != nil {
			return err
		}
	}
	return explain(e.path, e.flatten())
}

// levelZeroTables is the number of tables up to which Badger leaves level 0 alone.
const levelZeroTables = 5

func (e *Engine) onlyLevelZero() bool {
	zero, tables := 0, 0
	for _, level := range e.db.Levels() {
		tables += level.NumTables
		if level.Level == 0 {
			zero = level.NumTables
		}
	}
	return zero > 0 && zero == tables && zero <= levelZeroTables
}

func (e *Engine) flatten() (err error) {
	defer e.rescue(&err, "compact")
	err = e.db.Flatten(1)
	if err != nil && strings.Contains(err.Error(), "Unable to fill tables") {
		return nil // nothing left to merge
	}
	return err
}

// flush makes Badger write out its memory table, for which it has no call: the log
// is filled with deletions of a key that never existed. Commits come between.
func (e *Engine) flush(ctx context.Context) error {
	f := flushing{Engine: e, newest: -1}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		progress, err := f.step()
		if err != nil || progress == written {
			return err
		}
		if progress == full {
			time.Sleep(time.Millisecond)
		}
	}
}

// A flushing is how far a flush has come.
type flushing struct {
	*Engine
	newest int // the number of the log that is to be written out; -1 before the first step
}

type progress uint8

const (
	filling progress = iota
	full             // being written out
	written
)

// step does one part of a flush, during which commits wait.
func (f *flushing) step() (p progress, err error) {
	f.seat.Lock()
	defer f.seat.Unlock()
	defer f.rescue(&err, "compact")
	if err := f.writable(); err != nil {
		return filling, err
	}
	version := f.version.Load()
	if version == 0 {
		return written, nil
	}
	numbers, err := walNumbers(f.path)
	if err != nil {
		return filling, explain(f.path, err)
	}
	last := numbers[len(numbers)-1]
	if f.newest < 0 {
		f.newest = last
	}
	switch {
	case numbers[0] > f.newest:
		return written, nil
	case last > f.newest:
		return full, nil
	}
	return filling, f.fill(version)
}

// fillKey is the length of the key that is deleted to fill the log; Badger takes
// keys of 65,000 bytes.
const fillKey = 60_000

// fill appends to the log a deletion of one key, the same each time: the table is
// little longer for it.
func (e *Engine) fill(version uint64) error {
	key := make([]byte, min(fillKey, e.limits.bytes/2))
	key[1] = 'f'
	if err := e.room.admit(int64(len(key))); err != nil {
		return err
	}
	return explain(e.path, e.commit(version, []storage.Write{{Key: key, Delete: true}}))
}

// Usage returns the bytes the folder takes on disk, sparse files by what is
// allocated, and those of the memory tables; mapped tables are not counted, the
// machine takes their memory when it needs it.
func (e *Engine) Usage() storage.Usage {
	var u storage.Usage
	entries, err := os.ReadDir(e.path)
	if err != nil {
		return u
	}
	for _, entry := range entries {
		fi, err := entry.Info()
		if err != nil {
			continue // removed meanwhile
		}
		u.Disk += allocated(fi)
		if filepath.Ext(entry.Name()) == walExt {
			u.Memory += e.options.MemTableSize + 2*e.limits.bytes
		}
	}
	return u
}
