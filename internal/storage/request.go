package storage

import (
	"fmt"

	"github.com/virgadb/virga/internal/fault"
)

// The limits of one atomic step. They never depend on the memory an engine may use.
const (
	// MaxKeys is the number of writes a request may hold.
	MaxKeys = 50_000
	// MaxValues is what the values of a request may add up to in bytes. A value
	// over [LargeValue] counts for its head only.
	MaxValues = 4 << 20
	// MaxBytes is what keys and values may add up to, with 12 bytes for each write.
	MaxBytes = 4_700_000
	// MaxKey is the length in bytes of the longest key.
	MaxKey = 64_000
	// MaxValue is the length in bytes of the longest value.
	MaxValue = 64 << 20
)

// A Request is one atomic step: all of it happens or nothing does.
type Request struct {
	// Writes are made in order; of two writes of one key the later counts. Keys
	// that are empty or begin with 0x00 are not for use.
	Writes []Write
	// Garbage names ranges that no snapshot from this commit on will look at. The
	// list is durable; their keys are removed in the background once no older
	// snapshot is in use.
	Garbage []Range
	// Check, when set, looks at the newest snapshot and refuses the request by
	// returning an error, which Commit hands on as it is. It runs in the leader's
	// seat: it must not block, and newest is valid until it returns.
	Check func(newest *Snapshot) error
	// Durable makes the commit survive a power cut, whatever the store's
	// [Durability], and with it all before it.
	Durable bool
	// Alone keeps the request from sharing a group with another, so that nothing
	// changes between the snapshot that Check saw and this commit.
	Alone bool
	// Tag is the caller's own; hooks find it in [Group.Requests].
	Tag any
}

// A Group is the requests that one commit carries. Hooks own it during the call
// and may keep it afterwards, except for Extra.
type Group struct {
	Version  uint64     // of the commit
	Requests []*Request // those that were not refused, in order, never empty
	Meta     any        // the published meta; Fold may replace it
	Extra    []Write    // Fold may append writes of its own, of values up to LargeValue

	one [1]*Request // room for the group of a lone writer
}

// Hooks are called by the committer's leader, one group at a time. They never
// block and never touch the store. Commits the store makes for itself have a
// version but no group.
type Hooks struct {
	// Fold runs before the group is written. An error fails every member.
	Fold func(*Group) error
	// Published runs once the group's snapshot is what [Store.Snapshot] returns,
	// and before any Commit of the group returns.
	Published func(*Group)
}

// check holds the request against the limits that need no look at the store.
func (r *Request) check() error {
	if len(r.Writes) > MaxKeys {
		return fmt.Errorf("commit of %d keys, limit %d: %w", len(r.Writes), MaxKeys, fault.ErrTooLarge)
	}
	values, total := 0, 0
	for i := range r.Writes {
		w := &r.Writes[i]
		if err := w.check(); err != nil {
			return err
		}
		n := len(w.Value)
		if n > LargeValue {
			n = headSize
		}
		values += n
		total += len(w.Key) + n + 12
	}
	if values > MaxValues {
		return fmt.Errorf("commit of %d bytes of values, limit %d: %w", values, MaxValues, fault.ErrTooLarge)
	}
	if total > MaxBytes {
		return fmt.Errorf("commit of %d bytes, limit %d: %w", total, MaxBytes, fault.ErrTooLarge)
	}
	for _, g := range r.Garbage {
		if isReserved(g.Lo) || len(g.Lo)+len(g.Hi) > 2*MaxKey {
			return fmt.Errorf("garbage range [%x, %x): %w", g.Lo, g.Hi, fault.ErrInvalid)
		}
	}
	return nil
}

func (w *Write) check() error {
	if isReserved(w.Key) {
		return fmt.Errorf("write of key %x: %w", w.Key, fault.ErrInvalid)
	}
	if len(w.Key) > MaxKey {
		return fmt.Errorf("key of %d bytes, limit %d: %w", len(w.Key), MaxKey, fault.ErrTooLarge)
	}
	if len(w.Value) > MaxValue {
		return fmt.Errorf("value of %d bytes, limit %d: %w", len(w.Value), MaxValue, fault.ErrTooLarge)
	}
	return nil
}
