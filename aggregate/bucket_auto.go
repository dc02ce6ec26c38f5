package aggregate

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/sorter"
)

// A bucketAuto divides documents into buckets of about the same size.
type bucketAuto struct {
	value   *expr.Expr
	buckets int
	round   *rounding // nil: boundaries are values that occur
	outputs outputs
}

func buildBucketAuto(c *compiler, v any) ([]step, error) {
	given, ok, err := pick(v, "groupBy", "buckets", "granularity?", "output?")
	if err != nil {
		return nil, err
	}
	s := &bucketAuto{}
	if s.value, err = c.groupBy(given[0]); err != nil {
		return nil, err
	}
	n, whole := wholeOf(given[1])
	if !whole || n <= 0 || n > math.MaxInt32 {
		return nil, invalidAt("buckets", "needs a positive whole number below 2^31")
	}
	s.buckets = n
	if ok[2] {
		name, _ := textOf(given[2])
		r, known := roundings[name]
		if !known {
			return nil, invalidAt("granularity", "unknown granularity %q", name)
		}
		s.round = &r
	}
	s.outputs, err = c.outputsOf(given[3], ok[3])
	return []step{s}, err
}

func (s *bucketAuto) text() string { return fmt.Sprintf("%d buckets%s", s.buckets, by(s.value)) }

func (s *bucketAuto) open(r *run, in source) (source, error) {
	return &dividing{bucketAuto: s, run: r, in: in, sorter: sorter.Sorter{Memory: r.memory, Dir: r.temp}}, nil
}

// dividing is the source of a $bucketAuto: it sorts everything by the value, and
// then cuts.
type dividing struct {
	*bucketAuto
	run    *run
	in     source
	sorter sorter.Sorter
	filled bool
	total  int64
	made   int

	value    document.Value // of the next document
	doc      document.Value
	more     bool
	previous document.Value // the upper boundary of the last bucket
	b        document.Builder
}

func (s *dividing) next(ctx context.Context) (document.Doc, bool, error) {
	if !s.filled {
		s.filled = true
		if err := s.fill(ctx); err != nil {
			return document.Doc{}, false, err
		}
		if err := s.advance(ctx); err != nil {
			return document.Doc{}, false, err
		}
	}
	if !s.more {
		return document.Doc{}, false, nil
	}
	doc, err := s.bucket(ctx)
	return doc, err == nil, err
}

func (s *dividing) fill(ctx context.Context) error {
	for {
		doc, ok, err := s.in.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			s.in.close()
			return s.sorter.Finish(ctx)
		}
		if s.total++; s.total%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		v, err := s.valueOf(doc)
		if err != nil {
			return err
		}
		s.b.Reset()
		s.b.BeginArray()
		s.b.Value(v)
		s.b.Value(doc.Value())
		s.b.End()
		key := binary.BigEndian.AppendUint64(keys.Append(nil, v, false), uint64(s.total))
		if err := s.sorter.Push(ctx, sorter.Record{Key: key, Doc: document.FromRaw(s.b.Built().Raw())}); err != nil {
			return err
		}
	}
}

// valueOf returns the value of a document, null when it is missing.
func (s *dividing) valueOf(doc document.Doc) (document.Value, error) {
	v, err := s.bucketAuto.value.Eval(s.run.env, doc.Value())
	if err != nil {
		return v, err
	}
	if !v.Exists() {
		v = document.NullValue()
	}
	if f, ok := v.Float64(); s.round != nil && (!ok || !(f >= 0)) {
		return v, invalid("a granularity needs numbers that are not negative, found %s in document %s", v, doc.ID())
	}
	return v, nil
}

// advance moves to the next document.
func (s *dividing) advance(ctx context.Context) error {
	r, ok, err := s.sorter.Next(ctx)
	s.more = ok
	pair := r.Doc.Value()
	s.value, s.doc = pair.Element(0), pair.Element(1)
	return err
}

// bucket makes the next bucket, which has at least the next document.
func (s *dividing) bucket(ctx context.Context) (document.Doc, error) {
	s.made++
	accs := s.outputs.begin()
	low, high := s.value, s.value
	if s.round != nil {
		if low = s.previous; !low.Exists() {
			low = s.round.down(s.value)
		}
	}
	take := func() error {
		high = s.value
		if err := s.outputs.add(s.run.env, accs, s.doc); err != nil {
			return err
		}
		return s.advance(ctx)
	}
	size := max(int64(math.Round(float64(s.total)/float64(s.buckets))), 1)
	for n := int64(0); s.more && (n < size || s.made == s.buckets); n++ {
		if err := take(); err != nil {
			return document.Doc{}, err
		}
	}
	high, err := s.boundary(&high, take)
	if err != nil {
		return document.Doc{}, err
	}
	s.previous = high
	var id document.Builder
	id.BeginObject()
	id.Field("min", low)
	id.Field("max", high)
	id.End()
	return s.outputs.finish(s.run.env, &s.b, id.Built(), accs)
}

// boundary takes what belongs to a bucket with the value high and returns the upper
// boundary.
func (s *dividing) boundary(high *document.Value, take func() error) (document.Value, error) {
	if s.round == nil {
		for s.more && document.Equal(*high, s.value) {
			if err := take(); err != nil {
				return *high, err
			}
		}
		if s.more {
			return s.value, nil
		}
		return *high, nil
	}
	up := s.round.up(*high)
	for s.more && (document.Compare(up, s.value) > 0 || document.Equal(*high, s.value)) { // zero and infinity stay what they are
		if err := take(); err != nil {
			return up, err
		}
	}
	if f, _ := up.Float64(); f == 0 && s.more {
		return s.round.down(s.value), nil
	}
	return up, nil
}

func (s *dividing) close() {
	s.in.close()
	s.sorter.Close()
}
