package storagetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/virgadb/virga/internal/storage"
)

// A model is what an engine should hold at one version, in the plainest form.
type model map[string]modelEntry

type modelEntry struct {
	value   string
	version uint64
}

// with returns a copy of m after a batch.
func (m model) with(version uint64, writes []storage.Write) model {
	next := make(model, len(m))
	for k, e := range m {
		next[k] = e
	}
	for _, w := range writes {
		if w.Delete {
			delete(next, string(w.Key))
		} else {
			next[string(w.Key)] = modelEntry{string(w.Value), version}
		}
	}
	return next
}

// scan returns the keys that a scan should visit, in its order.
func (m model) scan(r storage.Range, o storage.ScanOptions) []string {
	var keys []string
	for k := range m {
		if k >= string(r.Lo) && (r.Hi == nil || k < string(r.Hi)) {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	if o.Reverse {
		slices.Reverse(keys)
	}
	return keys
}

// A reader is what views and snapshots have in common.
type reader interface {
	Get(key []byte) (storage.Entry, error)
}

// A walker is what the cursors of engines and stores have in common.
type walker interface {
	Next() bool
	Key() []byte
	Value() []byte
	Version() uint64
	Err() error
	Close()
}

// checkGet compares one key.
func (m model) checkGet(v reader, k []byte) error {
	e, err := v.Get(k)
	if err != nil {
		return err
	}
	want, ok := m[string(k)]
	if (e.Value != nil) != ok || string(e.Value) != want.value || e.Version != want.version {
		return fmt.Errorf("get %q: %q version %d, want %q version %d (present %v)", k, e.Value, e.Version, want.value, want.version, ok)
	}
	return nil
}

// checkScan compares a walk, or its first entries when it is to be left early.
func (m model) checkScan(c walker, r storage.Range, o storage.ScanOptions, leave int) error {
	defer c.Close()
	keys := m.scan(r, o)
	for i, want := range keys {
		if i == leave {
			return c.Err()
		}
		if !c.Next() {
			return fmt.Errorf("scan %q %+v ended after %d of %d keys: %v", r, o, i, len(keys), c.Err())
		}
		e := m[want]
		if string(c.Key()) != want || c.Version() != e.version {
			return fmt.Errorf("scan %q %+v: key %q version %d, want %q version %d", r, o, c.Key(), c.Version(), want, e.version)
		}
		if o.KeysOnly && c.Value() != nil || !o.KeysOnly && (c.Value() == nil || string(c.Value()) != e.value) {
			return fmt.Errorf("scan %q %+v: key %q has value %q, want %q", r, o, want, c.Value(), e.value)
		}
	}
	for range 2 {
		if c.Next() {
			return fmt.Errorf("scan %q %+v went on after its end", r, o)
		}
	}
	return c.Err()
}

// randomKey draws from few enough keys that they meet again, of bytes that order
// must not stumble over.
func randomKey(rnd *rand.Rand) []byte {
	k := []byte{'k', byte(rnd.IntN(8)) * 36}
	for n := rnd.IntN(3); n > 0; n-- {
		k = append(k, []byte{0x00, 0x01, 0x7f, 0xff}[rnd.IntN(4)])
	}
	return k
}

func randomRange(rnd *rand.Rand) storage.Range {
	var r storage.Range
	if rnd.IntN(4) > 0 {
		r.Lo = randomKey(rnd)
	}
	if rnd.IntN(4) > 0 {
		r.Hi = randomKey(rnd)
	}
	return r
}

func randomOptions(rnd *rand.Rand) storage.ScanOptions {
	return storage.ScanOptions{Reverse: rnd.IntN(2) == 0, KeysOnly: rnd.IntN(3) == 0}
}

func randomWrites(rnd *rand.Rand) []storage.Write {
	writes := make([]storage.Write, rnd.IntN(8))
	for i := range writes {
		if rnd.IntN(3) == 0 {
			writes[i] = del(randomKey(rnd))
		} else {
			writes[i] = set(randomKey(rnd), pattern(rnd.IntN(40), byte(rnd.Uint32())))
		}
	}
	return writes
}
