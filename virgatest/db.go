package virgatest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/hook"
)

// A DB is a database that belongs to a test. Code under test is given its field DB,
// which is the database proper. It is made by [New] or one of the Forks; the methods of
// any other panic. It is safe for concurrent use.
type DB struct {
	*virga.DB
	// Clock is the time that the database goes by.
	Clock *Clock

	t        testing.TB // nil for the original of a template
	config   *config
	recorder *recorder
	forked   bool
}

// New returns an empty database in memory, or one that holds what [Seed] reads. It is
// checked and closed when the test has ended, unless the test closes it itself. What
// goes wrong fails the test at once; without a test to fail, where t is nil, it panics.
func New(t testing.TB, options ...Option) *DB {
	needTest(t, "New")
	t.Helper()
	db, err := newDB(options)
	if err != nil {
		t.Fatalf("virgatest: %v", err)
	}
	db.belongTo(t)
	return db
}

// newDB returns a database that belongs to no test yet.
func newDB(options []Option) (*DB, error) {
	c := configure(options)
	db := &DB{Clock: &Clock{clock.NewManual(c.start, c.random)}, config: c, recorder: newRecorder(c)}
	inner, err := virga.Open(virga.Memory, append(slices.Clone(c.options), virga.Hooked(db.hooks()))...)
	if err != nil {
		return nil, err
	}
	db.DB = inner
	if err := db.setUp(); err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	for _, files := range c.seeds {
		if err := Load(context.Background(), inner, files); err != nil {
			return nil, errors.Join(err, inner.Close())
		}
	}
	db.recorder.forget()
	return db, nil
}

// setUp does what [Setup] asks for.
func (db *DB) setUp() error {
	for _, f := range db.config.setups {
		if err := f(db.DB); err != nil {
			return fmt.Errorf("setup: %w", err)
		}
	}
	return nil
}

// hooks are what the database is opened with.
func (db *DB) hooks() hook.Hooks {
	return hook.Hooks{Clock: db.Clock.manual, Observer: db.recorder}
}

// belongTo makes the end of t the end of db.
func (db *DB) belongTo(t testing.TB) {
	db.t = t
	t.Cleanup(func() {
		t.Helper()
		if err := db.check(); err != nil {
			t.Errorf("virgatest: %v", err)
		}
		db.tell(t)
		if err := db.Close(); err != nil {
			t.Errorf("virgatest: %v", err)
		}
	})
}

// tell tells the test what it ought to know of its database.
func (db *DB) tell(t testing.TB) {
	t.Helper()
	if t.Failed() {
		if story := db.recorder.story(); story != "" {
			t.Log(story)
		}
	}
	for _, r := range db.recorder.faults.idle() {
		t.Logf("virgatest: no call came under the rule %+v", r)
	}
	for _, r := range db.recorder.repetitions() {
		t.Logf("virgatest: %v", r)
	}
	tell(db)
}

// check checks the database, unless it need not be.
func (db *DB) check() error {
	if db.config.unchecked || db.untouched() {
		return nil
	}
	return verdict(db.Check(context.Background()))
}

// verdict is what a check says against a database. One that was closed before has
// nothing to say.
func verdict(report virga.CheckReport, err error) error {
	if errors.Is(err, virga.ErrClosed) {
		return nil
	}
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	return nil
}

// Seed adds what files hold to the database, see [Load]. A file that cannot be used
// fails the test at once.
func (db *DB) Seed(files fs.FS) {
	db.need("Seed")
	db.t.Helper()
	if err := Load(context.Background(), db.DB, files); err != nil {
		db.t.Fatalf("virgatest: %v", err)
	}
}
