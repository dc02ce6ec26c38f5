package aggregate

// ArrayElemAt returns the element at place i, counted from the end when negative;
// missing beyond the ends.
func ArrayElemAt(array, i any) Expression { return Expression{"$arrayElemAt", []any{array, i}} }

// ArrayToObject makes an object of [key, value] pairs, or of objects {k, v}.
func ArrayToObject(array any) Expression { return Expression{"$arrayToObject", []any{array}} }

// ObjectToArray makes an array of objects {k, v} of the fields of an object.
func ObjectToArray(object any) Expression { return Expression{"$objectToArray", one(object)} }

// ConcatArrays joins arrays.
func ConcatArrays(args ...any) Expression { return Expression{"$concatArrays", list(args)} }

// In reports whether an array holds a value.
func In(value, array any) Expression { return Expression{"$in", []any{value, array}} }

// IndexOfArray returns the first place of a value in an array, from bounds[0] to
// before bounds[1] if given, or -1.
func IndexOfArray(array, value any, bounds ...any) Expression {
	return Expression{"$indexOfArray", append([]any{array, value}, bounds...)}
}

// IsArray reports whether x is an array.
func IsArray(x any) Expression { return Expression{"$isArray", []any{x}} }

// Range returns the whole numbers from start to before end, by steps of 1 unless
// given.
func Range(start, end any, step ...any) Expression {
	return Expression{"$range", append([]any{start, end}, step...)}
}

// ReverseArray turns an array around.
func ReverseArray(array any) Expression { return Expression{"$reverseArray", []any{array}} }

// Size returns the number of elements of an array.
func Size(array any) Expression { return Expression{"$size", []any{array}} }

// Slice returns the first n elements for Slice(array, n), the last for a negative n,
// and n from a position on for Slice(array, position, n).
func Slice(array any, bounds ...any) Expression {
	return Expression{"$slice", append([]any{array}, bounds...)}
}

// FirstElement returns the first element of an array.
func FirstElement(array any) Expression { return Expression{"$first", []any{array}} }

// LastElement returns the last element of an array.
func LastElement(array any) Expression { return Expression{"$last", []any{array}} }
