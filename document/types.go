package document

import "time"

// M is an object written as a map; its keys are stored in sorted order. Where the
// order of fields matters, use [D].
type M map[string]any

// D is an object written as a list of fields, stored in the order given.
type D []E

// E is one field of a [D]. It is an alias of an unnamed struct, so that
// D{{"a", 1}} is quiet under vet.
type E = struct {
	Key   string
	Value any
}

// A Regex is a regular expression as a value: a pattern and its option letters,
// such as "i". Neither may hold a zero byte.
type Regex struct{ Pattern, Options string }

// A ServerDate is replaced by the time of the call that stores or compares it,
// plus Offset, to the millisecond. All ServerDates of one call share one time.
type ServerDate struct{ Offset time.Duration }

// A Command is an operator of the query language standing where a value is
// expected, such as query.Gt(5). It is no value: [Of] and [Encode] refuse it.
type Command interface {
	// CommandName returns the operator's name, for errors.
	CommandName() string
}
