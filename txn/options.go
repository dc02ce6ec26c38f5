package txn

import (
	"fmt"
	"time"

	"github.com/virgadb/virga/internal/fault"
)

// Isolation says what a transaction may not notice of others.
type Isolation uint8

const (
	// SnapshotIsolation reads one moment of the database and refuses to write what
	// somebody else has written since. Two transactions that each read what the
	// other writes may both succeed (write skew). It is the default.
	SnapshotIsolation Isolation = iota
	// Serializable also refuses to commit when anything that was read has changed
	// since. A refusal is a conflict, and is tried again as one.
	Serializable
)

// Options say how a transaction runs. The zero value is ready to use.
type Options struct {
	// MaxExecutions is how often RunTransaction runs its function at most, 3 unless
	// told. After the first conflict a further run waits for the documents the
	// last one wrote, so that it does not lose against them again.
	MaxExecutions int
	// Timeout is how long the transaction may take, 30 seconds unless told. After
	// that it has not happened, and its locks are free.
	Timeout time.Duration
	// Isolation is [SnapshotIsolation] unless told.
	Isolation Isolation
	// Queue, with Key, makes RunTransaction wait for its turn among all work under
	// the same key.
	Queue *Queue
	Key   string
}

const (
	defaultExecutions = 3
	defaultTimeout    = 30 * time.Second
)

// Complete returns o with its defaults filled in, or what is wrong with it.
func (o Options) Complete() (Options, error) {
	var faults []error
	if o.MaxExecutions < 0 {
		faults = append(faults, fmt.Errorf("%d executions: %w", o.MaxExecutions, fault.ErrInvalid))
	}
	if o.Timeout < 0 {
		faults = append(faults, fmt.Errorf("timeout of %v: %w", o.Timeout, fault.ErrInvalid))
	}
	if o.Isolation > Serializable {
		faults = append(faults, fmt.Errorf("isolation %d: %w", o.Isolation, fault.ErrInvalid))
	}
	if o.Queue == nil && o.Key != "" {
		faults = append(faults, fmt.Errorf("key %q without a queue: %w", o.Key, fault.ErrInvalid))
	}
	if o.MaxExecutions == 0 {
		o.MaxExecutions = defaultExecutions
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	return o, fault.Join(faults...)
}
