package storage

import (
	"bytes"
	"fmt"

	"github.com/virgadb/virga/internal/fault"
)

// Garbage returns the ranges that had been dropped when the snapshot was made and
// still wait to be swept. Keys inside them are nobody's.
func (s *Snapshot) Garbage() ([]Range, error) {
	if !s.hold() {
		return nil, fault.ErrClosed
	}
	defer s.drop()
	c := s.store.scan(s.state, spaceRange(spaceRanges), ScanOptions{})
	defer c.Close()
	var list []Range
	for c.Next() {
		r, ok := readRange(c.Own())
		if !ok {
			return nil, fmt.Errorf("record of a dropped range under key %x: %w", c.Key(), fault.ErrCorrupt)
		}
		list = append(list, r)
	}
	return list, c.Err()
}

// Contains reports whether key lies in r.
func (r Range) Contains(key []byte) bool {
	return bytes.Compare(key, r.Lo) >= 0 && (r.Hi == nil || bytes.Compare(key, r.Hi) < 0)
}
