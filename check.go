package virga

import (
	"context"
	"errors"
	"fmt"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/txn"
)

// A CheckReport is what [DB.Check] found.
type CheckReport struct {
	Collections int       // collections looked at
	Documents   int64     // documents looked at
	Problems    []Problem // every disagreement; none in a sound database
	Unread      []string  // "collection.index" of each geo index, in a program built without cgo, which cannot compare it with documents
}

// A Problem is one disagreement in a database.
type Problem = txn.Problem

// Err returns nil for a sound database, else an error that is [ErrCorrupt] and
// shows the first problems.
func (r CheckReport) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	const shown = 5
	var all []error
	for i, p := range r.Problems {
		if i == shown {
			all = append(all, fmt.Errorf("and %d more", len(r.Problems)-shown))
			break
		}
		all = append(all, fmt.Errorf("%s: %s", p.Collection, p.Text))
	}
	return fmt.Errorf("%w: %w", fault.ErrCorrupt, fault.Join(all...))
}

// Check reads the whole database as it is at this moment and compares it with
// itself: every document is whole and lies where its _id says, every index holds
// what the documents say, every count is right, and the files are what was written.
// Writers go on meanwhile. The error is about the check itself; what it found is in the
// report.
func (db *DB) Check(ctx context.Context) (CheckReport, error) {
	var report CheckReport
	if err := db.administrates(ctx); err != nil {
		return report, fault.Wrap("check", "", "", err)
	}
	done, err := db.docs.Check(ctx, func(p Problem) { report.Problems = append(report.Problems, p) })
	report.Collections, report.Documents, report.Unread = done.Collections, done.Documents, done.Unread
	if err == nil {
		err = db.store.Verify(ctx)
		if errors.Is(err, fault.ErrCorrupt) {
			report.Problems = append(report.Problems, Problem{Text: err.Error()})
			err = nil
		}
	}
	return report, fault.Wrap("check", "", "", err)
}
