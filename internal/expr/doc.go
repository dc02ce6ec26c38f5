// Package expr compiles and evaluates the expressions of the aggregation language:
// what computes a value from a document, such as
//
//	{"$multiply": ["$price", {"$subtract": [1, "$discount"]}]}
//
// An [Expr] is compiled once, against the variables of a [Scope], into an immutable
// tree, parts that do not depend on the document already computed. It is evaluated
// in an [Env], which belongs to one goroutine. An [Accumulation] is the other kind
// of operator, which makes one value out of those of many documents.
//
// # Meaning
//
// A string that starts with $ is a path, one that starts with $$ a variable; an
// object with one key that starts with $ is an operator; other objects and arrays
// are made of what their parts yield. A part that yields no value is left out of an
// object and is null in an array. Missing is another thing than null: it comes
// before null in comparisons, but most operators take both for the absence of an
// operand and then yield null.
//
// Integers stay integers as long as results fit into 64 bits and are floats beyond.
// There are no decimals and no object ids here: conversions to them yield floats
// and strings of 24 hex digits.
//
// # Limits
//
// An expression has at most 200 levels and 65,536 parts, a value it makes at most
// 16 MiB, and one that $reduce nests at most about 100 levels; beyond is
// ErrTooLarge. Operators that would run
// foreign code or belong to a server are ErrNotImplemented; others that do not
// exist, and operands of a wrong kind, are ErrInvalid. Errors name the operator,
// and, as their path, the place in the expression where it stands.
package expr
