package aggregate

import (
	"strings"

	"github.com/virgadb/virga/document"
)

// An Expression is an operator with its operands: what [Sum], [Multiply], [Cond] and
// their like return. It is immutable and safe for concurrent use. A bad operand is
// reported when the pipeline runs.
type Expression struct {
	op      string // as MongoDB spells it
	operand any
}

// Expression returns the operator in MongoDB's form, an object of one field.
func (e Expression) Expression() any { return document.D{{Key: e.op, Value: e.operand}} }

// CommandName returns the operator's name, such as "sum". It marks a value that has
// no place in a stored document.
func (e Expression) CommandName() string {
	if e.op == "" {
		return "expression"
	}
	return e.op[1:]
}

// Op returns the operator of that name, with or without its $, with operands in
// MongoDB's form. It is for operators that have no function here:
//
//	aggregate.Op("$dateToString", virga.M{"date": "$at", "format": "%d", "timezone": "Asia/Shanghai"})
func Op(name string, operand any) Expression {
	if !strings.HasPrefix(name, "$") {
		name = "$" + name // else it would be an object
	}
	return Expression{name, operand}
}

// What the expression of [Pipeline.Redact] yields.
const (
	Descend = "$$DESCEND" // keep what is no object and look into the objects
	Prune   = "$$PRUNE"   // leave it out
	Keep    = "$$KEEP"    // keep all of it
)

// Remove is no value: a field computed as Remove is left out.
const Remove = "$$REMOVE"

// Root is the document as it comes to the stage.
const Root = "$$ROOT"

// Switch returns the value of the first case that is true, or otherwise when none
// is; without otherwise that is an error.
func Switch(cases []Case, otherwise ...any) Expression {
	branches := make([]any, len(cases))
	for i, c := range cases {
		branches[i] = document.D{{"case", c.When}, {"then", c.Then}}
	}
	return Expression{"$switch", with(document.D{{"branches", branches}}, "default", otherwise)}
}

// A Case is one of [Switch].
type Case struct{ When, Then any }

// Let evaluates an expression with variables: Let(M{"total": …}, Multiply("$$total", 2)).
func Let(vars, in any) Expression {
	return Expression{"$let", document.D{{"vars", vars}, {"in", in}}}
}

// Filter returns the elements of an array for which a condition is true, in which
// the element is called as: Filter("$items", "item", Gt("$$item.price", 100)).
func Filter(array any, as string, cond any) Expression {
	return Expression{"$filter", document.D{{"input", array}, {"as", as}, {"cond", cond}}}
}

// Map returns what an expression yields for each element of an array, in which the
// element is called as.
func Map(array any, as string, in any) Expression {
	return Expression{"$map", document.D{{"input", array}, {"as", as}, {"in", in}}}
}

// Reduce folds an array from its first element to its last: in the expression
// "$$value" is what came out so far, at first initial, and "$$this" the element.
func Reduce(array, initial, in any) Expression {
	return Expression{"$reduce", document.D{{"input", array}, {"initialValue", initial}, {"in", in}}}
}

// Zip makes an array of the first elements of arrays, one of the second ones, and so
// on, as many as the shortest has.
func Zip(arrays ...any) Expression {
	return Expression{"$zip", document.D{{"inputs", list(arrays)}}}
}

// list returns args as a list, also when there are none.
func list(args []any) []any { return append([]any{}, args...) }

// one returns the only operand of an operator. A list is an operand like others, not
// a list of them.
func one(x any) any {
	if _, ok := document.List(x); ok {
		return []any{x}
	}
	return x
}

// solo returns operands, a single one as it is.
func solo(args []any) any {
	if len(args) == 1 {
		return args[0]
	}
	return list(args)
}

// with adds a parameter that may be left out.
func with(params document.D, name string, value []any) document.D {
	if len(value) > 0 {
		params = append(params, document.E{Key: name, Value: value[0]})
	}
	return params
}

// inZone returns the operand of an operator on dates.
func inZone(date any, timezone []any) any {
	if len(timezone) == 0 {
		return date
	}
	return document.D{{"date", date}, {"timezone", timezone[0]}}
}
