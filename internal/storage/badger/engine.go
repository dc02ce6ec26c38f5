// Package badger keeps a database in a folder of files, by way of Badger, a
// log-structured merge tree. It is the engine of every database that is not in
// memory.
//
// An [Engine] is opened on a folder and held by one process at a time, or by any
// number of read-only ones. The folder holds Badger's own files and two more:
// LOCK, which says who has the database open, and STATE, which says how it was
// left. Nothing else may live there.
//
// What Badger is not asked for: values never reach its value log (the store
// splits long ones), it picks no versions (the committer does), looks for no
// conflicts, compresses nothing and caches no blocks, since the operating system
// caches its mapped files already.
//
// Limits: a batch holds at most 15 % of [Options.MemTableSize]; a key 65,000
// bytes, and it is neither empty nor starts with "!badger!".
package badger

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
)

// An Engine is an open folder. It meets [storage.Engine] and is safe for
// concurrent use as far as that says.
type Engine struct {
	path     string
	options  Options
	limits   limits
	db       *badger.DB
	lock     *folderLock
	state    *stateFile // nil when read-only
	rebuild  atomic.Bool
	room     *room
	wals     *walFiles      // nil when read-only
	seat     sync.Mutex     // held by whoever writes to db
	entries  []badger.Entry // room for a batch, guarded by seat
	version  atomic.Uint64
	retired  atomic.Uint64
	synced   atomic.Uint64 // the version up to which all is durable, as far as known
	closed   atomic.Bool
	readOnly bool
}

var _ storage.Engine = (*Engine)(nil)

// Open opens the database in the folder path, which is created with its parents
// when it does not exist.
//
// Errors: [fault.ErrLocked] when a process, this one included, has it open;
// [fault.ErrNotFound] when it does not exist and [Options.ReadOnly] is set;
// [fault.ErrInvalid] when path is a file or a folder of something else, which is
// left untouched; [fault.ErrFull] when the disk has no room to open it for
// writing; [fault.ErrFormat] and [fault.ErrCorrupt] when its files cannot be
// used; [fault.ErrReadOnly] when [Options.ReadOnly] is set and the last process
// to write did not close it, so that somebody who may write has to open it once.
func Open(path string, o Options) (*Engine, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if err := prepareFolder(path, o.ReadOnly); err != nil {
		return nil, err
	}
	lock, err := lockFolder(path, o.ReadOnly)
	if err != nil {
		return nil, err
	}
	e := &Engine{path: path, options: o, lock: lock, readOnly: o.ReadOnly, limits: limitsFor(o.MemTableSize)}
	if err := e.open(); err != nil {
		lock.release()
		return nil, err
	}
	return e, nil
}

// open does what needs the lock.
func (e *Engine) open() error {
	last, err := readState(e.path)
	if err != nil {
		return err
	}
	if err := inspect(e.path, last, e.readOnly); err != nil {
		return err
	}
	e.rebuild.Store(last.needsRebuild(bootID()))
	e.room = newRoom(e.path, e.options)
	if e.readOnly {
		return e.start(last)
	}
	if err := e.room.toOpen(); err != nil {
		return err
	}
	if e.state, err = openState(e.path, last.reopened(bootID(), e.rebuild.Load())); err != nil {
		return err
	}
	if err := e.start(last); err != nil {
		e.state.close()
		return err
	}
	return nil
}

// start opens Badger itself.
func (e *Engine) start(last state) (err error) {
	if e.db, err = openBadger(e.path, e.options); err != nil {
		return err
	}
	e.version.Store(max(e.db.MaxVersion(), last.version))
	e.synced.Store(math.MaxUint64)
	if e.readOnly {
		return nil
	}
	e.room.debt = e.debt
	if e.wals, err = openWALs(e.path, e.db, e.options.Clock); err != nil {
		e.db.Close()
	}
	return err
}

// openBadger turns Badger's panics over files it cannot make sense of into errors.
func openBadger(path string, o Options) (db *badger.DB, err error) {
	defer func() {
		if p := recover(); p != nil {
			db, err = nil, fmt.Errorf("database %s: badger: %v: %w", path, p, fault.ErrCorrupt)
		}
	}()
	db, err = badger.OpenManaged(o.badger(path))
	if err != nil {
		return nil, explain(path, err)
	}
	return db, nil
}

// Path returns the folder the engine was opened on.
func (e *Engine) Path() string { return e.path }

// Version returns the version of the newest batch applied, 0 when there is none.
// It never falls from one opening to the next.
func (e *Engine) Version() uint64 { return e.version.Load() }

// Unclean reports that batches which were not durable may have been lost in the
// middle of others that were kept: the machine went down, or may have, while the
// folder was open. Each batch is still whole, but what is derived from several,
// as indexes are, must be built anew; [Engine.Rebuilt] then says that it was. A
// process that is killed on a machine that stays up does not cause this.
func (e *Engine) Unclean() bool { return e.rebuild.Load() }

// Rebuilt records that everything derived has been built anew. Until then every
// opening of the folder is [Engine.Unclean].
func (e *Engine) Rebuilt() error {
	if e.readOnly {
		return fmt.Errorf("database %s: %w", e.path, fault.ErrReadOnly)
	}
	if err := e.Sync(); err != nil {
		return err
	}
	if err := e.state.update(true, func(s *state) { s.rebuild = false }); err != nil {
		return err
	}
	e.rebuild.Store(false)
	return nil
}

// Retire lets compactions discard what only views older than version could see.
func (e *Engine) Retire(version uint64) {
	version = min(version, e.version.Load())
	if version > e.retired.Load() && !e.closed.Load() {
		e.retired.Store(version)
		e.db.SetDiscardTs(version)
	}
}

// Close flushes what is in memory to tables, marks the folder as cleanly closed
// and releases it.
func (e *Engine) Close() error {
	if e.closed.Swap(true) {
		return nil
	}
	e.seat.Lock()
	defer e.seat.Unlock()
	err := explain(e.path, e.shut())
	if e.wals != nil {
		e.wals.close()
	}
	if e.state != nil {
		if err == nil {
			err = e.state.finish(e.version.Load())
		}
		e.state.close()
	}
	e.lock.release()
	return err
}

// shut closes Badger.
func (e *Engine) shut() (err error) {
	defer e.rescue(&err, "close")
	return e.db.Close()
}
