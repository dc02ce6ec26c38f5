package peers

import (
	"encoding/json"

	"github.com/virgadb/virga/bench"
)

// jsonForm keeps a document as JSON text and reaches into it, as those do who use
// SQLite as a document store.
var jsonForm = sqliteForm{
	schema: []string{
		`CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, doc TEXT) WITHOUT ROWID`,
		`CREATE INDEX IF NOT EXISTS by_name ON orders (json_extract(doc, '$.Name'))`,
		`CREATE INDEX IF NOT EXISTS by_status ON orders (json_extract(doc, '$.Status'), json_extract(doc, '$.Price'))`,
	},
	queries: map[string]string{
		"insert": `INSERT INTO orders (id, doc) VALUES (?, ?)`,
		"get":    `SELECT doc FROM orders WHERE id = ?`,
		"set":    `UPDATE orders SET doc = json_set(doc, '$.Qty', ?) WHERE id = ?`,
		"name":   `SELECT doc FROM orders WHERE json_extract(doc, '$.Name') = ? ORDER BY id`,
		"range": `SELECT doc FROM orders WHERE json_extract(doc, '$.Status') = ? AND json_extract(doc, '$.Price') >= ? AND json_extract(doc, '$.Price') <= ?
			ORDER BY json_extract(doc, '$.Price') DESC LIMIT ?`,
		"qty":    `SELECT doc FROM orders WHERE json_extract(doc, '$.Qty') = ? ORDER BY id`,
		"newest": `SELECT doc FROM orders ORDER BY json_extract(doc, '$.Created') DESC, id LIMIT ?`,
		"group": `SELECT json_extract(doc, '$.Status'), count(*), sum(json_extract(doc, '$.Price')), avg(json_extract(doc, '$.Price')) FROM orders
			GROUP BY json_extract(doc, '$.Status')`,
	},
	args: func(d bench.Document) ([]any, error) {
		text, err := jsonText(d)
		return []any{d.ID, text}, err
	},
	scan: func(row scanner) (d bench.Document, err error) {
		var text []byte
		if err = row.Scan(&text); err == nil {
			err = json.Unmarshal(text, &d)
		}
		return d, err
	},
}

func openSQLiteJSON(dir string, sync bool) (peer, error) { return jsonForm.open(dir, sync) }

// A jsonOrder is a [bench.Document] with its date as a number too, which JSON text is
// quickly compared by.
type jsonOrder struct {
	bench.Document
	Created int64
}

func jsonText(d bench.Document) (string, error) {
	text, err := json.Marshal(jsonOrder{d, d.CreatedAt.UnixMilli()})
	return string(text), err
}
