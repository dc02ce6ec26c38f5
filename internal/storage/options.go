package storage

import (
	"log/slog"
	"time"

	"github.com/virgadb/virga/internal/clock"
)

// A Durability says what an acknowledged commit survives. A killed process costs
// nothing under any of them.
type Durability uint8

const (
	// Sync commits survive a power cut before they are acknowledged.
	Sync Durability = iota
	// Interval commits survive a power cut after at most [Options.Every].
	Interval
	// Fast commits survive a power cut only after [Store.Sync] or [Store.Close].
	Fast
)

// Options say how a store works over its engine. The zero value is ready to use.
type Options struct {
	// Durability is Sync by default.
	Durability Durability
	// Every is how long Interval lets a commit wait to be synced, 100 ms by default.
	Every time.Duration
	// ReadOnly refuses commits and leaves everything as it is found.
	ReadOnly bool
	// Clock is the machine's by default.
	Clock clock.Clock
	// Logger hears of sweeps and mirrors that fail and of the end of writing. Silent
	// by default.
	Logger *slog.Logger
	// Mirror says what is kept in memory beside the engine: nothing by default.
	Mirror MirrorOptions
}

// withDefaults returns o with every field set.
func (o Options) withDefaults() Options {
	if o.Every <= 0 {
		o.Every = 100 * time.Millisecond
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
