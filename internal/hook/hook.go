// Package hook is where the test kit takes hold of a database: the root package
// exports what it needs in terms of the types here, which no other module can name.
package hook

import "github.com/virgadb/virga/internal/clock"

// Hooks are what a database is opened with in a test. The zero Hooks change nothing.
type Hooks struct {
	// Clock takes the place of the machine's: times, ids and random numbers come
	// from it, and what waits for a time waits for it.
	Clock clock.Clock
	// Observer is told of every operation.
	Observer Observer
}
