package storage

// A chunk is a run of entries copied out of an engine's cursor. Its memory is
// used again for the next run, and by later cursors.
type chunk struct {
	spans []span
	arena []byte
	at    int // the next span to hand out
	start int // where its key begins in arena
	limit int // spans of this run
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
	mangle(k.arena)
	k.limit = min(max(firstEntries, 2*k.limit), lastEntries)
	k.spans, k.arena, k.at, k.start = k.spans[:0], k.arena[:0], 0, 0
	for len(k.spans) < k.limit && len(k.arena) < chunkBytes {
		if !e.Next() {
			return false
		}
		key, value := e.Key(), e.Value()
		if len(k.spans) == 0 {
			k.reserve(len(key) + len(value))
		}
		k.arena = append(k.arena, key...)
		end := len(k.arena)
		k.arena = append(k.arena, value...)
		k.spans = append(k.spans, span{key: end, value: len(k.arena), version: e.Version()})
	}
	return true
}

// reserve makes room for a run of entries that are as long as its first.
func (k *chunk) reserve(size int) {
	if cap(k.spans) < k.limit {
		k.spans = make([]span, 0, k.limit)
	}
	if room := min(k.limit*(size+size/8), chunkBytes); cap(k.arena) < room {
		k.arena = make([]byte, 0, room)
	}
}

// borrow returns a chunk that an earlier cursor may have used.
func (s *Store) borrow() *chunk {
	if k, ok := s.chunks.Get().(*chunk); ok {
		return k
	}
	return &chunk{}
}

// giveBack keeps a chunk's memory for a later cursor, unless large values have
// made it too big to keep.
func (s *Store) giveBack(k *chunk) {
	mangle(k.arena)
	if cap(k.arena) <= 2*chunkBytes {
		k.spans, k.at, k.start, k.limit = k.spans[:0], 0, 0, 0
		s.chunks.Put(k)
	}
}
