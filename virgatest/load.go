package virgatest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
)

// Load adds the content of files to a database, which need not be one of this
// package. Of the files at the top of the tree, whose names are those of
// collections, it takes
//
//	products.jsonl          documents: JSON Lines, an object a line, dates as {"$date": "2018-08-31T17:30:00.882Z"}
//	products.indexes.json   indexes: [{"fields": ["category", "-price"], "unique": true, "sparse": false, "name": "by_price"}, …]
//	products.rules.json     who may do what, see [virga.Collection.SetRules]
//	products.schema.json    a JSON Schema, see [virga.Collection.SetSchema]
//
// in the cloud's form of an export; empty lines are passed over. An index needs its
// fields alone. A collection is created even when its file is empty. Other files
// whose names end in .json or .jsonl are [virga.ErrInvalid], all others are left
// alone.
//
// An error names file and line. What was read before stays in the database.
func Load(ctx context.Context, db *virga.DB, files fs.FS) error {
	switch {
	case ctx == nil:
		return fmt.Errorf("context is nil: %w", fault.ErrInvalid)
	case db == nil:
		return fmt.Errorf("no database to load into: %w", fault.ErrInvalid)
	case files == nil:
		return fmt.Errorf("no files to load: %w", fault.ErrInvalid)
	}
	found, err := sources(files)
	if err != nil {
		return err
	}
	for _, f := range found {
		text, err := fs.ReadFile(files, f.name)
		if err != nil {
			return err
		}
		if err := kinds[f.kind].load(ctx, db.Collection(f.collection), f.name, text); err != nil {
			return err
		}
	}
	return nil
}

// A source is one file.
type source struct {
	name       string
	collection string
	kind       int // its place among the kinds
}

// kinds are the kinds of files in the order in which they are loaded: documents behind
// what they have to agree with, so that one at fault is named by its line.
var kinds = []struct {
	suffix string
	load   func(ctx context.Context, coll *virga.Collection, file string, text []byte) error
}{
	{".indexes.json", loadIndexes},
	{".rules.json", loadRules},
	{".schema.json", loadSchema},
	{".jsonl", loadDocuments},
}

// sources returns the files to load in their order.
func sources(files fs.FS) ([]source, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	var found []source
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		f, ok := sourceOf(e.Name())
		if ok {
			found = append(found, f)
		} else if strings.HasSuffix(e.Name(), ".json") {
			return nil, fmt.Errorf("%s: a file is named COLLECTION.jsonl, or COLLECTION and .indexes.json, .rules.json or .schema.json: %w", e.Name(), fault.ErrInvalid)
		}
	}
	slices.SortStableFunc(found, func(a, b source) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), strings.Compare(a.name, b.name))
	})
	return found, nil
}

// sourceOf returns what a file of that name is, if it is any of the kinds.
func sourceOf(name string) (source, bool) {
	for i, k := range kinds {
		if collection, ok := strings.CutSuffix(name, k.suffix); ok {
			return source{name, collection, i}, true
		}
	}
	return source{}, false
}

// loadRules sets the rules that a file holds.
func loadRules(ctx context.Context, coll *virga.Collection, file string, text []byte) error {
	if err := coll.SetRules(ctx, strings.TrimSpace(string(text))); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// loadSchema sets the schema that a file holds.
func loadSchema(ctx context.Context, coll *virga.Collection, file string, text []byte) error {
	if err := coll.SetSchema(ctx, virga.Schema{JSON: string(text)}); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// loadIndexes creates the indexes that a file describes.
func loadIndexes(ctx context.Context, coll *virga.Collection, file string, text []byte) error {
	var list []struct {
		Name   string
		Fields []string
		Unique bool
		Sparse bool
		Geo    string
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(&list)
	if err == nil && d.More() {
		err = errors.New("more than one value")
	}
	if err != nil {
		line := 1 + bytes.Count(text[:min(d.InputOffset(), int64(len(text)))], []byte("\n"))
		return fmt.Errorf("%s:%d: %w: %w", file, line, err, fault.ErrInvalid)
	}
	for _, x := range list {
		spec := index.Spec{Name: x.Name, Fields: index.By(x.Fields...), Unique: x.Unique, Sparse: x.Sparse, Geo: x.Geo}
		if err := coll.CreateIndex(ctx, spec); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// How much one commit takes.
const (
	batchRows  = 1000
	batchBytes = 2 << 20
)

// A row is a document and the line it stands on.
type row struct {
	doc  document.Value
	line int
}

// loadDocuments adds the documents of a file.
func loadDocuments(ctx context.Context, coll *virga.Collection, file string, text []byte) error {
	var batch []row
	line, size := 0, 0
	for text := range bytes.Lines(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))) {
		line++
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		doc, err := object(text)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", file, line, err)
		}
		batch = append(batch, row{doc, line})
		if size += len(doc.Raw()); len(batch) == batchRows || size >= batchBytes {
			if err := add(ctx, coll, file, batch); err != nil {
				return err
			}
			batch, size = nil, 0
		}
	}
	return add(ctx, coll, file, batch) // creates the collection also when there is nothing left
}

// object parses text as one JSON object.
func object(text []byte) (document.Value, error) {
	v, err := document.ParseJSON(text)
	if err == nil && v.Kind() != document.Object {
		err = fmt.Errorf("an object a line is needed, found %s: %w", v.Kind(), fault.ErrInvalid)
	}
	return v, err
}

// add adds a batch in one commit. When that is refused it adds one document after the
// other, which shows the line at fault.
func add(ctx context.Context, coll *virga.Collection, file string, batch []row) error {
	docs := make([]document.Value, len(batch))
	for i, r := range batch {
		docs[i] = r.doc
	}
	_, err := coll.AddMany(ctx, docs)
	if err == nil || ctx.Err() != nil {
		return err
	}
	for _, r := range batch {
		if _, err := coll.Add(ctx, r.doc); err != nil {
			return fmt.Errorf("%s:%d: %w", file, r.line, err)
		}
	}
	return nil
}
