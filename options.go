package virga

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/hook"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
)

// An Option changes how [Open] opens a database. Of several options about one
// thing the last counts.
type Option func(*config)

// config is what the options of Open add up to.
type config struct {
	durability storage.Durability
	every      time.Duration
	readOnly   bool
	memory     int64
	logger     *slog.Logger
	clock      clock.Clock
	observer   hook.Observer

	// Of a copy, see [Fork].
	ids      *clock.IDs    // nil for new ones of clock
	heritage *txn.Heritage // nil for what is stored

	requireIndex bool
	slow         time.Duration

	profile     Profile
	collections int // the most there may be, in the Cloud profile
	access      accessOptions
}

// log returns the logger, one that is silent unless told otherwise.
func (c *config) log() *slog.Logger {
	if c.logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.logger
}

const defaultMemory = 256 << 20

func configure(options []Option) (*config, error) {
	c := &config{durability: storage.Sync, memory: defaultMemory, clock: clock.System()}
	for _, option := range options {
		if option != nil {
			option(c)
		}
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	return c, nil
}

// validate reports everything that is wrong with the options.
func (c *config) validate() error {
	var faults []error
	refuse := func(format string, v any) {
		faults = append(faults, fmt.Errorf(format+": %w", v, fault.ErrInvalid))
	}
	if c.durability == storage.Interval && c.every <= 0 {
		refuse("interval of %v", c.every)
	}
	if c.memory < 0 {
		refuse("memory limit of %d bytes", c.memory)
	}
	if c.slow < 0 {
		refuse("slow query of %v", c.slow)
	}
	if c.profile > Cloud {
		refuse("profile %d", c.profile)
	}
	if c.collections < 0 {
		refuse("at most %d collections", c.collections)
	}
	if r := c.access.usual; r != nil && (r.Mode() == rules.Custom || r.Mode() > rules.AdminOnly) {
		refuse("default mode %s", r.Mode())
	}
	if c.access.limits.Documents < 0 {
		refuse("rules that read %d documents", c.access.limits.Documents)
	}
	return fault.Join(faults...)
}

// Sync makes every acknowledged write wait until it is on disk. It is the
// default. Writers that come at the same time share one wait.
func Sync(c *config) { c.durability = storage.Sync }

// Fast acknowledges a write once it is in the operating system's hands: a killed
// process loses nothing. After a power cut recent writes may be missing, not
// necessarily only the last ones; every document is whole.
func Fast(c *config) { c.durability = storage.Fast }

// Interval is [Fast], and brings what was written to disk each time d has passed.
func Interval(d time.Duration) Option {
	return func(c *config) { c.durability, c.every = storage.Interval, d }
}

// ReadOnly opens an existing database without writing to it. Every write answers
// [ErrReadOnly]. Several processes may have a database open read-only.
func ReadOnly() Option { return func(c *config) { c.readOnly = true } }

// WithMemory bounds the memory that a database works in, in bytes; 256 MiB unless
// told. Up to three quarters of it hold copies of what is read most, indexes
// before documents, so that it need not be read from files: see [Stats]. A sort
// that needs more than the other quarter continues in a temporary file; a sixteenth
// holds what queries have made of large geometries in documents. It does not count
// the fixed buffers of a database on disk, and what the copies that a query is still
// reading differ from newer ones. With 0 nothing is copied.
func WithMemory(bytes int64) Option { return func(c *config) { c.memory = bytes } }

// RequireIndex refuses queries, counts, updates and removes that would walk over a
// whole collection of more than 500 documents, for a condition or an order that no
// index serves: they end with [ErrInvalid], which names the index to create.
func RequireIndex() Option { return func(c *config) { c.requireIndex = true } }

// SlowQuery tells the logger of queries, counts, updates and removes that take
// longer than d to find their documents. Unless told, and with 0, it tells of none.
func SlowQuery(d time.Duration) Option { return func(c *config) { c.slow = d } }

// WithLogger sends what the database has to tell to l. Unless told it is silent.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.logger = l } }
