package watch

import (
	"fmt"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// Options change how a stream works. The zero value is right for most.
type Options struct {
	// OnChange, if set, is called with every snapshot, one after the other, in a
	// goroutine of the stream; Next and All cannot be used then. It must not close the
	// database and not wait for [Feed.Settle]: both wait for it.
	OnChange func(Snapshot)
	// OnError is called once, behind the last OnChange, when the stream ends for
	// any other reason than Close.
	OnError func(error)
	// MaxRecords is the most documents that a stream without a limit may show; 5,000
	// unless set. Each of them is kept in memory. When there are more the stream
	// ends with an error that is ErrTooLarge.
	MaxRecords int
	// Backlog is the most changes that are kept for a reader who is slow; 1,024
	// unless set.
	Backlog int
	// BacklogBytes is the most bytes of documents that they may have, counted before
	// and after each change; 4 MiB unless set.
	BacklogBytes int64
	// Strict ends the stream with an error that is ErrTooLarge when a slow reader's
	// changes would have to be merged.
	Strict bool
}

const (
	defaultRecords      = 5000
	defaultBacklog      = 1024
	defaultBacklogBytes = 4 << 20
)

// complete returns o with its defaults filled in, or all of its faults.
func (o Options) complete() (Options, error) {
	var faults []error
	refuse := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf(format+": %w", append(args, fault.ErrInvalid)...))
	}
	if o.MaxRecords < 0 {
		refuse("MaxRecords of %d", o.MaxRecords)
	}
	if o.Backlog < 0 {
		refuse("Backlog of %d", o.Backlog)
	}
	if o.BacklogBytes < 0 {
		refuse("BacklogBytes of %d", o.BacklogBytes)
	}
	if o.OnError != nil && o.OnChange == nil {
		refuse("OnError without OnChange")
	}
	if o.MaxRecords == 0 {
		o.MaxRecords = defaultRecords
	}
	if o.Backlog == 0 {
		o.Backlog = defaultBacklog
	}
	if o.BacklogBytes == 0 {
		o.BacklogBytes = defaultBacklogBytes
	}
	return o, fault.Join(faults...)
}

// The limits of the query of a stream.
const (
	maxLimit      = 200
	maxSortFields = 5
)

// checkRequest refuses queries that cannot be watched.
func checkRequest(r *query.Request) error {
	switch {
	case r.Skip != 0 || r.Projection != nil || !r.After.IsZero():
		return fmt.Errorf("skip, after and field do not go with watch: %w", fault.ErrInvalid)
	case r.Limit > maxLimit:
		return fmt.Errorf("limit of %d, the most that can be watched is %d: %w", r.Limit, maxLimit, fault.ErrInvalid)
	case r.Sort != nil && len(r.Sort.Fields) > maxSortFields:
		return fmt.Errorf("order by %d fields, the most that can be watched is %d: %w", len(r.Sort.Fields), maxSortFields, fault.ErrInvalid)
	}
	return nil
}
