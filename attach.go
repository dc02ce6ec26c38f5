package virga

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/virgadb/virga/internal/fault"
)

// attachments are the databases that pipelines can read besides their own.
type attachments struct {
	mu     sync.RWMutex // guards byName
	byName map[string]*DB
}

func (a *attachments) get(name string) *DB {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.byName[name]
}

// list returns the databases by their names, in a map of its own.
func (a *attachments) list() map[string]*DB {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return maps.Clone(a.byName)
}

// Attach lets pipelines of db read the collections of another open database: in
// the From of lookups and unions, name.customers is its collection customers. A
// pipeline sees each database as of one moment, which need not be the same one.
// Attached databases are never written to. Closing one of them is the caller's.
//
// The name must be free of dots; a name in use is [ErrExists]. A collection of db
// whose own name begins with "name." is hidden from lookups as long as the other
// database is attached.
func (db *DB) Attach(name string, other *DB) error {
	err := db.attach(name, other)
	return fault.Wrap("attach", "", "", err)
}

func (db *DB) attach(name string, other *DB) error {
	if err := db.administers(); err != nil {
		return err
	}
	switch {
	case name == "" || strings.ContainsAny(name, ".$\x00") || !utf8.ValidString(name):
		return fmt.Errorf("the name %q is empty, not UTF-8, or holds a dot, $ or NUL: %w", name, fault.ErrInvalid)
	case other == nil || other.core == db.core:
		return fmt.Errorf("another database is needed: %w", fault.ErrInvalid)
	}
	for _, open := range []*DB{db, other} {
		snap, err := open.docs.Snapshot()
		if err != nil {
			return err
		}
		snap.Release()
	}
	db.attached.mu.Lock()
	defer db.attached.mu.Unlock()
	if db.attached.byName[name] != nil {
		return fmt.Errorf("a database is attached as %q: %w", name, fault.ErrExists)
	}
	if db.attached.byName == nil {
		db.attached.byName = make(map[string]*DB)
	}
	db.attached.byName[name] = other
	return nil
}

// Detach ends what [DB.Attach] began. Pipelines under way go on. A name that is not
// attached is [ErrNotFound].
func (db *DB) Detach(name string) error {
	if err := db.administers(); err != nil {
		return fault.Wrap("detach", "", "", err)
	}
	db.attached.mu.Lock()
	defer db.attached.mu.Unlock()
	if db.attached.byName[name] == nil {
		return fault.Wrap("detach", "", "", fmt.Errorf("no database is attached as %q: %w", name, fault.ErrNotFound))
	}
	delete(db.attached.byName, name)
	return nil
}
