package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/virgadb/virga/internal/fault"
)

// LargeValue is the length in bytes up to which a value is stored whole. No
// longer one reaches an engine.
const LargeValue = 512 << 10

// A stored value that begins with the marker is not the value itself. The byte is
// the one that no msgpack value begins with. What follows says how to read it:
//
//	c1 00 value               the value, which itself begins with the marker
//	c1 01 set length checksum the head of a large value: 8, 4 and 4 bytes, big-endian;
//	                          the checksum is the CRC-32C of the value
//
// The parts of a set have [LargeValue] bytes each, the last one what remains.
const (
	marker      = 0xc1
	wrapPlain   = 0x00
	wrapParts   = 0x01
	headSize    = 18
	partsCommit = 2 // parts that one commit writes: 1 MiB
)

func isWrapped(value []byte) bool { return len(value) > 0 && value[0] == marker }

// escape returns the stored form of a value that is stored whole.
func escape(value []byte) []byte {
	if !isWrapped(value) {
		return value
	}
	return append([]byte{marker, wrapPlain}, value...)
}

// A head is what the key of a large value holds.
type head struct {
	set    PartSet
	length int
	sum    uint32
}

func (h head) append(dst []byte) []byte {
	dst = append(dst, marker, wrapParts)
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.set))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.length))
	return binary.BigEndian.AppendUint32(dst, h.sum)
}

// headOf reads a head, and reports false for any other stored value.
func headOf(stored []byte) (head, bool) {
	if len(stored) != headSize || stored[0] != marker || stored[1] != wrapParts {
		return head{}, false
	}
	h := head{
		set:    PartSet(binary.BigEndian.Uint64(stored[2:])),
		length: int(binary.BigEndian.Uint32(stored[10:])),
		sum:    binary.BigEndian.Uint32(stored[14:]),
	}
	return h, h.set != 0 && h.length > LargeValue && h.length <= MaxValue
}

func checksum(value []byte) uint32 {
	return crc32.Checksum(value, crc32.MakeTable(crc32.Castagnoli))
}

// prepare turns a request into what the queue takes: it stores the parts of large
// values and adds the removal of those that are replaced. The sets it returns are
// in nobody's use unless the request is committed.
func (s *Store) prepare(ctx context.Context, r *Request) (*pending, []PartSet, error) {
	p := &pending{request: r, writes: r.Writes, alone: r.Alone, durable: r.Durable}
	plain := len(r.Garbage) == 0
	for i := range r.Writes {
		w := &r.Writes[i]
		plain = plain && w.Replaces == 0 && len(w.Value) <= LargeValue && !isWrapped(w.Value)
		p.size += w.size()
	}
	if plain {
		return p, nil, nil
	}
	sets, err := s.rewrite(ctx, p)
	return p, sets, err
}

// rewrite brings the writes of a request that needs it into their stored form.
//
// A commit that removes parts, or drops a range, is synced under every durability.
// A power cut may take single commits out of the middle of the others, and one of
// these must not be missing when a later one counts on it.
func (s *Store) rewrite(ctx context.Context, p *pending) (sets []PartSet, err error) {
	p.writes = make([]Write, 0, len(p.request.Writes)+len(p.request.Garbage))
	p.durable = p.durable || len(p.request.Garbage) > 0
	for i, w := range p.request.Writes {
		if w.Replaces != 0 {
			p.durable = true
			if err := s.removeParts(p, w.Replaces); err != nil {
				return sets, err
			}
		}
		if len(w.Value) > LargeValue && !w.Delete {
			if writes(p.request.Writes[i+1:], w.Key) {
				continue // the later write counts, and nothing would ever remove these parts
			}
			h := head{set: PartSet(s.number()), length: len(w.Value), sum: checksum(w.Value)}
			sets = append(sets, h.set)
			if err := s.writeParts(ctx, h.set, w.Value); err != nil {
				return sets, err
			}
			w.Value = h.append(nil)
			p.writes = append(p.writes, Write{Key: openKey(h.set), Delete: true})
		} else {
			w.Value = escape(w.Value)
		}
		p.writes = append(p.writes, w)
	}
	for _, r := range p.request.Garbage {
		d := &debris{record: garbageKey(s.number()), r: r}
		p.debris = append(p.debris, d)
		p.writes = append(p.writes, Write{Key: d.record, Value: appendRange(nil, r)})
	}
	p.size = 0
	for i := range p.writes {
		p.size += p.writes[i].size()
	}
	return sets, nil
}

// writes reports whether one of list writes key.
func writes(list []Write, key []byte) bool {
	return slices.ContainsFunc(list, func(w Write) bool { return bytes.Equal(w.Key, key) })
}

// number returns a number that was never given out before, in this process or
// any earlier one.
func (s *Store) number() uint64 { return s.numbers.Add(1) - 1 }

// writeParts stores a large value's parts in commits of their own. They are
// synced under every durability: a head must not outlive its parts.
func (s *Store) writeParts(ctx context.Context, set PartSet, value []byte) error {
	p := &pending{durable: true, writes: []Write{{Key: openKey(set), Value: []byte{}}}}
	for i := 0; len(value) > 0; i++ {
		n := min(len(value), LargeValue)
		w := Write{Key: partKey(set, i), Value: value[:n:n]}
		p.writes, p.size = append(p.writes, w), p.size+w.size()
		value = value[n:]
		if len(value) > 0 && i%partsCommit != partsCommit-1 {
			continue
		}
		if err := s.submit(ctx, p); err != nil {
			return err
		}
		p = &pending{durable: true}
	}
	return nil
}

// removeParts adds the removal of a set to p.
func (s *Store) removeParts(p *pending, set PartSet) error {
	now := s.acquire()
	if now == nil {
		return fault.ErrClosed
	}
	defer s.release(now)
	keys, err := s.partKeys(now, set)
	for _, key := range keys {
		p.writes = append(p.writes, Write{Key: key, Delete: true})
	}
	return err
}

// partKeys returns the keys of a set's parts.
func (s *Store) partKeys(p *published, set PartSet) (keys [][]byte, err error) {
	c := s.scan(p, partRange(set), ScanOptions{KeysOnly: true})
	defer c.Close()
	for c.Next() {
		keys = append(keys, append([]byte(nil), c.Key()...))
	}
	return keys, c.Err()
}

// unwrap returns the entry that the wrapped value of e stands for.
func (s *Store) unwrap(p *published, key []byte, e Entry, l lane) (Entry, error) {
	if len(e.Value) > 1 && e.Value[1] == wrapPlain {
		e.Value = e.Value[2:]
		return e, nil
	}
	h, ok := headOf(e.Value)
	if !ok {
		return Entry{}, fmt.Errorf("value of %d bytes is neither a document nor a head: %w", len(e.Value), fault.ErrCorrupt)
	}
	value, err := s.join(p, h, l)
	return Entry{Value: value, Version: e.Version, Parts: h.set}, err
}

// join reads the parts of a large value, each in a touch of its own.
func (s *Store) join(p *published, h head, l lane) ([]byte, error) {
	value := make([]byte, 0, h.length)
	for i := 0; len(value) < h.length; i++ {
		part, err := s.get(p, partKey(h.set, i), l)
		if err != nil {
			return nil, err
		}
		if want := min(h.length-len(value), LargeValue); len(part.Value) != want {
			return nil, fmt.Errorf("part %d of set %d has %d bytes, want %d: %w", i, h.set, len(part.Value), want, fault.ErrCorrupt)
		}
		value = append(value, part.Value...)
	}
	if checksum(value) != h.sum {
		return nil, fmt.Errorf("checksum of set %d: %w", h.set, fault.ErrCorrupt)
	}
	return value, nil
}
