package aggregate

import "github.com/virgadb/virga/document"

// Concat joins strings; null when one is null.
func Concat(args ...any) Expression { return Expression{"$concat", list(args)} }

// IndexOfBytes returns the first place of sub in s, in bytes, or -1.
func IndexOfBytes(s, sub any, bounds ...any) Expression {
	return Expression{"$indexOfBytes", append([]any{s, sub}, bounds...)}
}

// IndexOfCP returns the first place of sub in s, in code points, or -1.
func IndexOfCP(s, sub any, bounds ...any) Expression {
	return Expression{"$indexOfCP", append([]any{s, sub}, bounds...)}
}

// Split returns the parts of s between delimiters.
func Split(s, delimiter any) Expression { return Expression{"$split", []any{s, delimiter}} }

// StrLenBytes returns the length of a string in bytes.
func StrLenBytes(s any) Expression { return Expression{"$strLenBytes", one(s)} }

// StrLenCP returns the length of a string in code points.
func StrLenCP(s any) Expression { return Expression{"$strLenCP", one(s)} }

// Strcasecmp compares strings without regard to the case of ASCII letters: -1, 0 or
// 1.
func Strcasecmp(a, b any) Expression { return Expression{"$strcasecmp", []any{a, b}} }

// Substr is another name of [SubstrBytes].
func Substr(s, start, length any) Expression { return Expression{"$substr", []any{s, start, length}} }

// SubstrBytes returns a part of a string, in bytes; a negative length is the rest.
func SubstrBytes(s, start, length any) Expression {
	return Expression{"$substrBytes", []any{s, start, length}}
}

// SubstrCP returns a part of a string, in code points.
func SubstrCP(s, start, length any) Expression {
	return Expression{"$substrCP", []any{s, start, length}}
}

// ToLower returns a string with its ASCII letters in lower case.
func ToLower(s any) Expression { return Expression{"$toLower", one(s)} }

// ToUpper returns a string with its ASCII letters in upper case.
func ToUpper(s any) Expression { return Expression{"$toUpper", one(s)} }

// Trim takes white space, or other characters, from both ends of a string.
func Trim(s any, chars ...any) Expression {
	return Expression{"$trim", with(document.D{{"input", s}}, "chars", chars)}
}

// LTrim takes white space, or other characters, from the beginning of a string.
func LTrim(s any, chars ...any) Expression {
	return Expression{"$ltrim", with(document.D{{"input", s}}, "chars", chars)}
}

// RTrim takes white space, or other characters, from the end of a string.
func RTrim(s any, chars ...any) Expression {
	return Expression{"$rtrim", with(document.D{{"input", s}}, "chars", chars)}
}

// RegexMatch reports whether a regular expression matches in a string.
func RegexMatch(s, pattern any, options ...any) Expression {
	return Expression{"$regexMatch", with(document.D{{"input", s}, {"regex", pattern}}, "options", options)}
}

// ReplaceAll replaces all occurrences of a string in a string.
func ReplaceAll(s, find, replacement any) Expression {
	return Expression{"$replaceAll", document.D{{"input", s}, {"find", find}, {"replacement", replacement}}}
}
