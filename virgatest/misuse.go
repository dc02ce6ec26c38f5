package virgatest

import (
	"reflect"
	"testing"
)

// needTest panics where there is no test that could be failed.
func needTest(t testing.TB, call string) {
	if v := reflect.ValueOf(t); t == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		panic("virgatest: " + call + ": t is nil, there is no test that the database could belong to")
	}
}

// need panics unless db is a database of this package.
func (db *DB) need(call string) {
	if db == nil || db.recorder == nil || db.DB == nil {
		panic("virgatest: " + call + ": the DB is nil, or was not made by New or Fork")
	}
}

func (c *Clock) need(call string) {
	if c == nil || c.manual == nil {
		panic("virgatest: " + call + ": the Clock is nil, or is not that of a DB")
	}
}

func (i *Injection) need(call string) {
	if i == nil || i.faults == nil {
		panic("virgatest: " + call + ": the Injection is nil, or was not made by Inject")
	}
}
