package virga

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
)

// A policy is what a collection asks of its documents, compiled. It is immutable and
// safe for concurrent use.
type policy struct {
	checker  *checker     // nil for no schema
	err      error        // the schema that is stored cannot be compiled: nothing can be written
	rules    *rules.Rules // nil for those of collections without rules
	rulesErr error        // the rules that are stored cannot be compiled: no identity may do anything
}

// policyOf returns the compiled policy of a collection, nil when it has none or does
// not exist.
func policyOf(coll *txn.Collection) *policy {
	if coll == nil || coll.Policy() == nil {
		return nil
	}
	return coll.Policy().Compiled(compilePolicy).(*policy)
}

func compilePolicy(p *txn.Policy) any {
	compiled := &policy{}
	if p.Schema != "" {
		compiled.checker, compiled.err = compileChecker(p.Schema)
	}
	if p.Rules != "" {
		if compiled.rules, compiled.rulesErr = rules.Parse(p.Rules); compiled.rulesErr != nil {
			compiled.rulesErr = fmt.Errorf("stored rules: %w", compiled.rulesErr)
		}
	}
	return compiled
}

// checked returns edit with what it makes held against the schema of the collection.
func (c *Collection) checked(coll *txn.Collection, edit txn.EditFunc) (txn.EditFunc, error) {
	p := policyOf(coll)
	if p == nil || p.checker == nil && p.err == nil {
		return edit, nil
	}
	if p.err != nil {
		return nil, p.err
	}
	return func(i int, old document.Doc) (txn.Edit, error) {
		e, err := edit(i, old)
		if err == nil && !e.Doc.IsZero() {
			err = p.checker.check(c.db, c.name, old, e.Doc)
		}
		return e, err
	}, nil
}
