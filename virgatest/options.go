package virgatest

import (
	"io/fs"
	"time"

	"github.com/virgadb/virga"
)

// An Option changes what [New] makes. Of several about one thing the last counts,
// save for [Seed], [With] and [Setup], which add up.
type Option func(*config)

type config struct {
	start   time.Time
	random  uint64
	seeds   []fs.FS
	options []virga.Option
	setups  []func(db *virga.DB) error

	unchecked bool
}

func configure(options []Option) *config {
	c := &config{start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), random: 1}
	for _, option := range options {
		if option != nil {
			option(c)
		}
	}
	return c
}

// At starts the clock at t; unless told it is midnight of 1 January 2024, UTC.
func At(t time.Time) Option { return func(c *config) { c.start = t } }

// Random makes ids, samples and random numbers others than those of another seed;
// unless told the seed is 1.
func Random(seed uint64) Option { return func(c *config) { c.random = seed } }

// Seed fills the database from files, see [Load].
func Seed(files fs.FS) Option { return func(c *config) { c.seeds = append(c.seeds, files) } }

// With opens the database with options, as [virga.RequireIndex].
func With(options ...virga.Option) Option {
	return func(c *config) { c.options = append(c.options, options...) }
}

// Setup calls f with the database once it is open, before it is filled, and with every
// copy of it: as a program does, at its start, what a database does not keep. Functions
// are that above all, for each works on the database that it was written with:
//
//	virgatest.Setup(func(db *virga.DB) error {
//		return db.Function("checkout", func(ctx context.Context, data any) (any, error) {
//			return shop.Checkout(ctx, db, data)
//		})
//	})
//
// An error of f fails the test at once.
func Setup(f func(db *virga.DB) error) Option {
	return func(c *config) {
		if f != nil {
			c.setups = append(c.setups, f)
		}
	}
}

// Unchecked closes the database at the end of its test, and its copies, without
// checking them, which takes about a microsecond for a document and each of its index
// entries.
func Unchecked() Option { return func(c *config) { c.unchecked = true } }
