package query

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// An updateCompiler turns update data into a tree of operators.
type updateCompiler struct {
	scope  expr.Scope // what conditions are compiled in
	update Update
	paths  int // bytes of the paths that objects were flattened to
}

// data compiles what the caller gave, by either door.
func (c *updateCompiler) data(data any) error {
	inner, raw := unwrapRaw(data)
	if command, ok := inner.(document.Command); ok {
		return fmt.Errorf("%s is no update data: %w", command.CommandName(), fault.ErrInvalid)
	}
	if _, ok := document.List(inner); ok {
		return notDone("a pipeline as update data")
	}
	fields, ok := document.Pairs(inner)
	if !ok {
		return fmt.Errorf("update data must be an object, not %s: %w", describe(inner), fault.ErrInvalid)
	}
	if len(fields) == 0 {
		return fmt.Errorf("update data must not be empty: %w", fault.ErrInvalid)
	}
	for _, f := range fields {
		if err := c.field(f, raw); err != nil {
			return err
		}
	}
	return nil
}

// field compiles one field at the top of the data.
func (c *updateCompiler) field(f document.E, raw bool) error {
	switch {
	case isOperator(f.Key):
		return c.operators(f.Key, f.Value)
	case raw:
		return invalidAt(f.Key, "a raw update has operators only, such as $set")
	case f.Key == "_id" || strings.HasPrefix(f.Key, "_id."):
		return invalidAt("_id", "_id cannot be updated")
	}
	return c.flatten(f.Key, f.Value, 1)
}

// operators compiles the operand of a raw operator, an object of paths.
func (c *updateCompiler) operators(name string, operand any) error {
	if name != "$rename" && updateFuncs[name] == nil {
		return unknownOperator(name)
	}
	if _, ok := operand.(document.Command); ok {
		return fmt.Errorf("%s needs an object of paths, found %s: %w", name, describe(operand), fault.ErrInvalid)
	}
	fields, ok := document.Pairs(operand)
	if !ok {
		return fmt.Errorf("%s needs an object of paths, found %s: %w", name, describe(operand), fault.ErrInvalid)
	}
	for _, f := range fields {
		if err := c.add(f.Key, name, f.Value); err != nil {
			return err
		}
	}
	return nil
}

func unknownOperator(name string) error {
	switch name {
	case "$currentDate":
		return fmt.Errorf("%s is no update operator here, set a ServerDate: %w", name, fault.ErrOperator)
	case "$setOnInsert":
		return fmt.Errorf("%s is no update operator here, updates never insert: %w", name, fault.ErrOperator)
	}
	return fmt.Errorf("%s is no update operator: %w", name, fault.ErrOperator)
}

// flatten compiles v at path: commands as they are, objects field by field, all
// else as a value to set. What is missing is left out.
func (c *updateCompiler) flatten(path string, v any, depth int) error {
	if depth > document.MaxDepth {
		return fault.At(path, tooDeep())
	}
	if c.paths += len(path); c.paths > maxOperands {
		return fmt.Errorf("paths of more than %d bytes: %w", maxOperands, fault.ErrTooLarge)
	}
	if isMissing(v) {
		return nil
	}
	if command, ok := v.(UpdateCommand); ok {
		return c.add(path, command.operator, command.operand)
	}
	if _, ok := v.(document.Command); ok {
		return invalidAt(path, "%s is no update command", describe(v))
	}
	if !isPlain(v) {
		return c.add(path, "$set", v)
	}
	fields, _ := document.Pairs(v)
	for _, f := range fields {
		if isOperator(f.Key) && f.Key != "$" && !strings.HasPrefix(f.Key, "$[") {
			return invalidAt(path, "%s is no value: an update takes update commands, or raw operators at the top", f.Key)
		}
		if err := c.flatten(path+"."+f.Key, f.Value, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// add compiles one operator with its operand and puts it at path.
func (c *updateCompiler) add(path, name string, operand any) error {
	if name == "$rename" {
		return c.rename(path, operand)
	}
	compile := updateFuncs[name]
	if compile == nil {
		return invalidAt(path, "an empty update command")
	}
	op, err := compile(c, path, operand)
	if err != nil {
		return fault.At(path, fmt.Errorf("%s: %w", name, err))
	}
	return c.put(path, op)
}

// put enters op in the tree.
func (c *updateCompiler) put(path string, op operator) error {
	if err := c.update.root.insert(path, op); err != nil {
		return err
	}
	u := &c.update
	u.paths = append(u.paths, path)
	u.positional = u.positional || strings.Contains(path+".", ".$.")
	u.identity = u.identity || path == "_id" || strings.HasPrefix(path, "_id.")
	return nil
}

// pairsOf returns the fields of an object operand, which is no command.
func pairsOf(operand any) ([]document.E, bool) {
	if _, ok := operand.(document.Command); ok {
		return nil, false
	}
	return document.Pairs(operand)
}

// isPlain reports whether v is an object that is merged field by field. Types that
// say themselves how they are stored, such as geo points, are values.
func isPlain(v any) bool {
	switch x := v.(type) {
	case document.M, document.D, map[string]any:
		return !isNil(v)
	case document.Value:
		return x.Kind() == document.Object
	case document.Doc:
		return true
	}
	if _, ok := document.Pairs(v); !ok {
		return false
	}
	t := reflect.TypeOf(v)
	if t.Kind() != reflect.Pointer {
		t = reflect.PointerTo(t)
	}
	_, encodes := t.MethodByName("EncodeMsgpack")
	_, marshals := t.MethodByName("MarshalMsgpack")
	return !encodes && !marshals
}

// isMissing reports whether v is the zero Value, ID or Doc, which stand for nothing.
func isMissing(v any) bool {
	switch x := v.(type) {
	case document.Value:
		return !x.Exists()
	case document.ID:
		return x.IsZero()
	case document.Doc:
		return x.IsZero()
	}
	return false
}

// fieldOf returns the field called name of an object operand.
func fieldOf(fields []document.E, name string) (any, bool) {
	for _, f := range fields {
		if f.Key == name {
			return f.Value, true
		}
	}
	return nil, false
}
