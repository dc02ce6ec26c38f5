package virga

import (
	"context"
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
)

// An identity is whom a handle acts for.
type identity struct {
	auth rules.Auth
	err  error // the handle may do nothing at all, for this reason
}

// As returns the database in the hands of auth: everything that handle does with
// documents goes by the rules of their collections, see [Collection.SetRules]. What
// it creates is stamped with its _openid, which nobody but the program itself can
// change; "{openid}" and "{uid}" as values of conditions and data stand for who calls.
// Calls that define or administer anything, and Close, are [ErrDenied]. The handle
// shares everything with db and costs next to nothing; As of such a handle makes one
// that may do nothing.
func (db *DB) As(auth rules.Auth) *DB {
	who := &identity{auth: auth}
	if db.who != nil {
		who.err = fmt.Errorf("only the program itself hands out identities: %w", fault.ErrDenied)
	}
	return &DB{core: db.core, who: who}
}

// administers reports why the handle must not administer the database.
func (db *DB) administers() error {
	if db.who == nil {
		return nil
	}
	return errAdministers
}

var errAdministers = fmt.Errorf("only the program itself may: %w", fault.ErrDenied)

// accessOptions are the options about rules.
type accessOptions struct {
	usual    *rules.Rules // of collections without rules; nil: PRIVATE
	static   bool
	filters  bool
	limits   rules.Limits
	coverage *rules.Coverage
}

// DefaultMode gives collections that have no rules the rules of a simple mode:
// [rules.Private] unless told.
func DefaultMode(m rules.Mode) Option {
	return func(c *config) { c.access.usual = rules.Simple(m) }
}

// StrictRules judges operations on one id as queries for it are judged, without
// looking at the document, as the mini program's database does: Doc(id).Get is denied
// whenever the rule asks for more of the document than its _id.
func StrictRules() Option { return func(c *config) { c.access.static = true } }

// RulesAsFilters lets queries return what the read rule allows of what they ask for,
// in place of an error when they ask for more.
func RulesAsFilters() Option { return func(c *config) { c.access.filters = true } }

// RuleReads bounds how many different documents a rule may read by get(); 10 unless
// told. The mini program's bound is 3.
func RuleReads(n int) Option { return func(c *config) { c.access.limits.Documents = n } }

// RuleCoverage counts in c what the conditions of rules come to.
func RuleCoverage(coverage *rules.Coverage) Option {
	return func(c *config) { c.access.coverage = coverage }
}

// private are the rules of collections without rules, unless told otherwise.
var private = rules.Simple(rules.Private)

// rulesOf returns the rules of a collection, which may not exist.
func (db *DB) rulesOf(coll *txn.Collection) (*rules.Rules, error) {
	if p := policyOf(coll); p != nil && (p.rules != nil || p.rulesErr != nil) {
		return p.rules, p.rulesErr
	}
	if db.access.usual != nil {
		return db.access.usual, nil
	}
	return private, nil
}

// A permit decides what an identity does in one collection, as one moment shows it
// and its rules. It belongs to one goroutine.
type permit struct {
	coll  *Collection
	rules *rules.Rules
	call  rules.Call
}

// permit returns what decides operations on the collection, defined as coll.
func (c *Collection) permit(snap txn.Snapshot, coll *txn.Collection) (*permit, error) {
	db := c.db
	if db.who.err != nil {
		return nil, db.who.err
	}
	r, err := db.rulesOf(coll)
	if err != nil {
		return nil, err
	}
	return &permit{coll: c, rules: r, call: rules.Call{
		Auth:       db.who.auth,
		Collection: c.name,
		Now:        db.clock.Now(),
		Get:        getter{snap},
		Limits:     db.access.limits,
		Static:     db.access.static,
		Filters:    db.access.filters,
		Coverage:   db.access.coverage,
	}}, nil
}

// A getter reads what rules ask for.
type getter struct{ snap txn.Snapshot }

// Get returns the document of that _id in a collection.
func (g getter) Get(_ context.Context, collection string, id document.ID) (document.Doc, error) {
	coll := g.snap.Catalog().Collection(collection)
	if coll == nil || txn.CheckName(collection) != nil {
		return document.Doc{}, nil
	}
	return g.snap.Get(coll, id.Value())
}

// narrow decides op on all documents that match, and returns the filter for those
// that are meant, and the condition that it has more than f, nil for none.
func (p *permit) narrow(ctx context.Context, op rules.Operation, f *query.Filter) (*query.Filter, any, error) {
	p.call.Op = op
	extra, err := p.rules.Query(ctx, &p.call, f)
	if err != nil || extra == nil || p.asksForOwn(f) {
		return f, nil, err
	}
	own, err := query.CompileFilter(extra, p.call.Now)
	if err != nil {
		return nil, nil, err
	}
	return f.And(own), extra, nil
}

// asksForOwn reports whether a filter asks by itself for what the caller owns, which is
// all that a simple mode could add to it.
func (p *permit) asksForOwn(f *query.Filter) bool {
	if f == nil || p.rules.Mode() == rules.Custom {
		return false
	}
	t := f.Term()
	terms := []query.Term{t}
	if t.Kind() == query.TermAnd {
		terms = terms[:0]
		for i := range t.Len() {
			terms = append(terms, t.At(i))
		}
	}
	return slices.ContainsFunc(terms, func(t query.Term) bool {
		if t.Kind() != query.TermEq || t.Path() != ownerField {
			return false
		}
		text, _ := t.Value().Text()
		return text != "" && text == p.call.Auth.Owner()
	})
}

// allows decides op on the stored document under id, zero when there is none. Where
// it reports false, there is none for this caller.
func (p *permit) allows(ctx context.Context, op rules.Operation, id document.ID, doc document.Doc) (bool, error) {
	p.call.Op = op
	if doc.IsZero() && p.call.Static {
		var err error
		if doc, err = doc.WithID(id.Value()); err != nil {
			return false, err
		}
	}
	return p.rules.Stored(ctx, &p.call, doc)
}

// creates decides whether doc may be created.
func (p *permit) creates(ctx context.Context, doc document.Doc) error {
	p.call.Op, p.call.Data = rules.Create, rules.DataOfDoc(doc)
	return p.rules.New(ctx, &p.call, doc)
}

// substitute returns conditions or data with the caller in place of placeholders.
func (db *DB) substitute(v any) (any, error) {
	if db.who == nil || v == nil {
		return v, nil
	}
	return db.who.auth.Substitute(v)
}
