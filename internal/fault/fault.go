// Package fault is the one home of error values. A sentinel says why an
// operation could not be done, an [Error] says where. Packages below the door
// return sentinels, wrapped in what only they know; the door wraps them once in
// an [Error].
package fault

import "errors"

// The reasons. The root package re-exports each of them under the same name.
var (
	// ErrNotFound reports that the document, collection or index does not exist.
	ErrNotFound = errors.New("not found")
	// ErrExists reports that a collection or index of that name exists already.
	ErrExists = errors.New("already exists")
	// ErrDuplicate reports that _id or a unique index already holds the value.
	ErrDuplicate = errors.New("duplicate key")
	// ErrConflict reports that another transaction wrote first; running the work again may succeed.
	ErrConflict = errors.New("transaction conflict")
	// ErrTxnExpired reports a transaction that was not ended within its time; nothing of it happened.
	ErrTxnExpired = errors.New("transaction expired")
	// ErrTxnDone reports use of a transaction that has been committed or rolled back.
	ErrTxnDone = errors.New("transaction has ended")
	// ErrDenied reports that security rules, or the kind of handle, do not allow the operation.
	ErrDenied = errors.New("permission denied")
	// ErrInvalid reports an argument, filter, update or document that can never be accepted as it is.
	ErrInvalid = errors.New("invalid argument")
	// ErrTooLarge reports that a document, key or atomic step is over its limit.
	ErrTooLarge = errors.New("too large")
	// ErrClosed reports use of a database, cursor or stream that has been closed.
	ErrClosed = errors.New("closed")
	// ErrLocked reports that another process has the database open.
	ErrLocked = errors.New("locked by another process")
	// ErrFull reports that the disk has too little room left; nothing was written and the database stays usable.
	ErrFull = errors.New("disk full")
	// ErrReadOnly reports a write to a database opened read-only, or turned read-only by an earlier write error.
	ErrReadOnly = errors.New("read-only")
	// ErrCorrupt reports stored bytes that cannot be what was written.
	ErrCorrupt = errors.New("corrupt data")
	// ErrFormat reports a database written in a format this version cannot use.
	ErrFormat = errors.New("unsupported format")
	// ErrTimeout reports that a limit of time ran out before the operation could be done.
	ErrTimeout = errors.New("timeout")
	// ErrNotImplemented reports something that is part of the language but that this version does not do.
	ErrNotImplemented = errors.New("not implemented")
)

// Reasons that are also a more general one: the cloud has codes of their own for them.
var (
	// ErrNoCollection reports that the collection does not exist. It is an ErrNotFound.
	ErrNoCollection error = &refined{ErrNotFound}
	// ErrNoFunction reports that no function of that name is registered. It is an ErrNotFound.
	ErrNoFunction error = &refined{ErrNotFound}
	// ErrOperator reports an operator that does not exist. It is an ErrInvalid.
	ErrOperator error = &refined{ErrInvalid}
	// ErrContent reports data of a kind that cannot be stored: a command, a reserved
	// name. It is an ErrInvalid.
	ErrContent error = &refined{ErrInvalid}
	// ErrCollections reports that there are as many collections as there may be. It is
	// an ErrTooLarge.
	ErrCollections error = &refined{ErrTooLarge}
	// ErrResult reports that a query found more than a reply may hold. It is an
	// ErrTooLarge.
	ErrResult error = &refined{ErrTooLarge}
)

// A refined is a reason of a more general kind, whose words it has.
type refined struct{ kind error }

func (r *refined) Error() string { return r.kind.Error() }
func (r *refined) Unwrap() error { return r.kind }

// ErrPanic reports that a function of the program's panicked.
var ErrPanic = errors.New("panic")

// ErrInjected reports an error that a test asked for.
var ErrInjected = errors.New("injected by the test")

// ErrInternal reports an invariant of the module itself that did not hold.
var ErrInternal = errors.New("internal error")
