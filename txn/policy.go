package txn

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
)

// A Policy is what a collection's definition says besides its indexes: texts that
// this package keeps with the definition and does not read. It is immutable.
type Policy struct {
	Rules  string // who may do what; empty when nothing was said
	Schema string // what documents have to be like; empty for anything

	once     sync.Once // guards compiled
	compiled any
}

// Compiled returns what f makes of p. It calls f once, however many ask.
func (p *Policy) Compiled(f func(*Policy) any) any {
	p.once.Do(func() { p.compiled = f(p) })
	return p.compiled
}

// fresh returns a policy of the same texts, which nobody has compiled.
func (p *Policy) fresh() *Policy {
	if p == nil {
		return nil
	}
	return &Policy{Rules: p.Rules, Schema: p.Schema}
}

// Policy returns the collection's policy, nil when it has none. As long as that
// stays, whatever else is defined anew, the pointer does too.
func (c *Collection) Policy() *Policy { return c.policy }

// SetPolicy gives a collection what change makes of the policy it has; change may
// be called again. Writes that were planned under the old policy are planned again,
// transactions that have written to the collection meet a conflict. With create, a
// collection that does not exist is created; without, it is [fault.ErrNoCollection].
func (d *Documents) SetPolicy(ctx context.Context, collection string, create bool, change func(rules, schema string) (string, string)) error {
	for {
		coll, err := d.collection(ctx, collection, create)
		if err != nil {
			return err
		}
		if coll == nil {
			return fmt.Errorf("the collection is not there: %w", fault.ErrNoCollection)
		}
		if err := d.setPolicy(ctx, coll, change); !errors.Is(err, errStale) {
			return err
		}
	}
}

func (d *Documents) setPolicy(ctx context.Context, coll *Collection, change func(rules, schema string) (string, string)) error {
	next := *coll
	next.policy = coll.policy.changed(change)
	return d.defineStep(ctx, coll, nil, &step{
		redefined: coll,
		catalog: func(c *Catalog, version uint64) (*Catalog, []storage.Write) {
			now := next
			now.Definition = version
			catalog := c.with(&now)
			return catalog, []storage.Write{catalog.header(), now.record()}
		},
	})
}

// changed returns the policy that change makes of p, nil when it says nothing.
func (p *Policy) changed(change func(rules, schema string) (string, string)) *Policy {
	var rules, schema string
	if p != nil {
		rules, schema = p.Rules, p.Schema
	}
	if rules, schema = change(rules, schema); rules == "" && schema == "" {
		return nil
	}
	return &Policy{Rules: rules, Schema: schema}
}

// schema returns the schema of a policy, which may be nil.
func (p *Policy) schema() string {
	if p == nil {
		return ""
	}
	return p.Schema
}
