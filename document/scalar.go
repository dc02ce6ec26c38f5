package document

// AppendInt appends the integer i in canonical form. With the functions below it
// serves code that keeps the values it computes in memory of its own; see [FromRaw].
func AppendInt(dst []byte, i int64) []byte { return appendInt(dst, i) }

// AppendFloat appends the float f, also when it is a whole number.
func AppendFloat(dst []byte, f float64) []byte { return appendFloat(dst, f) }

// AppendDate appends the date ms milliseconds after the start of 1970, UTC.
func AppendDate(dst []byte, ms int64) []byte { return appendDate(dst, ms) }

// AppendText appends the string s, which must be valid UTF-8.
func AppendText(dst, s []byte) []byte { return appendText(dst, s) }
