package virga

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/script"
	"github.com/virgadb/virga/query"
)

// The scripts in testdata/explain tell how queries find their documents.
func TestExplainScripts(t *testing.T) {
	script.Run(t, "testdata/explain/*.txt", func(t *testing.T) script.Handler {
		if strings.Contains(t.Name(), "geo") {
			needCells(t)
		}
		db := openTest(t)
		return func(c script.Command) string {
			switch c.Name {
			case "disk":
				db = openWith(t, t.TempDir(), Fast)
				return ""
			case "mirror":
				return mirrorForScript(t, db, c.Words)
			}
			out, err := explainCommand(db, c)
			if err != nil {
				return out + "error: " + err.Error()
			}
			return out
		}
	})
}

func explainCommand(db *DB, c script.Command) (string, error) {
	ctx := context.Background()
	if c.Name == "advise" {
		a, err := db.Advise(ctx)
		return withoutTimes(a.String()), err
	}
	coll := db.Collection(c.Words[0])
	switch c.Name {
	case "index":
		spec := index.Spec{Geo: c.Args["geo"]}
		if fields := strings.ReplaceAll(c.Args["fields"], " ", ""); fields != "" {
			spec.Fields = index.By(strings.Split(fields, ",")...)
		}
		spec.Unique, spec.Sparse = contains(c.Words, "unique"), contains(c.Words, "sparse")
		return spec.Named().Name + "\n", coll.CreateIndex(ctx, spec)
	case "insert":
		return insertLines(coll, c.Input)
	case "fill":
		return fill(coll, c)
	case "find", "count", "update", "remove":
		return explainLines(coll, c)
	}
	return "", fmt.Errorf("unknown command %s", c.Name)
}

// mirrorForScript reads by the hints given until as many regions are mirrored, and
// lists them.
func mirrorForScript(t *testing.T, db *DB, words []string) string {
	coll, hints := db.Collection(words[0]), words[1:]
	mirrors := mirrorAll(t, db, len(hints), func() {
		for _, hint := range hints {
			if _, err := coll.Where(nil).Hint(hint).Field(M{"_id": true}).Get(ctx()); err != nil {
				t.Fatal(err)
			}
		}
	})
	return strings.Join(slices.Sorted(maps.Keys(mirrors)), "\n")
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// withoutTimes takes out what differs from run to run.
func withoutTimes(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), "; would have saved")
		line, _, _ = strings.Cut(line, " found in ")
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func insertLines(coll *Collection, lines []string) (string, error) {
	for i, line := range lines {
		v, err := document.ParseJSON([]byte(line))
		if err == nil {
			_, err = coll.Add(context.Background(), v)
		}
		if err != nil {
			return fmt.Sprintf("%d inserted\n", i), err
		}
	}
	return fmt.Sprintf("%d inserted\n", len(lines)), nil
}

// fill inserts n documents after a pattern in which # is the number of the document
// and #m the rest when it is divided by m.
func fill(coll *Collection, c script.Command) (string, error) {
	n, err := strconv.Atoi(c.Args["n"])
	if err != nil {
		return "", err
	}
	for i := range n {
		text := c.Text()
		for _, m := range []int{1000, 100, 10, 7, 5, 3, 2} {
			text = strings.ReplaceAll(text, "#"+strconv.Itoa(m), strconv.Itoa(i%m))
		}
		if _, err := insertLines(coll, []string{strings.ReplaceAll(text, "#", strconv.Itoa(i))}); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d inserted\n", n), nil
}

// explainLines runs a query that is given line by line.
func explainLines(coll *Collection, c script.Command) (string, error) {
	ctx := context.Background()
	q, err := queryOf(coll.Where(query.Raw(M{})), c.Input)
	if err != nil {
		return "", err
	}
	var e query.Explain
	switch c.Name {
	case "find":
		e, err = q.Explain(ctx)
	case "count":
		e, err = q.ExplainCount(ctx)
	case "update":
		e, err = q.ExplainUpdate(ctx, M{"touched": true})
	case "remove":
		e, err = q.ExplainRemove(ctx)
	}
	if err != nil {
		return "", err
	}
	var b strings.Builder
	switch {
	case contains(c.Words, "json"):
		e.Time = 0
		raw, err := json.MarshalIndent(e, "", "  ")
		return string(raw), err
	case contains(c.Words, "tree"):
		e.Time = 0
		return e.Tree(), nil
	}
	fmt.Fprintf(&b, "plan: %s\n", e)
	if c.Name == "find" && !contains(c.Words, "quiet") {
		docs, err := q.Get(ctx)
		if err != nil {
			return "", err
		}
		for _, d := range docs {
			fmt.Fprintln(&b, d)
		}
	}
	fmt.Fprintf(&b, "%d found, %s, %s\n", e.Returned, read(e.KeysExamined, "key"), read(e.DocsExamined, "document"))
	if e.Advice != nil {
		fmt.Fprintf(&b, "advice: %s\n", e.Advice)
	}
	return b.String(), nil
}

func read(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s read", n, what)
}

// queryOf adds to q what lines say: "where {…}", "sort a, -b", "skip 1", "limit 2",
// "fields {…}", "after {…}", "hint name".
func queryOf(q *Query, lines []string) (*Query, error) {
	for _, line := range lines {
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		var v document.Value
		var err error
		if strings.HasPrefix(rest, "{") {
			if v, err = document.ParseJSON([]byte(rest)); err != nil {
				return nil, err
			}
		}
		n, _ := strconv.Atoi(rest)
		switch word {
		case "where":
			q = q.Where(query.Raw(v))
		case "sort":
			for _, f := range index.By(strings.Split(strings.ReplaceAll(rest, " ", ""), ",")...) {
				dir := Asc
				if f.Desc {
					dir = Desc
				}
				q = q.OrderBy(f.Path, dir)
			}
		case "skip":
			q = q.Skip(n)
		case "limit":
			q = q.Limit(n)
		case "fields":
			q = q.Field(v)
		case "after":
			doc, err := document.Canonical(v.Raw())
			if err != nil {
				return nil, err
			}
			q = q.After(doc)
		case "hint":
			if rest == "none" {
				rest = NoIndex
			}
			q = q.Hint(rest)
		default:
			return nil, fmt.Errorf("unknown line %q", line)
		}
	}
	return q, nil
}
