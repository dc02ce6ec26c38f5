package txn

import (
	"fmt"
	"math"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// countChunk is how many counters are copied when one of them changes.
const countChunk = 16

// counts holds how many documents every collection has, and how many entries every
// index, by its id. It is immutable: what changes shares all chunks that do not.
type counts struct {
	chunks []*[countChunk]int64
}

// A delta is by how much the number of id changes.
type delta struct {
	id uint32
	n  int64
}

func (c counts) of(id uint32) int64 {
	if chunk := int(id / countChunk); chunk < len(c.chunks) && c.chunks[chunk] != nil {
		return c.chunks[chunk][id%countChunk]
	}
	return 0
}

// with returns the counts after deltas.
func (c counts) with(deltas []delta) counts {
	if len(deltas) == 0 {
		return c // as after updates
	}
	next := counts{chunks: append([]*[countChunk]int64(nil), c.chunks...)}
	for _, d := range deltas {
		if d.n == 0 {
			continue
		}
		chunk := int(d.id / countChunk)
		for len(next.chunks) <= chunk {
			next.chunks = append(next.chunks, nil)
		}
		if old := next.chunks[chunk]; old == nil || chunk < len(c.chunks) && old == c.chunks[chunk] {
			fresh := new([countChunk]int64)
			if old != nil {
				*fresh = *old
			}
			next.chunks[chunk] = fresh
		}
		next.chunks[chunk][d.id%countChunk] += d.n
	}
	return next
}

// differ reports whether the numbers of coll or one of its indexes differ.
func (c counts) differ(other counts, coll *Collection) bool {
	if c.of(coll.ID) != other.of(coll.ID) {
		return true
	}
	for _, x := range coll.indexes {
		if c.of(x.ID()) != other.of(x.ID()) {
			return true
		}
	}
	return false
}

// record returns the record of the numbers of coll and its indexes, one key for
// all of them: a commit changes most of them together.
func (c counts) record(coll *Collection) storage.Write {
	var b document.Builder
	b.BeginArray()
	b.Int(c.of(coll.ID))
	for _, x := range coll.indexes {
		b.Int(int64(x.ID()))
		b.Int(c.of(x.ID()))
	}
	b.End()
	return storage.Write{Key: keys.Statistics(coll.ID), Value: b.Bytes()}
}

// load returns the counts with the record of coll read.
func (c counts) load(snap *storage.Snapshot, coll *Collection) (counts, error) {
	key := keys.Statistics(coll.ID)
	entry, err := snap.Get(key)
	if err != nil || entry.Value == nil {
		return c, err
	}
	var deltas []delta
	var numbers []int64
	for e := document.FromRaw(entry.Value).Value().Elements(); e.Next(); {
		n, ok := e.Value().Int64()
		if !ok {
			return c, fmt.Errorf("numbers under key %x: %w", key, fault.ErrCorrupt)
		}
		numbers = append(numbers, n)
	}
	if len(numbers)%2 == 0 {
		return c, fmt.Errorf("%d numbers under key %x: %w", len(numbers), key, fault.ErrCorrupt)
	}
	deltas = append(deltas, delta{coll.ID, numbers[0]})
	for i := 1; i < len(numbers); i += 2 {
		if id := numbers[i]; id > 0 && id <= math.MaxUint32 && coll.sketch(uint32(id)) != nil { // else it was dropped
			deltas = append(deltas, delta{uint32(id), numbers[i+1]})
		}
	}
	return c.with(deltas), nil
}
