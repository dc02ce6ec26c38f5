// Package regex matches regular expressions with the syntax of Perl: by Go's
// engine, in linear time, where that has the syntax, and else by one that
// backtracks, within limits of time and memory, for look-around, back-references
// and the option x.
package regex
