package keys

import (
	"encoding/binary"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// Skip returns the length of the encoded value that key starts with, written
// with the same desc. A composite key is cut apart by skipping its fields one by
// one. Bytes that no value is encoded as are [fault.ErrCorrupt].
func Skip(key []byte, desc bool) (int, error) {
	s := skipper{key: key}
	if desc {
		s.mask = 0xFF
	}
	if !s.value(0) {
		return 0, fmt.Errorf("key %x: byte %d: %w", key, min(s.at, len(key)), fault.ErrCorrupt)
	}
	return s.at, nil
}

// A skipper walks over encoded values. Its methods report whether the bytes were
// those of a key; at stands behind the last byte that was.
type skipper struct {
	key  []byte
	mask byte // 0xFF when the bytes are inverted
	at   int
}

func (s *skipper) next() (byte, bool) {
	if s.at >= len(s.key) {
		return 0, false
	}
	b := s.key[s.at] ^ s.mask
	s.at++
	return b, true
}

func (s *skipper) take(n int) bool {
	if len(s.key)-s.at < n {
		return false
	}
	s.at += n
	return true
}

func (s *skipper) value(depth int) bool {
	tag, ok := s.next()
	return ok && s.body(tag, depth)
}

func (s *skipper) body(tag byte, depth int) bool {
	if depth > document.MaxDepth {
		return false
	}
	switch tag {
	case tagEmpty, tagNull:
		return true
	case tagNumber:
		return s.number()
	case tagString, tagBinary:
		return s.text()
	case tagObject:
		return s.object(depth)
	case tagArray:
		return s.array(depth)
	case tagBool:
		return s.take(1)
	case tagDate:
		return s.take(8)
	case tagRegex:
		pattern := s.text()
		return pattern && s.text() // the options
	case tagPoint:
		return depth == 0 && s.take(cellBytes+pointBytes)
	case tagCell:
		return depth == 0 && s.take(cellBytes)
	}
	return false
}

func (s *skipper) number() bool {
	from := s.at
	if !s.take(8) {
		return false
	}
	u := binary.BigEndian.Uint64(s.key[from:])
	if s.mask != 0 {
		u = ^u
	}
	return !hasResidual(fromSortable(u)) || s.take(2)
}

func (s *skipper) text() bool {
	for {
		b, ok := s.next()
		if !ok {
			return false
		}
		if b != 0 {
			continue
		}
		switch b, _ = s.next(); b {
		case textEnd:
			return true
		case escapedZero:
		default:
			return false
		}
	}
}

func (s *skipper) object(depth int) bool {
	for {
		tag, ok := s.next()
		if !ok || tag == tagEnd {
			return ok
		}
		if !s.text() || !s.body(tag, depth+1) {
			return false
		}
	}
}

func (s *skipper) array(depth int) bool {
	for {
		tag, ok := s.next()
		if !ok || tag == tagEnd {
			return ok
		}
		if !s.body(tag, depth+1) {
			return false
		}
	}
}
