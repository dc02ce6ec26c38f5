package aggregate

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// A lookup puts documents of another collection into an array of each document:
// those of an equal value, those that a pipeline yields, or both.
type lookup struct {
	from           string
	local, foreign document.Path // no segments: without equality
	as             document.Path
	let            []*expr.Expr
	lets           *expr.Tuple // the same
	program        *Program    // nil: documents as they are
}

func buildLookup(c *compiler, v any) ([]step, error) {
	given, ok, err := pick(v, "from", "localField?", "foreignField?", "let?", "pipeline?", "as")
	if err != nil {
		return nil, err
	}
	s := &lookup{}
	if s.from, err = stringAt("from", given[0]); err != nil {
		return nil, err
	}
	if s.as, err = pathAt("as", given[5]); err != nil {
		return nil, err
	}
	switch {
	case ok[1] != ok[2]:
		return nil, invalid("localField and foreignField go together")
	case !ok[1] && !ok[4]:
		return nil, invalid("needs localField and foreignField, or a pipeline")
	case ok[3] && !ok[4]:
		return nil, invalid("let goes with a pipeline")
	}
	if ok[1] {
		if s.local, err = pathAt("localField", given[1]); err != nil {
			return nil, err
		}
		if s.foreign, err = pathAt("foreignField", given[2]); err != nil {
			return nil, err
		}
	}
	if !ok[4] {
		return []step{s}, nil
	}
	return []step{s}, s.buildPipeline(c, given[3], given[4])
}

func (s *lookup) buildPipeline(c *compiler, let, pipeline any) error {
	var vars []string
	fields, _ := document.Pairs(plain(let))
	if fields == nil && let != nil {
		if _, ok := document.Pairs(plain(let)); !ok {
			return invalidAt("let", "needs an object of variables")
		}
	}
	for _, f := range fields {
		x, err := c.expression(f.Value)
		if err != nil {
			return fmt.Errorf("let: %w", err)
		}
		vars, s.let = append(vars, f.Key), append(s.let, x)
	}
	s.lets = expr.Join(s.let...)
	if err := expr.CheckVariables(vars); err != nil {
		return fault.At("let", err) // a name that no variable may have
	}
	list, ok := stagesOf(pipeline)
	if !ok {
		return invalidAt("pipeline", "needs a pipeline")
	}
	var err error
	if s.program, err = c.within("$lookup", vars).program(list); err != nil {
		return err
	}
	c.join(s.program, true)
	return nil
}

func (s *lookup) text() string {
	if len(s.local.Segments()) == 0 {
		return fmt.Sprintf("look up %s in %s by a pipeline", s.as, s.from)
	}
	return fmt.Sprintf("look up %s in %s by %s = %s", s.as, s.from, s.foreign, s.local)
}

func (s *lookup) open(r *run, in source) (source, error) {
	if s.program != nil {
		return &piping{lookup: s, run: r, in: in}, nil
	}
	return &joining{lookup: s, in: in, joiner: newJoiner(r, s.from, s.foreign, nil), most: firstBatch, names: s.local.Segments()}, nil
}

// A $lookup by equality looks for the values of this many documents at once: few at
// first, in case no more are wanted.
const (
	firstBatch = 16
	lastBatch  = 1024
	batchBytes = 4 << 20
)

// An outer is a document whose matches are looked for, with the keys of the values
// that they have.
type outer struct {
	doc  document.Doc
	keys []string
}

// joining is the source of a $lookup by equality.
type joining struct {
	*lookup
	in     source
	joiner *joiner
	names  []string
	most   int // how many documents to read ahead
	ahead  []outer
	full   bool // the matches of those were too many to remember
	ended  bool
	b      document.Builder
}

func (s *joining) next(ctx context.Context) (document.Doc, bool, error) {
	if len(s.ahead) == 0 {
		if err := s.read(ctx); err != nil {
			return document.Doc{}, false, err
		}
		if len(s.ahead) == 0 {
			return document.Doc{}, false, nil
		}
	}
	doc, keys := s.ahead[0].doc, s.ahead[0].keys
	s.ahead = s.ahead[1:]
	s.b.Reset()
	s.b.BeginArray()
	add := func(d document.Doc) error {
		s.b.Value(d.Value())
		if len(s.b.Bytes()) > document.MaxSize {
			return fmt.Errorf("the matches of document %s have more than %d bytes: %w", doc.ID(), document.MaxSize, fault.ErrTooLarge)
		}
		return nil
	}
	if s.full {
		if err := s.joiner.each(ctx, s.wanted(doc), add); err != nil {
			return document.Doc{}, false, err
		}
	} else {
		for _, d := range s.joiner.matches(keys) {
			if err := add(d); err != nil {
				return document.Doc{}, false, err
			}
		}
	}
	s.b.End()
	found := s.b.Built()
	return document.FromRaw(setPath(&s.b, doc.Value(), s.as.Segments(), found).Raw()), true, nil
}

// wanted returns the values to look for: null when the document has none.
func (s *joining) wanted(doc document.Doc) []document.Value {
	values := localValues(doc.Value(), s.names, nil)
	if len(values) == 0 {
		values = append(values, document.NullValue())
	}
	return values
}

// read reads documents ahead and looks for their matches.
func (s *joining) read(ctx context.Context) error {
	s.ahead = s.ahead[:0]
	bytes := 0
	wanted := map[string]document.Value{}
	for len(s.ahead) < s.most && bytes < batchBytes && !s.ended {
		doc, ok, err := s.in.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			s.ended = true
			s.in.close()
			break
		}
		one := outer{doc: doc}
		for _, v := range s.wanted(doc) {
			key := keyOf(v)
			wanted[key] = v
			one.keys = append(one.keys, key)
		}
		s.ahead = append(s.ahead, one)
		bytes += len(doc.Raw())
	}
	if len(s.ahead) == 0 {
		return nil
	}
	ok, err := s.joiner.prepare(ctx, wanted)
	s.full = !ok
	switch {
	case err != nil:
	case s.full:
		s.most = max(s.most/4, 1)
	case s.most < lastBatch:
		s.most *= 4
	}
	return err
}

func (s *joining) close() {
	s.in.close()
	s.ended, s.ahead = true, nil
}
