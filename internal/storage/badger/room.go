package badger

import (
	"fmt"
	"time"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
)

// A room keeps the disk from filling up. Badger writes its logs and tables through
// mapped, sparse files: where the disk has no block left for a page, the machine
// does not answer with an error but kills the process. So a batch is let in only
// while there is room for it and for everything Badger may do because of it.
//
// It is used by whoever has the seat.
type room struct {
	path  string
	free  func(string) (uint64, error)
	clock clock.Clock

	memTable int64
	debt     func() int64 // bytes that compactions may write before they free any

	looked time.Time // of the last look
	margin int64     // bytes more than needed, at that time
	since  int64     // bytes written since
}

const (
	lookBytes = 1 << 20 // look again after so many bytes
	lookEvery = 100 * time.Millisecond
	ample     = 64 << 20 // a margin that nothing uses up between two looks
)

func newRoom(path string, o Options) *room {
	return &room{path: path, free: o.Free, clock: o.Clock, memTable: o.MemTableSize, debt: func() int64 { return 0 }}
}

// admit lets a batch of n bytes in, or says that the disk is full.
func (r *room) admit(n int64) error {
	r.since += n
	if r.margin >= ample && r.since < lookBytes && r.clock.Now().Sub(r.looked) < lookEvery {
		return nil
	}
	margin, err := r.look(4*r.memTable + r.debt())
	if err != nil {
		return err
	}
	if margin < 2*n {
		r.margin = 0
		return fmt.Errorf("database %s: %d bytes of disk space missing: %w", r.path, 2*n-margin, fault.ErrFull)
	}
	r.looked, r.margin, r.since = r.clock.Now(), margin, n
	return nil
}

// toOpen says whether there is room to replay the logs into a table.
func (r *room) toOpen() error {
	margin, err := r.look(2 * r.memTable)
	if err == nil && margin < 0 {
		err = fmt.Errorf("database %s: %d bytes of disk space missing to open it for writing: %w", r.path, -margin, fault.ErrFull)
	}
	return err
}

// look returns how many bytes are free beyond need.
func (r *room) look(need int64) (int64, error) {
	free, err := r.free(r.path)
	if err != nil {
		return 0, fmt.Errorf("database %s: free space: %w", r.path, err)
	}
	return int64(min(free, 1<<62)) - need, nil
}

// debt returns the bytes that the compactions due may write: one of level 0 writes
// all of it anew, with the level it goes to, before it removes the old tables.
func (e *Engine) debt() int64 {
	var n int64
	for _, level := range e.db.Levels() {
		if level.Level == 0 || level.IsBaseLevel {
			n += level.Size
		}
	}
	return n
}
