package storage

import (
	"bytes"
	"encoding/binary"
	"math"
	"sync/atomic"
)

// RegionLen is the length in bytes of the prefix that the keys of a region share.
// A region is what the store mirrors as a whole: see [MirrorOptions].
const RegionLen = 5

// A regionID is the prefix of a region as a number; 0 is no region.
type regionID uint64

// regionOf returns the region that key lies in.
func regionOf(key []byte) regionID {
	if len(key) < RegionLen || key[0] == reserved {
		return 0
	}
	return prefixOf(key)
}

// prefixOf returns the first [RegionLen] bytes of a key as a number. Where a key has
// fewer, zeroes stand for them, so that the numbers of keys ascend as the keys do.
func prefixOf(key []byte) regionID {
	if len(key) < RegionLen {
		var room [RegionLen]byte
		copy(room[:], key)
		key = room[:]
	}
	return regionID(key[0])<<32 | regionID(binary.BigEndian.Uint32(key[1:]))
}

func (id regionID) prefix() (p [RegionLen]byte) {
	p[0] = byte(id >> 32)
	binary.BigEndian.PutUint32(p[1:], uint32(id))
	return p
}

// bounds returns the range of the region's keys.
func (id regionID) bounds() Range {
	lo, hi := id.prefix(), (id + 1).prefix()
	if hi[0] == 0 {
		return Range{Lo: lo[:]}
	}
	return Range{Lo: lo[:], Hi: hi[:]}
}

// covers reports whether every key of r, which begins in the region, lies in it.
func (id regionID) covers(r Range) bool {
	end := (id + 1).prefix()
	return r.Hi != nil && (end[0] == 0 || bytes.Compare(r.Hi, end[:]) <= 0)
}

// clamp returns the part of r, which begins in the region and which it covers,
// with an end that is none or shares the region's prefix.
func (id regionID) clamp(r Range) Range {
	if p := id.prefix(); bytes.HasPrefix(r.Hi, p[:]) {
		return r
	}
	if bytes.Compare(r.Hi, r.Lo) <= 0 {
		return Range{Lo: r.Lo, Hi: r.Lo}
	}
	return Range{Lo: r.Lo}
}

// within reports whether all of the region's keys lie in r.
func (id regionID) within(r Range) bool {
	p := id.prefix()
	return bytes.Compare(r.Lo, p[:]) <= 0 &&
		(r.Hi == nil || bytes.Compare(r.Hi, p[:]) > 0 && !bytes.HasPrefix(r.Hi, p[:]))
}

// A phase is where a region stands.
type phase uint8

const (
	idle    phase = iota // read from the engine
	wanted               // to be loaded
	loading              // being loaded
	ready                // mirrored
	gone                 // dropped, never to be read again
)

// A region is what the store knows of one while it is open. Only regions that
// have been read are known.
type region struct {
	id       regionID
	priority int
	touches  atomic.Int64          // what reads of it have counted for
	due      atomic.Int64          // the number of touches at which to think of loading it
	gaps     atomic.Pointer[[]gap] // where nothing lives; the list is replaced, never changed

	// Guarded by mirrors.mu.
	phase  phase
	tree   *Tree   // of the newest version, when ready
	cloned uint64  // the version that tree was made for, when it was by writing
	load   *load   // when loading
	bytes  int64   // what it counts for against the limit
	need   int64   // it takes more than this, and did not fit; 0 when not known
	mean   int64   // bytes of one of its entries, when need is known
	score  float64 // touches, of which older ones count for less
	seen   int64   // touches that score contains
	floors []floor // one for each of gaps
}

const never = math.MaxInt64

// density is the use the region is of for each byte of a size.
func (r *region) density(size int64) float64 { return r.score / float64(max(size, 1)) }

// A mirrored region is one that a published state carries.
type mirrored struct {
	id      regionID
	checked bool // its values have passed the check
	tree    *Tree
	region  *region
}

// find returns the mirror of a region, or nil.
func (p *published) find(id regionID) *mirrored {
	list := p.mirrors
	for len(list) > 8 {
		if half := len(list) / 2; id < list[half].id {
			list = list[:half]
		} else {
			list = list[half:]
		}
	}
	for i := range list {
		if list[i].id == id {
			return &list[i]
		}
	}
	return nil
}
