package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
)

// A commit of an import takes this many rows, or fewer when together they have
// more than batchBytes.
const (
	batchRows  = 1000
	batchBytes = 2 << 20
)

func newImport(s Streams) *cobra.Command {
	var upsert bool
	var mode string
	cmd := &cobra.Command{
		Use:   "import DATABASE COLLECTION [FILE]",
		Short: "Add documents from JSON Lines",
		Long: `Add the documents of a file of JSON Lines, or of standard input when FILE is
"-" or not given, to a collection. Database and collection are created where
they do not exist.

Rows are committed in the order of the file, up to 1,000 at a time. The import
stops at the first row that cannot be added and names its line: the rows before
it are stored, the others are not. When it is killed, the collection holds the
first rows of the file and nothing of the rest.

A whole number beyond 64 bits becomes the nearest double, as in MongoDB's tools; as a
string it keeps all of its digits. {"$numberLong": "…"} refuses one.`,
		Args: takes(2, 3, "DATABASE COLLECTION [FILE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			source := "-"
			if len(args) == 3 {
				source = args[2]
			}
			in, size, err := openSource(source, s.In)
			if err != nil {
				return err
			}
			defer in.Close()
			show, err := newProgress(mode, s.Err, size)
			if err != nil {
				return err
			}
			return writing(args[0], func(db *virga.DB) error {
				i := &importer{coll: db.Collection(args[1]), rows: newRows(in), upsert: upsert, show: show}
				err := i.run(cmd.Context())
				show.end()
				if err != nil {
					return fmt.Errorf("import: %w (%d rows stored)", err, i.stored)
				}
				_, err = fmt.Fprintf(s.Out, "imported %d\n", i.stored)
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&upsert, "upsert", false, "replace documents whose _id exists already")
	cmd.Flags().StringVar(&mode, "progress", "auto", "auto: a bar on a terminal; plain: a line for every commit; none")
	return cmd
}

// openSource opens the file to import and returns its size, -1 when unknown.
func openSource(name string, stdin io.Reader) (io.ReadCloser, int64, error) {
	if name == "-" {
		return io.NopCloser(stdin), -1, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	size := int64(-1)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	return f, size, nil
}

// An importer adds rows to a collection.
type importer struct {
	coll   *virga.Collection
	rows   *rows
	upsert bool
	show   progress
	stored int // rows committed
}

// A row is a document and the line it stands on.
type row struct {
	doc  document.Value
	line int
}

// run imports all rows. Those before a bad one are stored before it returns.
func (i *importer) run(ctx context.Context) error {
	for {
		batch, bad := i.read()
		if err := i.store(ctx, batch); err != nil {
			return err
		}
		if bad != nil || len(batch) == 0 {
			return bad
		}
	}
}

// read returns the rows of the next commit, none at the end, and the error that
// the row behind them has.
func (i *importer) read() ([]row, error) {
	var batch []row
	bytes := 0
	for len(batch) < batchRows && bytes < batchBytes {
		doc, ok, err := i.rows.next()
		if err != nil || !ok {
			return batch, err
		}
		batch = append(batch, row{doc, i.rows.line})
		bytes += len(doc.Raw())
	}
	return batch, nil
}

// store stores a batch in order.
func (i *importer) store(ctx context.Context, batch []row) error {
	if !i.upsert {
		return i.add(ctx, batch)
	}
	exists, err := i.existing(ctx, batch)
	if err != nil {
		return err
	}
	// Rows that are new are added together; one that replaces a document, be it
	// of this very batch, waits for those before it.
	from := 0
	for at, r := range batch {
		id, err := document.IDOf(r.doc.Field("_id"))
		if err != nil || !exists[id] {
			if err == nil {
				exists[id] = true
			}
			continue // without a usable _id, Add generates one or says what is wrong
		}
		if err := i.add(ctx, batch[from:at]); err != nil {
			return err
		}
		if _, err := i.coll.Doc(id).Set(ctx, r.doc); err != nil {
			return &rowError{r.line, err}
		}
		i.committed(1)
		from = at + 1
	}
	return i.add(ctx, batch[from:])
}

// existing returns which of the batch's ids the collection holds.
func (i *importer) existing(ctx context.Context, batch []row) (map[document.ID]bool, error) {
	exists := map[document.ID]bool{}
	for _, r := range batch {
		id, err := document.IDOf(r.doc.Field("_id"))
		if err != nil {
			continue
		}
		_, err = i.coll.Doc(id).Get(ctx)
		if err != nil && !errors.Is(err, virga.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			exists[id] = true
		}
	}
	return exists, nil
}

// add adds new documents in one commit. When that is refused they are added one
// by one, which shows the row at fault and stores those before it.
func (i *importer) add(ctx context.Context, batch []row) error {
	if len(batch) == 0 {
		return nil
	}
	docs := make([]document.Value, len(batch))
	for n, r := range batch {
		docs[n] = r.doc
	}
	_, err := i.coll.AddMany(ctx, docs)
	if err == nil {
		i.committed(len(batch))
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	for _, r := range batch {
		if _, err := i.coll.Add(ctx, r.doc); err != nil {
			return &rowError{r.line, err}
		}
		i.committed(1)
	}
	return nil
}

func (i *importer) committed(n int) {
	i.stored += n
	i.show.committed(i.stored, i.rows.read)
}
