package aggregate

// Add adds numbers, or numbers of milliseconds to a date.
func Add(args ...any) Expression { return Expression{"$add", list(args)} }

// Subtract subtracts b from a: numbers, dates (which yields milliseconds), or a
// number of milliseconds from a date.
func Subtract(a, b any) Expression { return Expression{"$subtract", []any{a, b}} }

// Multiply multiplies numbers.
func Multiply(args ...any) Expression { return Expression{"$multiply", list(args)} }

// Divide divides a by b. The result is a float; dividing by zero is an error.
func Divide(a, b any) Expression { return Expression{"$divide", []any{a, b}} }

// Mod returns the remainder of a divided by b, with the sign of a.
func Mod(a, b any) Expression { return Expression{"$mod", []any{a, b}} }

// Abs returns the absolute value.
func Abs(x any) Expression { return Expression{"$abs", one(x)} }

// Ceil rounds up to a whole number.
func Ceil(x any) Expression { return Expression{"$ceil", one(x)} }

// Floor rounds down to a whole number.
func Floor(x any) Expression { return Expression{"$floor", one(x)} }

// Round rounds to a number of decimal places, halves to even; none by default.
func Round(x any, place ...any) Expression { return Expression{"$round", append([]any{x}, place...)} }

// Trunc cuts off behind a number of decimal places, none by default.
func Trunc(x any, place ...any) Expression { return Expression{"$trunc", append([]any{x}, place...)} }

// Exp returns e raised to x.
func Exp(x any) Expression { return Expression{"$exp", one(x)} }

// Ln returns the natural logarithm of a positive number.
func Ln(x any) Expression { return Expression{"$ln", one(x)} }

// Log returns the logarithm of x to a base.
func Log(x, base any) Expression { return Expression{"$log", []any{x, base}} }

// Log10 returns the logarithm to base 10.
func Log10(x any) Expression { return Expression{"$log10", one(x)} }

// Pow returns x raised to y.
func Pow(x, y any) Expression { return Expression{"$pow", []any{x, y}} }

// Sqrt returns the square root of a number that is not negative.
func Sqrt(x any) Expression { return Expression{"$sqrt", one(x)} }
