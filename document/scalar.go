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

// AppendHead appends the head of an object of n fields or an array of n elements, which
// have to follow: the fields as their names, by [AppendText], and their values.
func AppendHead(dst []byte, k Kind, n int) []byte { return appendHead(dst, k, n) }

// HeadSize returns how many bytes AppendHead appends for n.
func HeadSize(n int) int { return headSize(n) }
