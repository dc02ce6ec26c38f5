package virga

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/hook"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
)

// Hooked opens the database in the hands of package virgatest. Nothing outside of
// this module can make a [hook.Hooks].
func Hooked(h hook.Hooks) Option {
	return func(c *config) {
		if h.Clock != nil {
			c.clock = h.Clock
		}
		c.observer = h.Observer
	}
}

// Fork opens a copy of a database in memory, for package virgatest: with all that it
// stores, its options and its attached databases, under the hooks given, in a time
// that does not depend on its size. Neither sees the other's later writes. It goes on
// with the same ids. Transactions under way, streams, functions, which work on the
// database they were written with, and what [DB.Advise] has gathered are not copied;
// an index that is being built is not in the copy.
func Fork(db *DB, h hook.Hooks) (*DB, error) {
	fork, err := db.fork(h)
	return fork, fault.Wrap("fork", "", "", err)
}

func (db *DB) fork(h hook.Hooks) (*DB, error) {
	if err := db.administers(); err != nil {
		return nil, err
	}
	var engine *memory.Engine
	heritage, err := db.docs.Still(context.Background(), func(e storage.Engine) error {
		original, ok := e.(*memory.Engine)
		if !ok {
			return fmt.Errorf("only a database in memory can be copied: %w", fault.ErrInvalid)
		}
		engine = original.Fork()
		return nil
	})
	if err != nil {
		return nil, err
	}
	c := db.config
	Hooked(h)(&c)
	c.ids = db.ids.Clone(c.clock)
	c.heritage = &heritage
	fork, err := openStore(db.path, engine, &c)
	if err != nil {
		return nil, err
	}
	fork.attached.byName = db.attached.list()
	return fork, nil
}
