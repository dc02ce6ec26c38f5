package badger

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/dgraph-io/badger/v4"

	"github.com/virgadb/virga/internal/fault"
)

// reasons tells Badger's errors by what they say: Badger passes most of them on
// as text. They are tried in order.
var reasons = []struct {
	text string
	is   error
}{
	{badger.ErrDBClosed.Error(), fault.ErrClosed},
	{badger.ErrBlockedWrites.Error(), fault.ErrClosed},
	{badger.ErrTxnTooBig.Error(), fault.ErrTooLarge},
	{badger.ErrEmptyKey.Error(), fault.ErrInvalid},
	{badger.ErrInvalidKey.Error(), fault.ErrInvalid},
	{"Key with size", fault.ErrTooLarge},
	{"unsupported version", fault.ErrFormat},
	{"external magic number", fault.ErrFormat},
	{badger.ErrEncryptionKeyMismatch.Error(), fault.ErrFormat},
	{"Invalid datakey id", fault.ErrFormat},
	{"no space left", fault.ErrFull},
	{badger.ErrTruncateNeeded.Error(), fault.ErrCorrupt},
	{"checksum", fault.ErrCorrupt},
	{"CHECKSUM_MISMATCH", fault.ErrCorrupt},
	{"bad magic", fault.ErrCorrupt},
	{"sanity text", fault.ErrCorrupt},                 // of KEYREGISTRY
	{"reading IV for key registry", fault.ErrCorrupt}, // its beginning is missing
	{"EOF", fault.ErrCorrupt},                         // a file ends too early
	{"MANIFEST", fault.ErrCorrupt},
	{"anifest file might be corrupted", fault.ErrCorrupt},
	{"file does not exist for table", fault.ErrCorrupt},
	{"orrupt", fault.ErrCorrupt},
	{"invalid checksum length", fault.ErrCorrupt},
	{"proto:", fault.ErrCorrupt},
	{"Level validation", fault.ErrCorrupt},
	{"Unable to parse log id", fault.ErrCorrupt},
}

// explain adds to an error of Badger or of the machine which database it befell
// and the reason callers ask for.
func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("database %s: %w: %w", path, err, fault.ErrFull)
	}
	for _, r := range reasons {
		if strings.Contains(err.Error(), r.text) {
			return fmt.Errorf("database %s: %w: %w", path, err, r.is)
		}
	}
	return fmt.Errorf("database %s: %w", path, err)
}

// rescue turns a panic of Badger into an error. Badger does not check what it
// reads from its tables, and trips over it where it is damaged.
func (e *Engine) rescue(err *error, doing string) {
	if p := recover(); p != nil {
		reason := fault.ErrCorrupt
		if e.closed.Load() {
			reason = fault.ErrClosed
		}
		*err = fmt.Errorf("database %s: %s: badger: %v: %w", e.path, doing, p, reason)
	}
}
