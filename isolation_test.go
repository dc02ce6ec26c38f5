package virga

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/script"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// The scripts in testdata/isolation say what concurrent transactions notice of one
// another. Their commands:
//
//	docs            one document a line, stored before the transactions begin
//	begin T [serializable]
//	get T ID        what T sees of one document
//	find T          what T sees of all that match the filter below
//	put T ID        T replaces or creates a document
//	remove T ID
//	commit T, rollback T
//	all             the documents as they are now
func TestIsolation(t *testing.T) {
	engines(t, func(t *testing.T, path string) {
		script.Run(t, "testdata/isolation/*.txt", func(t *testing.T) script.Handler {
			target := path
			if path != Memory {
				target = t.TempDir()
			}
			h := &isolation{c: openWith(t, target, Fast).Collection("c"), txs: map[string]*Tx{}}
			t.Cleanup(func() {
				for _, tx := range h.txs {
					tx.Rollback(nil)
				}
			})
			return h.run
		})
	})
}

// isolation runs the commands of one script.
type isolation struct {
	c   *Collection
	txs map[string]*Tx
}

func (h *isolation) run(c script.Command) string {
	out, err := h.do(c)
	if err != nil {
		return "error: " + err.Error()
	}
	return out
}

func (h *isolation) do(c script.Command) (string, error) {
	ctx := context.Background()
	word := func(i int) string {
		if i < len(c.Words) {
			return c.Words[i]
		}
		return ""
	}
	switch c.Name {
	case "docs":
		for line := range strings.Lines(c.Text()) {
			if _, err := h.c.Add(ctx, fromJSON(line)); err != nil {
				return "", err
			}
		}
		return "", nil
	case "all":
		return list(h.c.Where(nil))
	case "begin":
		o := txn.Options{}
		if word(1) == "serializable" {
			o.Isolation = txn.Serializable
		}
		tx, err := h.c.db.StartTransaction(ctx, o)
		h.txs[word(0)] = tx
		return "", err
	}
	tx := h.txs[word(0)]
	if tx == nil {
		return "", fmt.Errorf("no transaction %q", word(0))
	}
	in := tx.Collection("c")
	switch c.Name {
	case "get":
		doc, err := in.Doc(word(1)).Get(ctx)
		return doc.String(), err
	case "find":
		return list(in.Where(query.Raw(fromJSON(c.Text()))))
	case "put":
		_, err := in.Doc(word(1)).Set(ctx, fromJSON(c.Text()))
		return "", err
	case "remove":
		_, err := in.Doc(word(1)).Remove(ctx)
		return "", err
	case "commit":
		return "", tx.Commit(ctx)
	case "rollback":
		return "", tx.Rollback(nil)
	}
	return "", fmt.Errorf("no command %q", c.Name)
}

// fromJSON returns the value of a text, or the text itself where it is no JSON.
func fromJSON(text string) any {
	v, err := document.ParseJSON([]byte(text))
	if err != nil {
		return text
	}
	return v
}

// list returns the documents of a query, one a line.
func list(q *Query) (string, error) {
	docs, err := q.Get(context.Background())
	lines := make([]string, len(docs))
	for i, doc := range docs {
		lines[i] = doc.String()
	}
	return strings.Join(lines, "\n"), err
}
