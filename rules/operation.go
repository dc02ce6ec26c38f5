package rules

import "fmt"

// An Operation is what a call does to documents.
type Operation uint8

// The operations. Read is to get, count, aggregate and watch.
const (
	Read Operation = iota + 1
	Create
	Update
	Delete
)

// String returns the key of the rule for op: "read".
func (op Operation) String() string {
	switch op {
	case Read:
		return "read"
	case Create:
		return "create"
	case Update:
		return "update"
	case Delete:
		return "delete"
	}
	return fmt.Sprintf("Operation(%d)", uint8(op))
}

// A Mode is the kind of rules that a collection has.
type Mode uint8

// The modes. All but Custom narrow silently: what belongs to others is not there.
const (
	Custom     Mode = iota // expressions
	ReadOnly               // everybody reads, a document's creator writes it
	Private                // a document's creator reads and writes it
	AdminWrite             // everybody reads, only the program itself writes
	AdminOnly              // only the program itself reads and writes
)

var modeNames = [...]string{"CUSTOM", "READONLY", "PRIVATE", "ADMINWRITE", "ADMINONLY"}

// String returns the cloud's name of m: "READONLY".
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// verdict says what a simple mode answers to an operation.
type verdict uint8

const (
	refused verdict = iota
	granted
	ownOnly // of the documents the caller created
)

func (v verdict) describe() string {
	return [...]string{"nobody", "whoever is logged in", "the creator of a document"}[v]
}

// verdictOf returns what m, which is not Custom, answers to op by a caller who is
// logged in. Nobody else may do anything.
func (m Mode) verdictOf(op Operation) verdict {
	switch {
	case m == AdminOnly, m == AdminWrite && op != Read:
		return refused
	case m == Private && op != Create, m == ReadOnly && (op == Update || op == Delete):
		return ownOnly
	}
	return granted
}
