package virgatest

import (
	"io/fs"
	"time"

	"github.com/virgadb/virga"
)

// An Option changes what [New] makes. Of several about one thing the last counts,
// save for [Seed] and [With], which add up.
type Option func(*config)

type config struct {
	start   time.Time
	random  uint64
	seeds   []fs.FS
	options []virga.Option

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

// Unchecked closes the database at the end of its test, and its copies, without
// checking them, which takes about a microsecond for a document and each of its index
// entries.
func Unchecked() Option { return func(c *config) { c.unchecked = true } }
