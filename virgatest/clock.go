package virgatest

import (
	"time"

	"github.com/virgadb/virga/internal/clock"
)

// A Clock is the time that a database goes by. It stands still until it is told to
// move. It is safe for concurrent use.
type Clock struct {
	manual *clock.Manual
}

// Now returns the time that the database takes it to be, in UTC.
func (c *Clock) Now() time.Time {
	c.need("Now")
	return c.manual.Now()
}

// Advance moves the clock by d. What becomes due meanwhile, as the end of a
// transaction that was not committed in time, has happened when Advance returns. A
// negative d moves it back, and what is pending waits the longer.
func (c *Clock) Advance(d time.Duration) {
	c.need("Advance")
	c.manual.Advance(d)
}

// Set makes the clock show t, as [Clock.Advance] does.
func (c *Clock) Set(t time.Time) {
	c.need("Set")
	c.manual.Set(t)
}
