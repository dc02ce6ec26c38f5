package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/watch"
)

func newWatch(s Streams) *cobra.Command {
	var sel selection
	cmd := &cobra.Command{
		Use:   "watch DATABASE COLLECTION",
		Short: "Print a live query as JSON Lines, while writes come from standard input",
		Long: `Print the documents that match, and then what becomes of them with each write. One
process at a time has a database open, so the writes come from standard input, one
a line, each a commit of its own:

  {"add": {"_id": "a", "done": false}}
  {"set": {"_id": "a", "done": true}}
  {"update": {"done": true, "$inc": {"n": 1}}, "where": {"_id": "a"}}
  {"remove": {"done": true}}

"update" and "remove" take all documents that match; "in" beside any of them names
another collection than the watched one. The command ends with its input, when the
last change has been printed.

The first line printed holds the list, each other one the changes of a commit:

  {"id":1,"version":7,"type":"init","docs":[…]}
  {"id":2,"version":8,"changes":[{"queueType":"enqueue","dataType":"add","docId":"a","doc":{…}}]}

A line with "merged": true holds the difference over several commits. A write that
fails ends the command; what came before it is stored and printed.`,
		Args: takes(2, 2, "DATABASE COLLECTION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			choice, err := sel.parse()
			if err != nil {
				return err
			}
			return writing(args[0], func(db *virga.DB) error {
				return watchWrites(cmd.Context(), db, args[1], choice, s)
			})
		},
	}
	sel.whereFlags(cmd)
	cmd.Flags().StringVar(&sel.sort, "sort", "", `order, such as "-price,name" or '{"price": -1, "name": 1}'`)
	cmd.Flags().IntVar(&sel.limit, "limit", 0, "most documents to show, 0 for all")
	return cmd
}

// watchWrites prints the live query of c on a collection beside the writes of s.In.
func watchWrites(ctx context.Context, db *virga.DB, name string, c *choice, s Streams) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &snapshotPrinter{out: s.Out}
	stream, err := c.on(db.Collection(name)).Watch(ctx, watch.Options{
		OnChange: func(snap watch.Snapshot) {
			if p.print(snap) != nil {
				cancel() // nobody reads any more
			}
		},
		OnError: func(err error) {
			p.failed = err
			cancel()
		},
	})
	if err != nil {
		return err
	}
	err = runWrites(ctx, db, name, newRows(s.In))
	stream.Close()
	<-stream.Done()
	switch {
	case p.err != nil:
		return p.err
	case p.failed != nil:
		return p.failed
	}
	return err
}

// runWrites does the writes of in, one after the other, and lets each be printed
// before the next.
func runWrites(ctx context.Context, db *virga.DB, name string, in *rows) error {
	writes := readAhead(ctx, in)
	for {
		if err := db.Settle(ctx); err != nil {
			return err
		}
		select {
		case w, more := <-writes:
			if !more || w.err != nil {
				return w.err
			}
			if err := runWrite(ctx, db, name, w.v); err != nil {
				return &rowError{w.line, err}
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// A write is a line of input.
type write struct {
	v    document.Value
	line int
	err  error
}

// readAhead reads in a goroutine of its own: one waits at a terminal, and nothing
// but the end of the process wakes it when ctx ends.
func readAhead(ctx context.Context, in *rows) <-chan write {
	writes := make(chan write)
	go func() {
		defer close(writes)
		for {
			v, more, err := in.next()
			if !more && err == nil {
				return
			}
			select {
			case writes <- write{v, in.line, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return writes
}

// runWrite does one write.
func runWrite(ctx context.Context, db *virga.DB, name string, v document.Value) error {
	verb, data, err := parseWrite(v)
	if err != nil {
		return err
	}
	where := v.Field("where")
	if where.Exists() != (verb == "update") {
		return errors.New(`"update" and "where" go together, and with nothing else`)
	}
	if in := v.Field("in"); in.Exists() {
		var ok bool
		if name, ok = in.Text(); !ok {
			return errors.New(`"in" needs the name of a collection`)
		}
	}
	coll := db.Collection(name)
	switch verb {
	case "add":
		_, err = coll.Add(ctx, data)
	case "set":
		err = setByID(ctx, coll, data)
	case "update":
		_, err = coll.Where(where).Update(ctx, data)
	case "remove":
		_, err = coll.Where(data).Remove(ctx)
	}
	return err
}

// parseWrite returns what a line asks for.
func parseWrite(v document.Value) (verb string, data document.Value, err error) {
	for f := v.Fields(); f.Next(); {
		switch key := string(f.Key()); key {
		case "add", "set", "update", "remove":
			if verb != "" {
				return "", data, fmt.Errorf("%q and %q in one line", verb, key)
			}
			verb, data = key, f.Value()
		case "where", "in":
		default:
			return "", data, fmt.Errorf("no such write: %q", key)
		}
	}
	if verb == "" {
		return "", data, errors.New(`one of "add", "set", "update" and "remove" is needed`)
	}
	return verb, data, nil
}

// setByID stores a document as a whole.
func setByID(ctx context.Context, coll *virga.Collection, v document.Value) error {
	if v.Kind() != document.Object || !v.Field("_id").Exists() {
		return errors.New(`"set" needs a document with an _id`)
	}
	id, err := document.IDOf(v.Field("_id"))
	if err == nil {
		_, err = coll.Doc(id).Set(ctx, v)
	}
	return err
}

// A snapshotPrinter writes snapshots as JSON Lines. It belongs to the callbacks of
// one stream.
type snapshotPrinter struct {
	out    io.Writer
	line   []byte
	err    error // of writing
	failed error // what the stream ended with
}

// print writes a snapshot at once, for somebody may be looking at it.
func (p *snapshotPrinter) print(snap watch.Snapshot) error {
	line := fmt.Appendf(p.line[:0], `{"id":%d,"version":%d`, snap.ID, snap.Version)
	if snap.Type == watch.TypeInit {
		line = append(line, `,"type":"init","docs":[`...)
		for i, d := range snap.Docs {
			line = document.AppendJSON(comma(line, i), d.Value())
		}
	} else {
		if snap.Merged {
			line = append(line, `,"merged":true`...)
		}
		line = append(line, `,"changes":[`...)
		for i, c := range snap.Changes {
			line = appendChange(comma(line, i), c)
		}
	}
	p.line = append(line, "]}\n"...)
	_, p.err = p.out.Write(p.line)
	return p.err
}

func appendChange(line []byte, c watch.Change) []byte {
	line = fmt.Appendf(line, `{"queueType":"%s","dataType":"%s","docId":`, c.QueueType, c.DataType)
	line = document.AppendJSON(line, c.DocID.Value())
	line = document.AppendJSON(append(line, `,"doc":`...), c.Doc.Value())
	if c.DataType == watch.DataUpdate {
		line = append(line, `,"updatedFields":{`...)
		for i, path := range slices.Sorted(maps.Keys(c.UpdatedFields)) {
			line = append(document.AppendJSON(comma(line, i), document.Text(path)), ':')
			v, _ := document.Of(c.UpdatedFields[path]) // it was decoded from a document
			line = document.AppendJSON(line, v)
		}
		line = append(line, `},"removedFields":[`...)
		for i, path := range c.RemovedFields {
			line = document.AppendJSON(comma(line, i), document.Text(path))
		}
		line = append(line, ']')
	}
	return append(line, '}')
}

// comma appends what stands before the i-th element of a list.
func comma(line []byte, i int) []byte {
	if i > 0 {
		line = append(line, ',')
	}
	return line
}
