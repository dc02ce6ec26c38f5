package fault

import (
	"context"
	"errors"
	"strings"
)

// An Error says where an operation ended: which call, on which collection and
// document, at which path. The cause, found by [errors.Is], is one of the
// sentinels of this package or an error of the context.
type Error struct {
	Op         string // the call, for example "add", "find", "update"
	Collection string // empty when the call concerns the database
	ID         string // the document's _id as JSON, empty when none is concerned
	Path       string // the dotted path at fault, empty when none is concerned
	Code       string // the cloud's string code, for example DATABASE_DUPLICATE_WRITE
	Number     int    // the cloud's numeric code, for example -502001
	Err        error  // the cause
}

// longID is how many bytes of an _id a message shows.
const longID = 100

// Error formats e as "op collection/id: path: cause". A long _id is cut.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Collection != "" {
		b.WriteByte(' ')
		b.WriteString(e.Collection)
		if e.ID != "" {
			b.WriteByte('/')
			b.WriteString(shortened(e.ID))
		}
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

func shortened(id string) string {
	if len(id) <= longID {
		return id
	}
	return strings.ToValidUTF8(id[:longID], "") + "…"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A PathError marks the dotted path at which a document, filter or update is at
// fault; the door moves its path into [Error.Path].
type PathError struct {
	Path string
	Err  error
}

// Error formats e as "path: cause", or "cause" for the empty path, which is the
// name of a field too.
func (e *PathError) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	return e.Path + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *PathError) Unwrap() error { return e.Err }

// At returns err marked with path, or nil when err is nil.
func At(path string, err error) error {
	if err == nil {
		return nil
	}
	return &PathError{Path: path, Err: err}
}

// A documentError marks the document, of several that an operation concerns, at
// which it ended; the door moves its _id into [Error.ID].
type documentError struct {
	id  string
	err error
}

func (e *documentError) Error() string { return e.err.Error() }
func (e *documentError) Unwrap() error { return e.err }

// On returns err marked with the _id of a document, as JSON, or nil when err is nil.
func On(id string, err error) error {
	if err == nil {
		return nil
	}
	return &documentError{id: id, err: err}
}

// A joinedError is several errors as one.
type joinedError struct{ errs []error }

// Error returns the messages on one line.
func (e *joinedError) Error() string {
	texts := make([]string, len(e.errs))
	for i, err := range e.errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the errors.
func (e *joinedError) Unwrap() []error { return e.errs }

// Join is [errors.Join] with a message on one line.
func Join(errs ...error) error {
	left := make([]error, 0, len(errs))
	for _, err := range errs {
		if err != nil {
			left = append(left, err)
		}
	}
	switch len(left) {
	case 0:
		return nil
	case 1:
		return left[0]
	}
	return &joinedError{left}
}

// codes holds the cloud's codes by reason, in the order they are tried.
var codes = []struct {
	is     error
	code   string
	number int
}{
	{ErrDenied, "DATABASE_PERMISSION_DENIED", -502003},
	{ErrDuplicate, "DATABASE_DUPLICATE_WRITE", -502001},
	{ErrConflict, "DATABASE_TRANSACTION_CONFLICT", -501001},
	{ErrTxnExpired, "DATABASE_TRANSACTION_FAIL", -501001},
	{ErrTxnDone, "DATABASE_TRANSACTION_FAIL", -501001},
	{ErrNoCollection, "DATABASE_COLLECTION_NOT_EXIST", -502005},
	{ErrNoFunction, "FUNCTION_NOT_FOUND", -501000},
	{ErrNotFound, "DOCUMENT_NOT_FOUND", -1},
	{ErrExists, "DATABASE_COLLECTION_ALREADY_EXIST", -501001},
	{ErrOperator, "DATABASE_INVALID_OPERRATOR", -502002},
	{ErrContent, "DATABASE_REQUEST_FAILED", -502001},
	{ErrInvalid, "INVALID_PARAM", -501007},
	{ErrCollections, "DATABASE_COLLECTION_EXCEED_LIMIT", -502004},
	{ErrResult, "WX_DATABASE_QUERY_SIZE_EXCEED_LIMIT", -602001},
	{ErrTooLarge, "INVALID_PARAM", -501007},
	{ErrTimeout, "DATABASE_TIMEOUT", -501001},
	{context.DeadlineExceeded, "DATABASE_TIMEOUT", -501001},
	{ErrFull, "SYS_ERR", -501017},
	{ErrNotImplemented, "DATABASE_INVALID_OPERRATOR", -502002},
}

// Wrap returns err as an [*Error] that names op, collection and id. It returns
// nil for nil, and an error that is an [*Error] already unchanged.
func Wrap(op, collection, id string, err error) error {
	if err == nil {
		return nil
	}
	if done := (*Error)(nil); errors.As(err, &done) {
		return err
	}
	e := &Error{Op: op, Collection: collection, ID: id, Code: "SYS_ERR", Number: -501001, Err: err}
	for _, c := range codes {
		if errors.Is(err, c.is) {
			e.Code, e.Number = c.code, c.number
			break
		}
	}
	if op == "watch" && errors.Is(err, ErrDenied) {
		e.Code = "COLLECTION_PERMISSION_DENIED" // what the cloud calls it where a stream ends
	}
	if at := (*PathError)(nil); errors.As(err, &at) {
		e.Path = at.Path
	}
	if on := (*documentError)(nil); id == "" && errors.As(err, &on) {
		e.ID = on.id
	}
	return e
}
