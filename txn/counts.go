package txn

// countChunk is how many counters are copied when one of them changes.
const countChunk = 64

// counts holds the number of documents of every collection by its id. It is
// immutable: add returns a new one that shares all chunks but one.
type counts struct {
	chunks []*[countChunk]int64
}

func (c counts) of(id uint32) int64 {
	if chunk := int(id / countChunk); chunk < len(c.chunks) && c.chunks[chunk] != nil {
		return c.chunks[chunk][id%countChunk]
	}
	return 0
}

func (c counts) add(id uint32, delta int64) counts {
	chunk := int(id / countChunk)
	chunks := make([]*[countChunk]int64, max(len(c.chunks), chunk+1))
	copy(chunks, c.chunks)
	fresh := new([countChunk]int64)
	if chunks[chunk] != nil {
		*fresh = *chunks[chunk]
	}
	fresh[id%countChunk] += delta
	chunks[chunk] = fresh
	return counts{chunks: chunks}
}
