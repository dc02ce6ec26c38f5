package aggregate

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// A counted database has the same documents in every collection, and counts what is
// asked of it. Its cursors look at the context as seldom as those of a database do. It
// ends a context when a number of documents has been handed out.
type countedDatabase struct {
	docs   []document.Doc
	handed int // documents handed out or taken in
	when   int // the number at which the context ends
	cancel func()
	inRow  bool // an index has the documents in any order asked for
}

func (d *countedDatabase) count() {
	if d.handed++; d.handed == d.when {
		d.cancel()
	}
}

func (d *countedDatabase) Find(_ string, r *query.Request) (Cursor, error) {
	return &countedCursor{db: d, filter: r.Filter, left: d.docs}, nil
}

func (d *countedDatabase) Count(context.Context, string, *query.Filter) (int64, error) { return 1, nil }
func (d *countedDatabase) Explain(context.Context, string, *query.Request, bool) (query.Explain, error) {
	return query.Explain{}, nil
}
func (d *countedDatabase) InOrder(string, *query.Request) (bool, error) { return d.inRow, nil }
func (d *countedDatabase) Indexed(string, string) bool                  { return false }
func (d *countedDatabase) GeoPaths(string) []string                     { return nil }
func (d *countedDatabase) Mergeable(string, []document.Path) error      { return nil }
func (d *countedDatabase) Replace(context.Context, string) (Replacement, error) {
	return &countedReplacement{d}, nil
}
func (d *countedDatabase) Merge(_ context.Context, _ string, _ []document.Path, doc document.Doc, edit Edit) error {
	d.count()
	_, err := edit(document.Doc{})
	return err
}

type countedCursor struct {
	db     *countedDatabase
	filter *query.Filter
	left   []document.Doc
	doc    document.Doc
	passed int
	err    error
}

func (c *countedCursor) Next(ctx context.Context) bool {
	for len(c.left) > 0 {
		if c.passed%256 == 0 && ctx.Err() != nil {
			c.err = ctx.Err()
			return false
		}
		c.passed++
		c.doc, c.left = c.left[0], c.left[1:]
		c.db.count()
		if c.filter == nil {
			return true
		}
		if ok, err := c.filter.Match(c.doc); ok || err != nil {
			return true
		}
	}
	return false
}
func (c *countedCursor) Doc() document.Doc { return c.doc }
func (c *countedCursor) Distance() float64 { return 0 }
func (c *countedCursor) Err() error        { return c.err }
func (c *countedCursor) Close()            {}

type countedReplacement struct{ db *countedDatabase }

func (r *countedReplacement) Add(_ context.Context, docs []document.Doc) error {
	for range docs {
		r.db.count()
	}
	return nil
}
func (r *countedReplacement) Commit(context.Context) error { return errors.New("was committed") }
func (r *countedReplacement) Discard()                     {}

// TestStagesStop ends the context in the middle of every stage, early and late, and
// counts how many documents are handed out or taken in afterwards: about a
// microsecond of work each, and a batch of a writing stage at most.
func TestStagesStop(t *testing.T) {
	const documents, most = 8_000, 400
	docs := make([]document.Doc, documents)
	for i := range docs {
		doc, err := document.Encode(document.D{{"_id", i}, {"k", i * 7919 % 101}, {"next", i + 1}, {"list", []int{1, 2, 3}}, {"pad", "0123456789abcdef0123456789abcdef"}}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		docs[i] = doc
	}
	for _, row := range []struct {
		pipeline string
		inRow    bool
		most     int
	}{
		{`[{"$match":{"$expr":{"$eq":["$k",-1]}}}]`, false, most},
		{`[{"$project":{"k":1}},{"$skip":7900}]`, false, most},
		{`[{"$addFields":{"x":1}},{"$sort":{"x":1,"k":1}}]`, false, most},
		{`[{"$addFields":{"x":1}},{"$sort":{"x":1}},{"$limit":5}]`, false, most},
		{`[{"$sample":{"size":10}}]`, false, most},
		{`[{"$unwind":"$list"},{"$match":{"list":9}}]`, false, most},
		{`[{"$group":{"_id":"$_id","n":{"$push":"$pad"}}}]`, false, most},
		{`[{"$group":{"_id":"$none","n":{"$first":"$pad"}}}]`, true, most},
		{`[{"$unset":"k"},{"$count":"n"}]`, false, most},
		{`[{"$sortByCount":"$k"}]`, false, most},
		{`[{"$bucket":{"groupBy":"$k","boundaries":[0,50,200]}}]`, false, most},
		{`[{"$bucketAuto":{"groupBy":"$k","buckets":5}}]`, false, most},
		{`[{"$facet":{"a":[{"$sort":{"k":1}}],"b":[{"$count":"n"}]}}]`, false, most},
		{`[{"$redact":"$$PRUNE"}]`, false, most},
		{`[{"$replaceRoot":{"newRoot":{"k":"$k"}}},{"$match":{"k":-1}}]`, false, most},
		{`[{"$lookup":{"from":"q","localField":"k","foreignField":"next","as":"m"}},{"$match":{"m":1}}]`, false, most},
		{`[{"$lookup":{"from":"q","let":{"k":"$k"},"pipeline":[{"$match":{"$expr":{"$gt":["$next","$$k"]}}},{"$count":"n"}],"as":"m"}},{"$match":{"m":1}}]`, false, most},
		{`[{"$graphLookup":{"from":"q","startWith":"$next","connectFromField":"next","connectToField":"_id","as":"m","maxDepth":3}},{"$match":{"m":1}}]`, false, most},
		{`[{"$limit":3},{"$graphLookup":{"from":"q","startWith":"$next","connectFromField":"next","connectToField":"_id","as":"m"}},{"$unset":"m"}]`, false, most},
		{`[{"$match":{"k":-1}},{"$unionWith":{"coll":"q","pipeline":[{"$sort":{"k":1}},{"$match":{"k":-1}}]}},{"$match":{"k":-2}}]`, false, most},
		{`[{"$out":"o"}]`, false, outDocs + most},
		{`[{"$merge":{"into":"o"}}]`, false, most},
	} {
		for _, when := range []int{0, 1, 700, 7_500} {
			for _, memory := range []int64{1 << 30, 20_000} {
				if err := stops(t.Context(), docs, row.pipeline, row.inRow, when, memory, row.most); err != nil {
					t.Errorf("%s, after %d documents, %d bytes: %v", row.pipeline, when, memory, err)
				}
			}
		}
	}
}

// stops runs a pipeline whose context ends after so many documents, and says what is
// wrong with how it ends.
func stops(ctx context.Context, docs []document.Doc, pipeline string, inRow bool, when int, memory int64, most int) error {
	stages, err := parse(pipeline)
	if err != nil {
		return err
	}
	p, err := Compile(stages, time.Time{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	db := &countedDatabase{docs: docs, when: when, cancel: cancel, inRow: inRow}
	if when == 0 {
		cancel()
	}
	o := Options{Memory: memory}
	if p.Writes() {
		err = p.Write(ctx, db, "c", o)
	} else {
		err = drained(ctx, p, db, o)
	}
	switch {
	case err == nil && db.handed < when:
		return nil // it was done before
	case !errors.Is(err, context.Canceled):
		return fmt.Errorf("ends with %v after %d documents", err, db.handed)
	case db.handed > when+most:
		return fmt.Errorf("%d documents after the context had ended", db.handed-when)
	}
	return nil
}

func drained(ctx context.Context, p *Program, db Database, o Options) error {
	run, err := p.Run(ctx, db, "c", o)
	if err != nil {
		return err
	}
	defer run.Close()
	for run.Next(ctx) {
	}
	return run.Err()
}
