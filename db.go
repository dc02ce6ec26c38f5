package virga

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/hook"
	"github.com/virgadb/virga/internal/plan"
	"github.com/virgadb/virga/internal/sorter"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/txn"
	"github.com/virgadb/virga/watch"
)

// The values a program puts into documents and gets out of them.
type (
	// M is an object whose fields are in the order of their names.
	M = document.M
	// D is an object whose fields are in the order given.
	D = document.D
	// E is one field of a [D].
	E = document.E
	// Doc is a stored document. It is immutable and valid for ever.
	Doc = document.Doc
	// ID is the _id of a document. It is comparable: 1 and 1.0 are the same ID.
	ID = document.ID
)

// Memory is the path of a database that lives in memory and ends with Close.
const Memory = ":memory:"

// A DB is an open database, in the hands of the program, which may do everything,
// or of an identity, see [DB.As]. It is safe for concurrent use.
type DB struct {
	*core
	who *identity // nil for the program itself
}

// core is what all handles of an open database share.
type core struct {
	path   string
	store  *storage.Store
	docs   *txn.Documents
	clock  clock.Clock
	ids    *clock.IDs
	plan   plan.Options
	feed   *watch.Feed
	shapes *geo.Shapes // of large geometries in documents
	log    *slog.Logger
	config config
	cloud  *cloudLimits // nil in the Embedded profile
	access accessOptions

	observer hook.Observer // nil when nobody observes

	attached  attachments
	functions functions
}

// Open opens the database in the folder path and creates it where there is none.
// The path ":memory:" makes a new database in memory.
//
// One process at a time has a database open: Open fails at once with [ErrLocked]
// when another has. The caller closes the database.
func Open(path string, options ...Option) (*DB, error) {
	db, err := open(path, options)
	if err != nil && path != "" {
		err = fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		return nil, fault.Wrap("open", "", "", err)
	}
	return db, nil
}

func open(path string, options []Option) (*DB, error) {
	c, err := configure(options)
	if err != nil {
		return nil, err
	}
	engine, err := openEngine(path, c)
	if err != nil {
		return nil, err
	}
	db, err := openStore(path, engine, c)
	if err == nil && path != Memory && !c.readOnly {
		// Nobody else has the folder: what lies there a killed process has left.
		sorter.Sweep(path, time.Time{})
		db.plan.Temp = path
	}
	return db, err
}

// openStore opens the database that engine holds. The engine belongs to it from
// now on, also when openStore fails.
func openStore(path string, engine storage.Engine, c *config) (*DB, error) {
	store, err := storage.New(engine, storage.Options{
		Durability: c.durability,
		Every:      c.every,
		ReadOnly:   c.readOnly,
		Clock:      c.clock,
		Logger:     c.logger,
		Mirror:     txn.Mirror(c.memory - c.memory/4),
	})
	if err != nil {
		return nil, err
	}
	docs, err := openDocuments(store, c)
	if err != nil {
		store.Close()
		return nil, err
	}
	ids := c.ids
	if ids == nil {
		ids = clock.NewIDs(c.clock)
	}
	db := &DB{core: &core{
		path:     path,
		observer: c.observer,
		config:   *c,
		store:    store,
		docs:     docs,
		clock:    c.clock,
		ids:      ids,
		log:      c.log(),
		cloud:    c.cloud(),
		access:   c.access,
		shapes:   geo.NewShapes(c.memory / 16),
		plan: plan.Options{
			Clock:        clock.System(), // it measures, whatever time the database goes by
			Advisor:      plan.NewAdvisor(),
			Slow:         c.slow,
			Logger:       c.logger,
			Memory:       c.memory / 4,
			RequireIndex: c.requireIndex,
		},
	}}
	db.feed = watch.NewFeed(db.find, c.memory/8)
	docs.Listen(db.tell)
	if !c.readOnly {
		err = restore(engine, docs, c)
	}
	if err != nil {
		store.Close()
		return nil, err
	}
	return db, nil
}

func openDocuments(store *storage.Store, c *config) (*txn.Documents, error) {
	if c.heritage != nil {
		return txn.Inherit(store, c.clock, *c.heritage), nil
	}
	return txn.Open(store, c.clock)
}

// An unsafeEngine is one whose newest commits a power cut may have torn apart,
// unless they were synced.
type unsafeEngine interface {
	// Unclean reports that this may have happened and not been repaired yet.
	Unclean() bool
	// Rebuilt remembers that it has been repaired.
	Rebuilt() error
}

// restore repairs what an earlier process left unfinished.
func restore(engine storage.Engine, docs *txn.Documents, c *config) error {
	ctx := context.Background()
	log := c.log()
	if err := docs.Recover(ctx, log); err != nil {
		return err
	}
	e, ok := engine.(unsafeEngine)
	if !ok || !e.Unclean() {
		return nil
	}
	log.Warn("not closed before the machine stopped: counts and indexes are made anew")
	if err := docs.Rebuild(ctx, log); err != nil {
		return err
	}
	return e.Rebuilt()
}

func openEngine(path string, c *config) (storage.Engine, error) {
	switch {
	case path == "":
		return nil, fmt.Errorf("path is empty: %w", fault.ErrInvalid)
	case path != Memory:
		return badger.Open(path, badger.Options{ReadOnly: c.readOnly, Logger: c.logger, Clock: c.clock})
	case c.readOnly:
		return nil, fmt.Errorf("a new database in memory cannot be read-only: %w", fault.ErrInvalid)
	}
	return memory.Open(memory.Options{}), nil
}

// Close closes the database. It waits for writes that are on their way; queries,
// loops and streams still running, in any goroutine, end with [ErrClosed]. It waits
// for the callbacks of streams, so none of them may call it. Closing twice is
// harmless.
func (db *DB) Close() error {
	if err := db.administers(); err != nil {
		return fault.Wrap("close", "", "", err)
	}
	db.feed.Close()
	defer db.feed.Wait()
	// The store first: it fails whatever waits to be committed, and transactions
	// among that would have to be waited for.
	err := db.store.Close()
	db.docs.Close()
	return fault.Wrap("close", "", "", err)
}

// Path returns the path the database was opened with.
func (db *DB) Path() string { return db.path }

// Compact gives the disk space of removed and replaced documents back to the
// machine. Reads and writes go on.
func (db *DB) Compact(ctx context.Context) error {
	if err := db.administrates(ctx); err != nil {
		return fault.Wrap("compact", "", "", err)
	}
	return fault.Wrap("compact", "", "", db.store.Compact(ctx))
}

// administrates reports why an administrative call must not start under ctx, or nil.
func (db *DB) administrates(ctx context.Context) error {
	if err := db.administers(); err != nil {
		return err
	}
	return usable(ctx)
}

// usable reports why an operation must not start under ctx, or nil.
func usable(ctx context.Context) error {
	if ctx == nil {
		return fmt.Errorf("context is nil: %w", fault.ErrInvalid)
	}
	return ctx.Err()
}
