package virga

import "github.com/virgadb/virga/internal/hook"

// Hooked opens the database in the hands of package virgatest. Nothing outside of
// this module can make a [hook.Hooks].
func Hooked(h hook.Hooks) Option {
	return func(c *config) {
		if h.Clock != nil {
			c.clock = h.Clock
		}
	}
}
