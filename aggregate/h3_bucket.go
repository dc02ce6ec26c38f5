package aggregate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/query"
)

// An h3Bucket counts documents by the H3 cell that their point descends from.
type h3Bucket struct {
	path       document.Path
	resolution int
}

func buildH3Bucket(_ *compiler, v any) ([]step, error) {
	given, _, err := pick(v, "path", "resolution")
	if err != nil {
		return nil, err
	}
	s := &h3Bucket{}
	if s.path, err = pathAt("path", given[0]); err != nil {
		return nil, err
	}
	value, err := document.Of(plain(given[1]))
	if err != nil {
		return nil, err
	}
	n, ok := value.Int64()
	if !ok || n < 0 || n > geo.MaxResolution {
		return nil, invalidAt("resolution", "needs an integer from 0 to %d, found %s", geo.MaxResolution, value)
	}
	s.resolution = int(n)
	return []step{s}, nil
}

func (s *h3Bucket) text() string {
	return fmt.Sprintf("count by cells of resolution %d at %s", s.resolution, s.path)
}

// A CellCounter is a [Database] that may know from an index how many points lie in
// each cell.
type CellCounter interface {
	// CountCells calls visit for each cell of a resolution that a point at path lies
	// in, in ascending order. It reports false, and has called nothing, when no index
	// knows, or not each document has one point there or none.
	CountCells(ctx context.Context, collection, path string, resolution int, visit func(geo.Cell, int64) error) (bool, error)

	// ExplainCells says how CountCells counts. It reports false when no index knows.
	ExplainCells(ctx context.Context, collection, path string) (query.Explain, bool, error)
}

func (s *h3Bucket) open(_ *run, in source) (source, error) {
	b := &h3Bucketing{h3Bucket: s, in: in}
	b.gather = b.fill
	return b, nil
}

// h3Bucketing is the source of an h3Bucket.
type h3Bucketing struct {
	*h3Bucket
	gathering
	in source
}

func (s *h3Bucketing) fill(ctx context.Context) error {
	if f, ok := s.in.(*found); ok && f.cursor == nil && whole(f.request) {
		if counter, ok := f.db.(CellCounter); ok {
			done, err := counter.CountCells(ctx, f.collection, s.path.String(), s.resolution, s.add)
			if done || err != nil {
				return err
			}
		}
	}
	return s.count(ctx)
}

// whole reports whether r asks for all documents of a collection.
func whole(r *query.Request) bool {
	return r.Filter == nil && r.Skip == 0 && r.Limit == 0 && r.After.IsZero()
}

// explain says how the index that knows the cells is gone through, and reports false
// where the documents are that r asks for.
func (s *h3Bucket) explain(ctx context.Context, db Database, collection string, r *query.Request) (query.Explain, bool, error) {
	counter, ok := db.(CellCounter)
	if !ok || !whole(r) {
		return query.Explain{}, false, nil
	}
	return counter.ExplainCells(ctx, collection, s.path.String())
}

// add appends the document of a cell to the result.
func (s *h3Bucketing) add(c geo.Cell, n int64) error {
	var b document.Builder
	b.BeginObject()
	b.Field("_id", document.Text(c.String()))
	b.Field("count", document.Int(n))
	b.End()
	s.docs = append(s.docs, document.FromRaw(b.Bytes()))
	return nil
}

// count looks at the points of the documents.
func (s *h3Bucketing) count(ctx context.Context) error {
	counts := map[geo.Cell]int64{}
	err := takeAll(ctx, s.in, func(doc document.Doc) error {
		p, ok := geo.ReadPoint(s.path.Lookup(doc.Value()))
		if !ok {
			return nil
		}
		c, err := geo.CellOf(p, geo.MaxResolution)
		if err == nil {
			c, err = c.Parent(s.resolution)
		}
		if err == nil {
			counts[c]++
		}
		return err
	})
	if err != nil {
		return err
	}
	type pair struct {
		cell geo.Cell
		n    int64
	}
	var list []pair
	for c, n := range counts {
		list = append(list, pair{c, n})
	}
	slices.SortFunc(list, func(a, b pair) int { return cmp.Compare(a.cell, b.cell) })
	for _, p := range list {
		if err := s.add(p.cell, p.n); err != nil {
			return err
		}
	}
	return nil
}

func (s *h3Bucketing) close() { s.in.close() }
