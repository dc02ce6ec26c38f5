package clock

import (
	"encoding/binary"
	"encoding/hex"
	"sync/atomic"
)

// IDs makes document ids: 32 lower-case hex characters, eight of the unix time
// in seconds, sixteen of a counter that starts at a random place and rises, and
// eight of a number drawn once. Ids of one process therefore ascend.
type IDs struct {
	clock   Clock
	counter atomic.Uint64
	process uint32
}

// NewIDs returns a source of ids that reads c.
func NewIDs(c Clock) *IDs {
	ids := &IDs{clock: c, process: uint32(c.Uint64())}
	ids.counter.Store(c.Uint64() >> 2) // two bits of room: the counter never wraps
	return ids
}

// Clone returns a source that reads c and will make the same ids.
func (ids *IDs) Clone(c Clock) *IDs {
	next := &IDs{clock: c, process: ids.process}
	next.counter.Store(ids.counter.Load())
	return next
}

// Next returns a new id, different from every other.
func (ids *IDs) Next() string {
	var raw [16]byte
	binary.BigEndian.PutUint32(raw[0:], uint32(ids.clock.Now().Unix()))
	binary.BigEndian.PutUint64(raw[4:], ids.counter.Add(1))
	binary.BigEndian.PutUint32(raw[12:], ids.process)
	var text [32]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}
