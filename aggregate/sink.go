package aggregate

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// A sink is a compiled stage that writes, and therefore is the last.
type sink interface {
	write(ctx context.Context, r *run, in source) error
	text() string
}

// sinkOf returns what compiles the stage of that name, if it is one that writes.
func sinkOf(name string) func(c *compiler, v any) (sink, error) {
	switch name {
	case "$out":
		return buildOut
	case "$merge":
		return buildMerge
	}
	return nil
}

// Writes reports whether the program writes, which is for [Program.Write].
func (p *Program) Writes() bool { return p.sink != nil }

// Write runs a program that writes.
func (p *Program) Write(ctx context.Context, db Database, collection string, o Options) error {
	r := newRun(ctx, db, o)
	src, err := p.open(ctx, r, collection, nil)
	if err != nil {
		return err
	}
	defer src.close()
	return p.sink.write(ctx, r, src)
}

// An out puts all documents into a collection, in the place of those it had.
type out struct{ into string }

func buildOut(_ *compiler, v any) (sink, error) {
	name, err := target(plain(v))
	if err != nil {
		return nil, err
	}
	return &out{name}, nil
}

// target returns the collection that v names, by itself or as {coll: name}.
func target(v any) (string, error) {
	if text, ok := textOf(v); ok {
		if text == "" {
			return "", invalid("the name of the collection is empty")
		}
		return text, nil
	}
	given, ok, err := pick(v, "db?", "coll")
	if err != nil {
		return "", err
	}
	if ok[0] {
		return "", invalidAt("db", "other databases are not written to")
	}
	return stringAt("coll", given[1])
}

func (s *out) text() string { return "out " + s.into }

// A write hands over documents by the batch.
const (
	outDocs  = 1000
	outBytes = 1 << 20
)

func (s *out) write(ctx context.Context, r *run, in source) error {
	into, err := r.db.Replace(ctx, s.into)
	if err != nil {
		return err
	}
	defer into.Discard()
	var batch []document.Doc
	bytes := 0
	for {
		doc, ok, err := in.next(ctx)
		if err != nil {
			return err
		}
		if ok {
			batch = append(batch, doc)
			bytes += len(doc.Raw())
		}
		if len(batch) > 0 && (!ok || len(batch) == outDocs || bytes >= outBytes) {
			if err := into.Add(ctx, batch); err != nil {
				return err
			}
			batch, bytes = nil, 0
		}
		if !ok {
			in.close()
			return into.Commit(ctx)
		}
	}
}

// A merge puts documents into a collection, each in the place of, or together with,
// the one that is the same by some fields.
type merge struct {
	into       string
	on         []document.Path
	matched    string // replace, keepExisting, merge, fail, or pipeline
	notMatched string // insert, discard, fail
	let        []*expr.Expr
	program    *Program
}

func buildMerge(c *compiler, v any) (sink, error) {
	v = plain(v)
	if text, ok := textOf(v); ok {
		v = document.D{{"into", text}}
	}
	given, ok, err := pick(v, "into", "on?", "let?", "whenMatched?", "whenNotMatched?")
	if err != nil {
		return nil, err
	}
	s := &merge{matched: "merge", notMatched: "insert"}
	if s.into, err = target(plain(given[0])); err != nil {
		return nil, err
	}
	if s.on, err = mergeFields(given[1], ok[1]); err != nil {
		return nil, err
	}
	if ok[4] {
		s.notMatched, _ = textOf(given[4])
		switch s.notMatched {
		case "insert", "discard", "fail":
		default:
			return nil, invalidAt("whenNotMatched", "needs insert, discard or fail")
		}
	}
	if !ok[3] {
		given[3] = "merge"
	}
	if text, isText := textOf(given[3]); isText {
		switch s.matched = text; text {
		case "replace", "keepExisting", "merge", "fail":
		default:
			return nil, invalidAt("whenMatched", "needs replace, keepExisting, merge, fail, or a pipeline")
		}
		if ok[2] {
			return nil, invalidAt("let", "it goes with a pipeline")
		}
		return s, nil
	}
	return s, s.buildPipeline(c, given[2], ok[2], given[3])
}

// mergeFields returns the paths by which documents are the same, by default _id.
func mergeFields(v any, given bool) ([]document.Path, error) {
	if !given {
		v = "_id"
	}
	list, ok := document.List(v)
	if !ok {
		list = []any{v}
	}
	if len(list) == 0 {
		return nil, invalidAt("on", "needs at least one path")
	}
	var on []document.Path
	for _, one := range list {
		p, err := pathAt("on", one)
		if err != nil {
			return nil, err
		}
		on = append(on, p)
	}
	return on, nil
}

// buildPipeline compiles a pipeline that changes the document that is there. The
// new one is $$new.
func (s *merge) buildPipeline(c *compiler, let any, given bool, pipeline any) error {
	list, ok := stagesOf(pipeline)
	if !ok {
		return invalidAt("whenMatched", "needs replace, keepExisting, merge, fail, or a pipeline")
	}
	for _, one := range list {
		fields, _ := document.Pairs(one)
		if len(fields) != 1 {
			return invalidAt("whenMatched", "a stage is an object of one field")
		}
		switch fields[0].Key {
		case "$addFields", "$set", "$project", "$unset", "$replaceRoot", "$replaceWith":
		default:
			return invalidAt("whenMatched", "%s cannot change a document", fields[0].Key)
		}
	}
	if !given {
		let = document.D{{"new", "$$ROOT"}}
	}
	fields, ok := document.Pairs(plain(let))
	if !ok {
		return invalidAt("let", "needs an object of variables")
	}
	var vars []string
	for _, f := range fields {
		x, err := c.expression(f.Value)
		if err != nil {
			return fmt.Errorf("let: %w", err)
		}
		vars, s.let = append(vars, f.Key), append(s.let, x)
	}
	if err := expr.CheckVariables(vars); err != nil {
		return fault.At("let", err)
	}
	s.matched = "pipeline"
	sub := c.within("$merge", vars)
	sub.sub = "$facet" // it reads no collection
	var err error
	s.program, err = sub.program(list)
	return err
}

func (s *merge) text() string { return "merge into " + s.into }

func (s *merge) write(ctx context.Context, r *run, in source) error {
	if err := r.db.Mergeable(s.into, s.on); err != nil {
		return err
	}
	for {
		doc, ok, err := in.next(ctx)
		if err != nil || !ok {
			return err
		}
		err = r.db.Merge(ctx, s.into, s.on, doc, func(old document.Doc) (document.Doc, error) {
			if old.IsZero() {
				return s.missed(doc)
			}
			return s.met(ctx, r, old, doc)
		})
		if err != nil {
			return fault.On(doc.ID().String(), err)
		}
	}
}

// missed returns what to store of a document that has no counterpart.
func (s *merge) missed(doc document.Doc) (document.Doc, error) {
	switch s.notMatched {
	case "discard":
		return document.Doc{}, nil
	case "fail":
		return document.Doc{}, fmt.Errorf("document %s has no counterpart in %s: %w", doc.ID(), s.into, fault.ErrNotFound)
	}
	return doc, nil
}

// met returns what to store of a document whose counterpart is old.
func (s *merge) met(ctx context.Context, r *run, old, doc document.Doc) (document.Doc, error) {
	switch s.matched {
	case "replace":
		return doc, nil
	case "keepExisting":
		return document.Doc{}, nil
	case "merge":
		return overlay(old, doc), nil
	case "fail":
		return document.Doc{}, fmt.Errorf("document %s has a counterpart in %s: %w", doc.ID(), s.into, fault.ErrDuplicate)
	}
	var vars []document.Value
	for _, x := range s.let {
		v, err := x.Eval(r.env, doc.Value())
		if err != nil {
			return document.Doc{}, err
		}
		vars = append(vars, v)
	}
	src, err := through(r.within(vars), &listed{[]document.Doc{old}}, s.program.steps)
	if err != nil {
		return document.Doc{}, err
	}
	defer src.close()
	next, _, err := src.next(ctx)
	return next, err
}

// overlay returns old with the fields of doc added, or in the place of its own.
func overlay(old, doc document.Doc) document.Doc {
	var b document.Builder
	b.BeginObject()
	for f := old.Value().Fields(); f.Next(); {
		b.KeyBytes(f.Key())
		if v := doc.Value().Field(string(f.Key())); v.Exists() {
			b.Value(v)
		} else {
			b.Value(f.Value())
		}
	}
	for f := doc.Value().Fields(); f.Next(); {
		if !old.Value().Field(string(f.Key())).Exists() {
			b.KeyBytes(f.Key())
			b.Value(f.Value())
		}
	}
	b.End()
	return document.FromRaw(b.Bytes())
}
