package storage

// A chunk is a run of entries copied out of an engine's cursor. Its memory is
// used again for the next run.
type chunk struct {
	spans []span
	arena []byte
	at    int // the next span to hand out
	limit int // spans of the next run
	start int // where the next span's key begins in arena
}

// A span is where an entry lies in the arena, behind the one before it.
type span struct {
	key, value int // ends
	version    uint64
}

// next makes the chunk's next entry the cursor's, and reports false when the
// chunk is used up.
func (k *chunk) next(c *Cursor) bool {
	if k.at == len(k.spans) {
		return false
	}
	sp := &k.spans[k.at]
	k.at++
	c.key = k.arena[k.start:sp.key:sp.key]
	if !c.o.KeysOnly {
		c.value = k.arena[sp.key:sp.value:sp.value]
		c.owned = false
	}
	c.version, c.parts = sp.version, 0
	k.start = sp.value
	return true
}

// fill copies the next run out of e and reports whether e may have more.
func (k *chunk) fill(e EngineCursor) bool {
	k.limit = min(max(firstEntries, 4*k.limit), lastEntries)
	k.spans, k.arena, k.at, k.start = k.spans[:0], k.arena[:0], 0, 0
	for len(k.spans) < k.limit && len(k.arena) < chunkBytes {
		if !e.Next() {
			return false
		}
		k.arena = append(k.arena, e.Key()...)
		key := len(k.arena)
		k.arena = append(k.arena, e.Value()...)
		k.spans = append(k.spans, span{key: key, value: len(k.arena), version: e.Version()})
	}
	return true
}
