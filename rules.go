package virga

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/rules"
)

// SetRules says who may do what with the documents of the collection, see package
// rules: text is a rule document, or the name of a mode such as "READONLY"; the
// empty text leaves the collection with what [DefaultMode] gives. A collection that
// does not exist is created.
//
// The rules hold at once. A write under way is decided by those under which it is
// committed; a transaction that has written to the collection meets a conflict; a
// live query that they do not allow any more ends with the denial. The logger is
// told what is suspicious about them.
func (c *Collection) SetRules(ctx context.Context, text string) error {
	c, call := c.observed("set rules")
	return c.fail("set rules", call.run(ctx, func() error { return c.setRules(ctx, text) }))
}

// SetMode gives the collection one of the four simple modes.
func (c *Collection) SetMode(ctx context.Context, m rules.Mode) error {
	if m == rules.Custom || m > rules.AdminOnly {
		return c.fail("set mode", fmt.Errorf("%s is no simple mode: %w", m, fault.ErrInvalid))
	}
	c, call := c.observed("set rules")
	return c.fail("set mode", call.run(ctx, func() error { return c.setRules(ctx, m.String()) }))
}

func (c *Collection) setRules(ctx context.Context, text string) error {
	if err := c.definable(ctx); err != nil {
		return err
	}
	var suspicious []rules.Warning
	if text != "" {
		r, err := rules.Parse(text)
		if err != nil {
			return err
		}
		text, suspicious = r.String(), r.Lint()
	}
	err := c.db.docs.SetPolicy(ctx, c.name, c.db.cloud == nil, func(_, schema string) (string, string) { return text, schema })
	if err != nil {
		return err
	}
	for _, w := range suspicious {
		c.db.log.Warn("the rules of a collection are suspicious", "collection", c.name, "warning", w.String())
	}
	return nil
}

// Rules returns the rules that hold for the collection: those that were set, or
// what [DefaultMode] gives.
func (c *Collection) Rules(ctx context.Context) (*rules.Rules, error) {
	r, err := c.rulesNow(ctx)
	return r, c.fail("rules", err)
}

func (c *Collection) rulesNow(ctx context.Context) (*rules.Rules, error) {
	if err := c.db.administers(); err != nil {
		return nil, err
	}
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	snap, err := c.snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Release()
	coll := snap.Catalog().Collection(c.name)
	if err := c.db.known(coll); err != nil {
		return nil, err
	}
	return c.db.rulesOf(coll)
}
