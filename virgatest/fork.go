package virgatest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/virgadb/virga"
)

// Fork returns a copy of the database for the test t, in a time that does not depend
// on how much is in it. Neither sees what is written to the other afterwards; both can be
// used, forked and closed as if there were no other. The copy has the documents, the
// indexes, the security rules, the schemas and the options of the database, reads the
// databases that are attached to it, has the time of its clock, and makes the ids and
// random numbers that the database would make next. It has a clock of its own.
//
// What is under way stays with the original: streams, transactions, and the rules of
// [DB.Inject], which count its calls. So do its functions, which work on the database
// they were written with: a copy that called them would write to its original.
// [Setup] gives every copy its own.
//
// The copy is checked and closed when t has ended, as a database of [New] is; one that
// was not written to is what its original was, and not checked again. A nil t panics, as
// in [New].
func (db *DB) Fork(t testing.TB) *DB {
	needTest(t, "Fork")
	db.need("Fork")
	t.Helper()
	fork, err := db.fork()
	if err != nil {
		t.Fatalf("virgatest: %v", err)
	}
	fork.belongTo(t)
	return fork
}

func (db *DB) fork() (*DB, error) {
	fork := &DB{Clock: &Clock{db.Clock.manual.Clone()}, config: db.config, recorder: newRecorder(db.config), forked: true}
	inner, err := virga.Fork(db.DB, fork.hooks())
	if err != nil {
		return nil, err
	}
	fork.DB = inner
	if err := fork.setUp(); err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	return fork, nil
}

// untouched reports whether the database is a copy that nobody has written to.
func (db *DB) untouched() bool {
	stats, err := db.Stats(context.Background())
	return err == nil && db.forked && stats.Commits == 0
}

// A Template is a database that is made once and of which every test gets a copy. It
// is safe for concurrent use.
//
//	var shop = virgatest.NewTemplate(func(ctx context.Context, db *virga.DB) error {
//		return virgatest.Load(ctx, db, os.DirFS("testdata/shop"))
//	})
//
//	func TestOrder(t *testing.T) {
//		t.Parallel()
//		db := shop.Fork(t)
//		…
//	}
type Template struct {
	original func() (*DB, error)
}

// NewTemplate returns a template of the database that options and fill make: fill, if
// it is not nil, gets it behind what [Seed] has read. Nothing is done before the first
// [Template.Fork]. The database is checked once it is filled, and kept as long as the
// program runs.
func NewTemplate(fill func(ctx context.Context, db *virga.DB) error, options ...Option) *Template {
	options = slices.Clone(options)
	return &Template{sync.OnceValues(func() (*DB, error) { return build(fill, options) })}
}

// build makes the original of a template.
func build(fill func(ctx context.Context, db *virga.DB) error, options []Option) (*DB, error) {
	db, err := newDB(options)
	if err != nil {
		return nil, err
	}
	if fill != nil {
		err = fill(context.Background(), db.DB)
	}
	if err == nil {
		err = verdict(db.Check(context.Background()))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("template: %w", err), db.Close())
	}
	return db, nil
}

// Fork returns a copy of the template for the test t, as [DB.Fork] does. What kept the
// template from being made fails every test that asks for a copy, as does a template that
// [NewTemplate] has not made.
func (tm *Template) Fork(t testing.TB) *DB {
	needTest(t, "Fork")
	t.Helper()
	if tm == nil || tm.original == nil {
		t.Fatalf("virgatest: the template is nil, or was not made by NewTemplate")
	}
	db, err := tm.original()
	if err != nil {
		t.Fatalf("virgatest: %v", err)
	}
	return db.Fork(t)
}
