package storage

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/virgadb/virga/internal/fault"
)

// format is the format of the store's own records and of wrapped values.
const format = 1

// open publishes the state the engine is found in, after checking that it can be
// used.
func (s *Store) open() error {
	fresh, err := s.checkFormat()
	if err != nil {
		return err
	}
	if fresh && !s.options.ReadOnly {
		first := []Write{{Key: formatKey, Value: strconv.AppendInt(nil, format, 10)}}
		if err := s.engine.Apply(s.engine.Version()+1, first, true); err != nil {
			return fmt.Errorf("new store: %w", err)
		}
	}
	s.publish(&published{version: s.engine.Version(), view: s.engine.View()})
	if fresh {
		return nil
	}
	return s.resume()
}

// checkFormat reports whether the engine is empty, and refuses one whose content
// this version cannot use.
func (s *Store) checkFormat() (fresh bool, err error) {
	view := s.engine.View()
	defer view.Release()
	e, err := view.Get(formatKey)
	if err != nil {
		return false, fmt.Errorf("format record: %w", err)
	}
	if e.Value == nil {
		c := view.Scan(Range{}, ScanOptions{KeysOnly: true})
		defer c.Close()
		if c.Next() {
			return false, fmt.Errorf("format record is missing: %w", fault.ErrCorrupt)
		}
		return true, c.Err()
	}
	n, err := strconv.Atoi(string(e.Value))
	if err != nil || n < 1 {
		return false, fmt.Errorf("format record %q: %w", e.Value, fault.ErrCorrupt)
	}
	if n > format {
		return false, fmt.Errorf("the store has format %d and this version reads up to %d, open it with a newer version: %w", n, format, fault.ErrFormat)
	}
	return false, nil
}

// resume takes up what an earlier process has left: its numbers, the ranges it
// had not yet swept, and the part sets whose head it never committed.
func (s *Store) resume() error {
	now := s.current.Load()
	e, err := now.view.Get(numberKey)
	if err != nil {
		return fmt.Errorf("number record: %w", err)
	}
	if e.Value != nil {
		if len(e.Value) != 8 || binary.BigEndian.Uint64(e.Value) == 0 {
			return fmt.Errorf("number record %x: %w", e.Value, fault.ErrCorrupt)
		}
		s.persisted = binary.BigEndian.Uint64(e.Value)
		s.numbers.Store(s.persisted)
	}
	for _, kind := range []byte{spaceParts, spaceOpen, spaceRanges} {
		if err := s.checkNumbers(kind); err != nil {
			return err
		}
	}
	for _, kind := range []byte{spaceOpen, spaceRanges} {
		if err := s.resumeDebris(kind); err != nil {
			return err
		}
	}
	return nil
}

// checkNumbers refuses a store in which a number is in use that is still to be
// given out: what it stands for would be written over.
func (s *Store) checkNumbers(kind byte) error {
	c := s.scan(s.current.Load(), spaceRange(kind), ScanOptions{Reverse: true, KeysOnly: true})
	defer c.Close()
	if !c.Next() {
		return c.Err()
	}
	if number, ok := numberOf(c.Key()); ok && number >= s.persisted {
		return fmt.Errorf("record %x is newer than the number record, which says %d: %w", c.Key(), s.persisted, fault.ErrCorrupt)
	}
	return nil
}

// resumeDebris queues the debris that records of one kind remember.
func (s *Store) resumeDebris(kind byte) error {
	c := s.scan(s.current.Load(), spaceRange(kind), ScanOptions{})
	defer c.Close()
	for c.Next() {
		d := &debris{record: append([]byte(nil), c.Key()...)}
		number, ok := numberOf(d.record)
		if kind == spaceOpen {
			d.r = partRange(PartSet(number))
		} else if ok {
			d.r, ok = readRange(c.Own())
		}
		if !ok {
			return fmt.Errorf("record %x: %w", d.record, fault.ErrCorrupt)
		}
		s.sweep.list = append(s.sweep.list, d)
	}
	s.sweep.pending.Store(int64(len(s.sweep.list)))
	return c.Err()
}

func appendNumber(dst []byte, n uint64) []byte { return binary.BigEndian.AppendUint64(dst, n) }

// appendRange encodes r: the length of Lo, Lo, and Hi behind a byte 1 unless it
// is nil.
func appendRange(dst []byte, r Range) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(r.Lo)))
	dst = append(dst, r.Lo...)
	if r.Hi == nil {
		return dst
	}
	return append(append(dst, 1), r.Hi...)
}

// readRange decodes what appendRange has written, and reports false for anything else.
func readRange(b []byte) (r Range, ok bool) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)-used) {
		return Range{}, false
	}
	b = b[used:]
	r.Lo, b = b[:n:n], b[n:]
	if len(b) == 0 {
		return r, !isReserved(r.Lo)
	}
	r.Hi = b[1:]
	return r, b[0] == 1 && !isReserved(r.Lo)
}
