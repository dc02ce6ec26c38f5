package query

import (
	"strings"

	"github.com/virgadb/virga/document"
)

// An UpdateCommand says how a field changes; it stands as the value of that field
// in the data of an update: M{"stock": Inc(-1)}. [Set], [Inc], [Push] and the
// functions beside them make one. A bad operand is reported by the call that
// runs the update.
type UpdateCommand struct {
	operator string // the operator in MongoDB's spelling
	operand  any    // its operand in MongoDB's form
}

// CommandName returns the name of the command, for errors: "set", "inc".
func (c UpdateCommand) CommandName() string {
	if c.operator == "" {
		return "empty update command"
	}
	return strings.TrimPrefix(c.operator, "$")
}

// Set puts v in the field as a whole: an object replaces the one that is there,
// where a plain nested object would be merged into it. v may be an empty object.
func Set(v any) UpdateCommand { return UpdateCommand{"$set", v} }

// Remove deletes the field. An element of an array becomes null instead, so that
// those behind it keep their places. A missing field is left alone.
func Remove() UpdateCommand { return UpdateCommand{"$unset", ""} }

// Inc adds the number n to the field; a missing field becomes n. Integers stay
// integers, and a sum beyond 64 bits is an error; one float makes the sum a float.
// A field that holds no number is an error.
func Inc(n any) UpdateCommand { return UpdateCommand{"$inc", n} }

// Mul multiplies the field by the number n, with the rules of [Inc]; a missing
// field becomes 0.
func Mul(n any) UpdateCommand { return UpdateCommand{"$mul", n} }

// Min puts v in the field if it sorts before the value there, in the order of
// [document.Compare], or if the field is missing.
func Min(v any) UpdateCommand { return UpdateCommand{"$min", v} }

// Max puts v in the field if it sorts after the value there, in the order of
// [document.Compare], or if the field is missing.
func Max(v any) UpdateCommand { return UpdateCommand{"$max", v} }

// Rename moves the value of the field to the dotted path to, counted from the top
// of the document, over whatever is there. A missing field is left alone. Neither
// path may lead through an array.
func Rename(to string) UpdateCommand { return UpdateCommand{"$rename", to} }

// BitAnd replaces the integer in the field by its bitwise and with n; a missing
// field counts as 0, here and in [BitOr] and [BitXor].
func BitAnd(n int64) UpdateCommand { return bit("and", n) }

// BitOr replaces the integer in the field by its bitwise or with n.
func BitOr(n int64) UpdateCommand { return bit("or", n) }

// BitXor replaces the integer in the field by its bitwise exclusive or with n.
func BitXor(n int64) UpdateCommand { return bit("xor", n) }

func bit(op string, n int64) UpdateCommand {
	return UpdateCommand{"$bit", document.D{{Key: op, Value: n}}}
}

// Push appends values to the array in the field, in the order given; a missing
// field becomes an array, anything else is an error. A sole argument that is a
// slice is spread: to append one array, write Push([]any{list}). A sole argument
// that is an object with a key "each" is read as the options of [PushWith] under
// the names each, position, sort and slice.
func Push(values ...any) UpdateCommand {
	if len(values) == 1 {
		if options, ok := eachForm(values[0]); ok {
			return UpdateCommand{"$push", options}
		}
	}
	return UpdateCommand{"$push", document.D{{Key: "$each", Value: listed(values)}}}
}

// PushOptions are the operands of [PushWith]. The steps are taken in a fixed
// order: insert, sort, slice.
type PushOptions struct {
	// Each holds the values to insert. Empty is fine: then the array is only
	// sorted or sliced.
	Each []any
	// Position is where they are inserted, an index in the array as it was; a
	// negative one counts from the end, so that -1 is before the last element.
	// Positions outside the array mean its nearer end. Nil appends.
	Position *int
	// Sort orders the array: 1 or -1 by the elements as a whole, or a D of fields
	// with 1 or -1 each, as in D{{"score", -1}}. Nil leaves it as it is.
	Sort any
	// Slice keeps the first n elements, or the last n for -n; 0 empties the array.
	// Nil keeps all.
	Slice *int
}

// PushWith inserts o.Each into the array in the field as o says.
func PushWith(o PushOptions) UpdateCommand {
	each := o.Each
	if each == nil {
		each = []any{}
	}
	operand := document.D{{Key: "$each", Value: each}}
	if o.Position != nil {
		operand = append(operand, document.E{Key: "$position", Value: *o.Position})
	}
	if o.Sort != nil {
		operand = append(operand, document.E{Key: "$sort", Value: o.Sort})
	}
	if o.Slice != nil {
		operand = append(operand, document.E{Key: "$slice", Value: *o.Slice})
	}
	return UpdateCommand{"$push", operand}
}

// Unshift inserts values at the head of the array in the field, in the order
// given. A sole slice is spread, as by [Push].
func Unshift(values ...any) UpdateCommand {
	return UpdateCommand{"$push", document.D{{Key: "$each", Value: listed(values)}, {Key: "$position", Value: 0}}}
}

// Pop removes the last element of the array in the field. A missing field and an
// empty array are left alone.
func Pop() UpdateCommand { return UpdateCommand{"$pop", 1} }

// Shift removes the first element of the array in the field, as [Pop] the last.
func Shift() UpdateCommand { return UpdateCommand{"$pop", -1} }

// Pull removes the elements that condition holds for: a value removes those equal
// to it, a filter command such as Gt(5) those it matches as it would the value of a
// field, hence arrays with an element over 5 as well, and an object those whose
// fields satisfy it, each field given as a value or a command. A missing field is
// left alone.
func Pull(condition any) UpdateCommand { return UpdateCommand{"$pull", condition} }

// PullAll removes every element equal to one of values; objects must be equal
// field by field, in order. A sole slice is spread, as by [Push].
func PullAll(values ...any) UpdateCommand { return UpdateCommand{"$pullAll", listed(values)} }

// AddToSet appends v to the array in the field unless an element equals it; a
// missing field becomes an array. A slice is added as one element: to add several
// use [AddEach]. An object whose only key is "each" or "$each" adds each value of
// that list.
func AddToSet(v any) UpdateCommand {
	if options, ok := eachForm(v); ok && len(options) == 1 {
		return UpdateCommand{"$addToSet", options}
	}
	return UpdateCommand{"$addToSet", v}
}

// AddEach appends each of values as [AddToSet] does. A sole slice is spread, as by
// [Push].
func AddEach(values ...any) UpdateCommand {
	return UpdateCommand{"$addToSet", document.D{{Key: "$each", Value: listed(values)}}}
}

// listed returns the values given, the elements of a sole slice, never nil.
func listed(values []any) []any {
	if list := spread(values); list != nil {
		return list
	}
	return []any{}
}

// eachForm turns the cloud's {each: …, position: …} into MongoDB's {$each: …, $position: …}.
func eachForm(v any) (document.D, bool) {
	if _, command := v.(document.Command); command {
		return nil, false
	}
	pairs, ok := document.Pairs(v)
	if !ok {
		return nil, false
	}
	found := false
	options := make(document.D, len(pairs))
	for i, p := range pairs {
		name := strings.TrimPrefix(p.Key, "$")
		found = found || name == "each"
		options[i] = document.E{Key: "$" + name, Value: p.Value}
	}
	return options, found
}
