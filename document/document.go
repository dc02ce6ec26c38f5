// Package document holds the values of the database: what a document is, how
// its bytes look, and the one order all values are in.
//
// Everything stored is canonical msgpack. A [Value] is a view of the bytes of
// one value, a [Doc] of one whole document; both are immutable and are read
// without decoding. [M], [D] and structs are how Go code writes documents:
//
//	doc, err := document.Encode(document.M{"name": "tea", "price": 120}, time.Now())
//	price, ok := doc.Lookup("price").Int64()
//
// # Stored form
//
// A document is a msgpack map: _id first when there is one, then the fields in
// the order given (the order of a struct, a D or JSON text; the keys of a Go map
// are sorted). Integers have their shortest form and are int64; other numbers
// are float64; one value of NaN is stored. Dates are the timestamp extension
// (type -1), UTC, with millisecond precision. Regular expressions are extension
// type 1: the pattern, a zero byte, the options in order. []byte and arrays of
// bytes are binary. Nil is null; a field that is not there is missing, which is
// another thing than null.
//
// # What is refused
//
// Strings that are not UTF-8, integers above the largest int64, duplicate keys,
// maps whose keys are not strings, foreign msgpack extensions, channels,
// functions and complex numbers. So are types that only bring MarshalBinary or
// MarshalText, such as big.Int and net.IP, because what they would turn into
// surprises (a byte array with MarshalBinary, such as a UUID, is binary), and
// error values. A type may say how it is stored by having EncodeMsgpack or
// MarshalMsgpack. Stored keys must not be empty, start with $, or hold a dot or a
// zero byte. Every refusal names the path.
package document
