package txn

import (
	"math"
	"math/bits"
	"sync/atomic"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// A sketch estimates how many different values the first fields of an index have:
// one HyperLogLog counter (Flajolet, Fusy, Gandouet, Meunier 2007) for each number
// of leading fields. Removed entries are not taken out again, and what a process
// had counted since the last save is lost when it is killed: it is an estimate,
// for choosing plans. The leader of commits writes it, anybody reads the estimates.
type sketch struct {
	registers []byte          // sketchSize for each prefix
	estimates []atomic.Uint64 // float64 bits, by prefix
	unsaved   int             // values added since the last save
	unseen    int             // values added since the estimates were made
}

const (
	sketchBits = 8
	sketchSize = 1 << sketchBits // a standard error of about 6.5 %
)

// How many added values make it worth saving a sketch, or estimating anew.
const (
	saveAfter     = 8192
	estimateAfter = 256
)

func newSketch(fields int) *sketch {
	return &sketch{registers: make([]byte, fields*sketchSize), estimates: make([]atomic.Uint64, fields)}
}

// clone returns a copy. Only the leader may call it.
func (s *sketch) clone() *sketch {
	next := newSketch(len(s.estimates))
	copy(next.registers, s.registers)
	next.unsaved, next.unseen = s.unsaved, s.unseen
	for i := range s.estimates {
		next.estimates[i].Store(s.estimates[i].Load())
	}
	return next
}

// sketchHashes appends the hashes of the prefixes of an entry of x, one for each
// field. The hashes are the same in every process.
func sketchHashes(dst []uint64, x *index.Index, e index.Entry) []uint64 {
	p, err := x.Split(e.Key, e.Value)
	if err != nil {
		return dst
	}
	end := 0
	for _, f := range x.Spec().Fields {
		n, err := keys.Skip(p.Fields[end:], f.Desc)
		if err != nil { // a cut value: what follows cannot be told apart
			n = len(p.Fields) - end
		}
		end += n
		dst = append(dst, fnv(p.Fields[:end]))
	}
	return dst
}

// fnv is the 64-bit FNV-1a hash, its bits spread by the finaliser of MurmurHash3.
func fnv(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// add counts values by the hashes of their prefixes.
func (s *sketch) add(hashes []uint64) {
	fields := len(s.estimates)
	for i, h := range hashes {
		register := i%fields*sketchSize + int(h>>(64-sketchBits))
		rank := byte(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1)) + 1)
		s.registers[register] = max(s.registers[register], rank)
	}
	n := len(hashes) / fields
	s.unsaved += n
	if s.unseen += n; s.unseen >= estimateAfter || s.estimates[0].Load() == 0 {
		s.estimate()
	}
}

// estimate brings the estimates up to date.
func (s *sketch) estimate() {
	s.unseen = 0
	for i := range s.estimates {
		s.estimates[i].Store(math.Float64bits(estimate(s.registers[i*sketchSize : (i+1)*sketchSize])))
	}
}

func estimate(registers []byte) float64 {
	sum, zeros := 0.0, 0
	for _, r := range registers {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			zeros++
		}
	}
	const m = sketchSize
	e := 0.7213 / (1 + 1.079/m) * m * m / sum
	if e <= 2.5*m && zeros > 0 {
		return m * math.Log(m/float64(zeros)) // few values: count the empty registers
	}
	return e
}

// distinct returns the estimates, none of which is above entries.
func (s *sketch) distinct(entries int64) []float64 {
	if s == nil || entries == 0 || s.estimates[0].Load() == 0 {
		return nil
	}
	d := make([]float64, len(s.estimates))
	for i := range d {
		d[i] = min(math.Float64frombits(s.estimates[i].Load()), float64(entries))
	}
	return d
}

// sketchKey is the key of the saved sketch of an index.
func sketchKey(id uint32) []byte { return append(keys.Statistics(id), 'd') }

// save returns the record of the sketch.
func (s *sketch) save(id uint32) storage.Write {
	s.unsaved = 0
	v, _ := document.Of(append([]byte(nil), s.registers...))
	return storage.Write{Key: sketchKey(id), Value: v.Raw()}
}

// load reads a saved sketch. One that is not there, or not of this size, leaves
// the sketch empty.
func (s *sketch) load(snap *storage.Snapshot, id uint32) error {
	entry, err := snap.Get(sketchKey(id))
	if err != nil || entry.Value == nil {
		return err
	}
	if saved := document.FromRaw(entry.Value).Value().Bytes(); len(saved) == len(s.registers) {
		copy(s.registers, saved)
		s.estimate()
	}
	return nil
}
