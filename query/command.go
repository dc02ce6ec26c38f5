package query

// A Condition is one query command, or several joined by And, Or and Not: what
// [Gt], [In], [Or] and their like return. It stands where a filter has a value,
//
//	virga.M{"price": query.Gt(100).Lt(500)}
//
// or, when it joins whole filters, where the filter itself stands:
//
//	query.Or(virga.M{"a": 1}, virga.M{"b": 2})
//
// Chaining reads strictly from left to right: a.Or(b).And(c) is (a or b) and c.
// A Condition is immutable, each method returns a new one, and safe for
// concurrent use. An operand that cannot be right is reported when the filter
// is compiled.
type Condition struct {
	op   string // as raw filters spell it: "$gt", "$and"
	args []any
}

// CommandName returns the name of the command, such as "gt". It marks a value
// that has no place in a stored document.
func (c Condition) CommandName() string {
	if c.op == "" {
		return "condition"
	}
	return c.op[1:]
}

// Eq asks for a value equal to v. An object or array in v is one exact value,
// in which the order of fields counts. Eq(nil) holds for null and for a missing
// field.
func Eq(v any) Condition { return Condition{"$eq", []any{v}} }

// Neq asks that nothing equal v: it holds where [Eq] does not.
func Neq(v any) Condition { return Condition{"$ne", []any{v}} }

// Gt asks for a value greater than v and of the same kind.
func Gt(v any) Condition { return Condition{"$gt", []any{v}} }

// Gte asks for a value of the kind of v that is greater than it or equal to it.
func Gte(v any) Condition { return Condition{"$gte", []any{v}} }

// Lt asks for a value less than v and of the same kind.
func Lt(v any) Condition { return Condition{"$lt", []any{v}} }

// Lte asks for a value of the kind of v that is less than it or equal to it.
func Lte(v any) Condition { return Condition{"$lte", []any{v}} }

// In asks for a value that equals one of list, a slice or array of any type.
// Regular expressions in list match strings; nil also matches a missing field;
// an empty list matches nothing.
func In(list any) Condition { return Condition{"$in", []any{list}} }

// Nin asks that no value equal one of list: it holds where [In] does not.
func Nin(list any) Condition { return Condition{"$nin", []any{list}} }

// And asks for all of conds: whole filters, or, as the value of a field,
// conditions on that field. One slice may stand for the arguments. On an array
// different elements may meet each; [ElemMatch] asks one element for all.
func And(conds ...any) Condition { return Condition{"$and", conds} }

// Or asks for at least one of conds, which are as for [And].
func Or(conds ...any) Condition { return Condition{"$or", conds} }

// Nor asks that none of conds hold, which are as for [And].
func Nor(conds ...any) Condition { return Condition{"$nor", conds} }

// Not asks that cond, a condition or a regular expression, does not hold.
func Not(cond any) Condition { return Condition{"$not", []any{cond}} }

// Exists asks for a field that is present, if only as null, or with false for
// one that is missing.
func Exists(present ...bool) Condition {
	args := make([]any, len(present))
	for i, p := range present {
		args[i] = p
	}
	return Condition{"$exists", args}
}

// Mod asks for a number that leaves remainder when divided by divisor, all
// three cut down to whole numbers: Mod(divisor, remainder), or one slice of the two.
func Mod(args ...any) Condition { return Condition{"$mod", args} }

// All asks for an array that holds every value of list, a slice or array that
// may also hold regular expressions, or else [ElemMatch] conditions only. A value
// that is no array counts as an array of itself; an empty list matches nothing.
func All(list any) Condition { return Condition{"$all", []any{list}} }

// ElemMatch asks for an array one of whose elements meets all of cond: a
// condition on the element itself, or an object of paths within it. Plain
// nested objects in cond are exact values.
func ElemMatch(cond any) Condition { return Condition{"$elemMatch", []any{cond}} }

// Size asks for an array of exactly n elements.
func Size(n int) Condition { return Condition{"$size", []any{n}} }

// Regex asks for a string in which pattern matches somewhere. The syntax is
// that of Perl, with look-around and back-references. Options are "i" to ignore
// case, "m" to let ^ and $ match at lines, "s" to let a dot match a line's end,
// and "x" to ignore white space in the pattern.
func Regex(pattern string, options ...string) Condition {
	args := []any{pattern}
	for _, o := range options {
		args = append(args, o)
	}
	return Condition{"$regex", args}
}

// And returns a condition that asks for c and for each of conds.
func (c Condition) And(conds ...any) Condition { return c.join("$and", spread(conds)) }

// Or returns a condition that asks for c or for one of conds.
func (c Condition) Or(conds ...any) Condition { return c.join("$or", spread(conds)) }

// Eq returns c and [Eq](v).
func (c Condition) Eq(v any) Condition { return c.and(Eq(v)) }

// Neq returns c and [Neq](v).
func (c Condition) Neq(v any) Condition { return c.and(Neq(v)) }

// Gt returns c and [Gt](v).
func (c Condition) Gt(v any) Condition { return c.and(Gt(v)) }

// Gte returns c and [Gte](v).
func (c Condition) Gte(v any) Condition { return c.and(Gte(v)) }

// Lt returns c and [Lt](v).
func (c Condition) Lt(v any) Condition { return c.and(Lt(v)) }

// Lte returns c and [Lte](v).
func (c Condition) Lte(v any) Condition { return c.and(Lte(v)) }

// In returns c and [In](list).
func (c Condition) In(list any) Condition { return c.and(In(list)) }

// Nin returns c and [Nin](list).
func (c Condition) Nin(list any) Condition { return c.and(Nin(list)) }

func (c Condition) and(next Condition) Condition { return c.join("$and", []any{next}) }

// join makes c the first operand of op. A chain of one operator stays one flat
// list, so that a long chain is not a deep one.
func (c Condition) join(op string, conds []any) Condition {
	first := []any{c}
	if c.op == op {
		first = spread(c.args)
	}
	args := make([]any, 0, len(first)+len(conds))
	return Condition{op, append(append(args, first...), conds...)}
}
