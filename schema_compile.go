package virga

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// schemaURL is what a schema is called inside its compiler.
const schemaURL = "virga:///schema"

// compileSchema compiles a JSON Schema: text, or an object of any Go type. With
// mongo it is the operand of $jsonSchema. Nothing is ever loaded for it.
func compileSchema(v any, mongo bool) (compiled *jsonschema.Schema, err error) {
	value, err := schemaOf(v)
	if err != nil {
		return nil, err
	}
	root, err := rewriteSchema(schemaValue(value), mongo)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			compiled, err = nil, fmt.Errorf("schema: %v: %w", r, fault.ErrInvalid)
		}
	}()
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.AssertFormat()
	c.AssertVocabs()
	if mongo {
		c.DefaultDraft(jsonschema.Draft4)
	} else {
		c.DefaultDraft(jsonschema.Draft2020)
	}
	c.RegisterVocabulary(&jsonschema.Vocabulary{URL: "virga:///kinds", Schema: anySchema(), Compile: compileKinds})
	if err := c.AddResource(schemaURL, root); err != nil {
		return nil, fmt.Errorf("schema: %w: %w", err, fault.ErrInvalid)
	}
	if compiled, err = c.Compile(schemaURL); err != nil {
		text := strings.ReplaceAll(err.Error(), schemaURL, "")
		return nil, fmt.Errorf("schema: %s: %w", strings.Join(strings.Fields(text), " "), fault.ErrInvalid)
	}
	return compiled, nil
}

// schemaOf returns a schema in any form as a value.
func schemaOf(v any) (document.Value, error) {
	var text []byte
	switch x := v.(type) {
	case string:
		text = []byte(x)
	case []byte:
		text = x
	case json.RawMessage:
		text = x
	}
	var value document.Value
	var err error
	if len(text) > maxSchemaBytes {
		return value, fmt.Errorf("schema of %d bytes, the limit is %d: %w", len(text), maxSchemaBytes, fault.ErrTooLarge)
	}
	if text != nil {
		value, err = document.ParseJSON(text)
	} else {
		value, err = document.Of(v)
	}
	if err == nil && len(value.Raw()) > maxSchemaBytes {
		err = fmt.Errorf("%d bytes, the limit is %d: %w", len(value.Raw()), maxSchemaBytes, fault.ErrTooLarge)
	}
	if err == nil && value.Kind() != document.Object {
		err = fmt.Errorf("an object is needed, found %s: %w", value.Kind(), fault.ErrInvalid)
	}
	if err != nil {
		return document.Value{}, fmt.Errorf("schema: %w", err)
	}
	return value, nil
}

// noLoader refuses to load anything.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is outside of the schema, nothing is loaded: %w", url, fault.ErrInvalid)
}

// anySchema returns the schema that everything meets.
func anySchema() *jsonschema.Schema {
	yes := true
	return &jsonschema.Schema{Bool: &yes}
}

// kinds is the keyword that asks for types: of each list one has to be met.
type kinds [][]string

func compileKinds(_ *jsonschema.CompilerContext, object map[string]any) (jsonschema.SchemaExt, error) {
	lists, ok := object[schemaKinds].([]any)
	if !ok {
		return nil, nil
	}
	var k kinds
	for _, list := range lists {
		var names []string
		for _, name := range list.([]any) {
			names = append(names, name.(string))
		}
		k = append(k, names)
	}
	return k, nil
}

// Validate reports a value of another type to ctx.
func (k kinds) Validate(ctx *jsonschema.ValidatorContext, v any) {
	for _, names := range k {
		if !slices.ContainsFunc(names, func(name string) bool { return schemaTypes[name](v) }) {
			ctx.AddError(&kind.Type{Got: schemaTypeOf(v), Want: names})
			return
		}
	}
}

// validate holds v against a compiled schema. What does not fit is a [*SchemaError].
func validate(s *jsonschema.Schema, v document.Value) error {
	failed, err := fits(s, v)
	if failed != nil {
		return newSchemaError(failed)
	}
	return err
}

// fits returns in what v does not meet a compiled schema, nil when it does.
func fits(s *jsonschema.Schema, v document.Value) (failed *jsonschema.ValidationError, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("schema: %v: %w", r, fault.ErrInvalid)
		}
	}()
	if err = s.Validate(schemaValue(v)); errors.As(err, &failed) {
		err = nil
	}
	return failed, err
}
