package aggregate

// Eq reports whether a equals b. Missing is not null here, unlike in filters.
func Eq(a, b any) Expression { return Expression{"$eq", []any{a, b}} }

// Neq reports whether a differs from b.
func Neq(a, b any) Expression { return Expression{"$ne", []any{a, b}} }

// Gt reports whether a comes behind b in the order of all values.
func Gt(a, b any) Expression { return Expression{"$gt", []any{a, b}} }

// Gte reports whether a equals b or comes behind it.
func Gte(a, b any) Expression { return Expression{"$gte", []any{a, b}} }

// Lt reports whether a comes before b in the order of all values.
func Lt(a, b any) Expression { return Expression{"$lt", []any{a, b}} }

// Lte reports whether a equals b or comes before it.
func Lte(a, b any) Expression { return Expression{"$lte", []any{a, b}} }

// Cmp returns -1, 0 or 1 as a comes before b, equals it, or comes behind it.
func Cmp(a, b any) Expression { return Expression{"$cmp", []any{a, b}} }

// And reports whether all arguments are true. Missing, null, false and zero are not.
func And(args ...any) Expression { return Expression{"$and", list(args)} }

// Or reports whether one of the arguments is true.
func Or(args ...any) Expression { return Expression{"$or", list(args)} }

// Not reports whether x is not true.
func Not(x any) Expression { return Expression{"$not", []any{x}} }

// Cond returns then when test is true, else otherwise. The other one is not
// evaluated.
func Cond(test, then, otherwise any) Expression {
	return Expression{"$cond", []any{test, then, otherwise}}
}

// IfNull returns the first argument that is neither null nor missing, else the last.
func IfNull(args ...any) Expression { return Expression{"$ifNull", list(args)} }
