package aggregate

// SetDifference returns the elements of a that b does not have.
func SetDifference(a, b any) Expression { return Expression{"$setDifference", []any{a, b}} }

// SetEquals reports whether arrays have the same different elements.
func SetEquals(args ...any) Expression { return Expression{"$setEquals", list(args)} }

// SetIntersection returns the elements that all arrays have.
func SetIntersection(args ...any) Expression { return Expression{"$setIntersection", list(args)} }

// SetUnion returns the elements that any of the arrays has.
func SetUnion(args ...any) Expression { return Expression{"$setUnion", list(args)} }

// SetIsSubset reports whether b has all elements of a.
func SetIsSubset(a, b any) Expression { return Expression{"$setIsSubset", []any{a, b}} }

// AllElementsTrue reports whether all elements of an array are true.
func AllElementsTrue(array any) Expression { return Expression{"$allElementsTrue", []any{array}} }

// AnyElementTrue reports whether an element of an array is true.
func AnyElementTrue(array any) Expression { return Expression{"$anyElementTrue", []any{array}} }
