package virga

import "github.com/virgadb/virga/internal/fault"

// Error says where an operation ended: the call, the collection, the document
// and the path. Find it with [errors.As]; find the reason with [errors.Is] and
// one of the values below, or the error of the context.
type Error = fault.Error

// The reasons for which an operation can fail.
var (
	// ErrNotFound reports that the document, collection or database does not exist.
	ErrNotFound = fault.ErrNotFound
	// ErrNoCollection reports that the collection does not exist. It is an ErrNotFound.
	ErrNoCollection = fault.ErrNoCollection
	// ErrExists reports that a collection of that name exists already.
	ErrExists = fault.ErrExists
	// ErrDuplicate reports that another document has the same _id, or the same
	// value in a unique index.
	ErrDuplicate = fault.ErrDuplicate
	// ErrConflict reports that another transaction wrote first; running the work again may succeed.
	ErrConflict = fault.ErrConflict
	// ErrTxnExpired reports a transaction that was not ended within its time.
	// Nothing of it happened.
	ErrTxnExpired = fault.ErrTxnExpired
	// ErrTxnDone reports use of a transaction that has been committed or rolled back.
	ErrTxnDone = fault.ErrTxnDone
	// ErrDenied reports that security rules, or the kind of handle, do not allow the operation.
	ErrDenied = fault.ErrDenied
	// ErrInvalid reports an argument, filter, update or document that can never be accepted as it is.
	ErrInvalid = fault.ErrInvalid
	// ErrTooLarge reports that a document, key or atomic step is over its limit.
	ErrTooLarge = fault.ErrTooLarge
	// ErrClosed reports use of a database that has been closed.
	ErrClosed = fault.ErrClosed
	// ErrLocked reports that another process has the database open.
	ErrLocked = fault.ErrLocked
	// ErrFull reports that the disk has too little room left. Nothing was written
	// and the database stays usable.
	ErrFull = fault.ErrFull
	// ErrReadOnly reports a write to a database that was opened with [ReadOnly], or
	// that stopped writing after an earlier write ended in an error.
	ErrReadOnly = fault.ErrReadOnly
	// ErrCorrupt reports stored bytes that cannot be what was written.
	ErrCorrupt = fault.ErrCorrupt
	// ErrFormat reports a database written in a format this version cannot use.
	ErrFormat = fault.ErrFormat
	// ErrTimeout reports that a limit of time ran out first.
	ErrTimeout = fault.ErrTimeout
	// ErrPanic reports that a function of the program's panicked, see [DB.Function].
	ErrPanic = fault.ErrPanic
	// ErrNotImplemented reports something that belongs to the language but that
	// this version does not do.
	ErrNotImplemented = fault.ErrNotImplemented
)
