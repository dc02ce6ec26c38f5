package virga

import (
	"context"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/txn"
)

// A Schema says what the documents of a collection have to be like, see
// [Collection.SetSchema].
type Schema struct {
	// JSON is a JSON Schema: text, or an object of any Go type.
	JSON   any
	Level  SchemaLevel
	Action SchemaAction
}

// A SchemaLevel says which writes a [Schema] is about.
type SchemaLevel uint8

const (
	// Strict is every write.
	Strict SchemaLevel = iota
	// Moderate spares changes of documents that did not meet the schema before.
	Moderate
)

// A SchemaAction says what becomes of a write that does not meet a [Schema].
type SchemaAction uint8

const (
	// Reject refuses it, with an error that is a [*SchemaError].
	Reject SchemaAction = iota
	// Warn lets it pass and tells the logger.
	Warn
)

var (
	schemaLevels  = []string{"strict", "moderate"}
	schemaActions = []string{"reject", "warn"}
)

// String returns "strict" or "moderate".
func (l SchemaLevel) String() string { return nameOf(schemaLevels, int(l), "SchemaLevel") }

// String returns "reject" or "warn".
func (a SchemaAction) String() string { return nameOf(schemaActions, int(a), "SchemaAction") }

func nameOf(names []string, i int, kind string) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", kind, i)
}

// SetSchema lets the collection hold only documents that meet s, from now on: every
// write is checked, by whichever door it comes. Documents it holds already are not
// looked at. The zero Schema takes the schema away. A collection that does not exist
// is created.
//
// All of JSON Schema is understood, draft 2020-12 unless $schema names another, but
// for references that leave the schema or lead back into themselves: nothing is
// loaded, and a schema is finite. Besides type, bsonType asks for what is stored:
// int, long, double, date, binData. A date is no string and no object.
func (c *Collection) SetSchema(ctx context.Context, s Schema) error {
	c, call := c.observed("set schema")
	return c.fail("set schema", call.run(ctx, func() error { return c.setSchema(ctx, s) }))
}

func (c *Collection) setSchema(ctx context.Context, s Schema) error {
	if err := c.definable(ctx); err != nil {
		return err
	}
	text := ""
	if s.JSON != nil {
		if _, err := compileSchema(s.JSON, false); err != nil {
			return err
		}
		var err error
		if text, err = s.text(); err != nil {
			return err
		}
	} else if s != (Schema{}) {
		return fmt.Errorf("a level or an action without a schema: %w", fault.ErrInvalid)
	}
	return c.db.docs.SetPolicy(ctx, c.name, c.db.cloud == nil, func(rules, _ string) (string, string) { return rules, text })
}

// text returns s as the catalog keeps it.
func (s Schema) text() (string, error) {
	if int(s.Level) >= len(schemaLevels) || int(s.Action) >= len(schemaActions) {
		return "", fmt.Errorf("schema: %s, %s: %w", s.Level, s.Action, fault.ErrInvalid)
	}
	value, err := schemaOf(s.JSON)
	if err != nil {
		return "", err
	}
	stored, err := document.Of(D{{"schema", value}, {"level", s.Level.String()}, {"action", s.Action.String()}})
	return stored.String(), err
}

// Schema returns what [Collection.SetSchema] has set, its JSON as text; the zero
// Schema when there is nothing.
func (c *Collection) Schema(ctx context.Context) (Schema, error) {
	s, err := c.schema(ctx)
	return s, c.fail("schema", err)
}

func (c *Collection) schema(ctx context.Context) (Schema, error) {
	if err := c.db.administers(); err != nil {
		return Schema{}, err
	}
	p, err := c.policy(ctx)
	if err != nil || p == nil || p.Schema == "" {
		return Schema{}, err
	}
	return readSchema(p.Schema)
}

// policy returns what the catalog keeps of the collection besides indexes.
func (c *Collection) policy(ctx context.Context) (*txn.Policy, error) {
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	snap, err := c.snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Release()
	coll := snap.Catalog().Collection(c.name)
	if coll == nil {
		return nil, nil
	}
	return coll.Policy(), nil
}

// readSchema reads what [Schema.text] wrote.
func readSchema(text string) (Schema, error) {
	v, err := document.ParseJSON([]byte(text))
	if err != nil {
		return Schema{}, fmt.Errorf("stored schema: %w: %w", fault.ErrCorrupt, err)
	}
	s := Schema{JSON: v.Field("schema").String()}
	for i, name := range schemaLevels {
		if level, _ := v.Field("level").Text(); level == name {
			s.Level = SchemaLevel(i)
		}
	}
	for i, name := range schemaActions {
		if action, _ := v.Field("action").Text(); action == name {
			s.Action = SchemaAction(i)
		}
	}
	return s, nil
}

// A checker holds documents against the schema of a collection. It is immutable and
// safe for concurrent use.
type checker struct {
	Schema
	compiled *jsonschema.Schema
}

// compileChecker makes a checker of what the catalog keeps.
func compileChecker(text string) (*checker, error) {
	s, err := readSchema(text)
	if err != nil {
		return nil, err
	}
	compiled, err := compileSchema(s.JSON, false)
	if err != nil {
		return nil, fmt.Errorf("stored schema: %w", err)
	}
	return &checker{s, compiled}, nil
}

// check reports that next, which takes the place of old, must not be stored. old is
// zero when there is none.
func (k *checker) check(db *DB, collection string, old, next document.Doc) error {
	err := validate(k.compiled, next.Value())
	switch {
	case err == nil:
		return nil
	case k.Level == Moderate && !old.IsZero() && validate(k.compiled, old.Value()) != nil:
		return nil
	case k.Action == Warn:
		db.log.Warn("a document does not meet its schema", "collection", collection, "id", next.ID().String(), "error", err)
		return nil
	}
	return fault.On(next.ID().String(), err)
}

// meetsSchema compiles the operand of $jsonSchema.
func meetsSchema(v any) (func(document.Value) (bool, error), error) {
	compiled, err := compileSchema(v, true)
	if err != nil {
		return nil, err
	}
	return func(v document.Value) (bool, error) {
		failed, err := fits(compiled, v)
		return failed == nil && err == nil, err
	}, nil
}
