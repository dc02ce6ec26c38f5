package peers

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"github.com/virgadb/virga/bench"
)

type sqlitePeer struct {
	db    *sql.DB
	stmts map[string]*sql.Stmt
	form  sqliteForm
}

// A sqliteForm is a way to keep documents in a table.
type sqliteForm struct {
	schema  []string
	queries map[string]string // insert, get, set, name, range, qty, newest, group
	args    func(d bench.Document) ([]any, error)
	scan    func(row scanner) (bench.Document, error)
}

// A scanner is a row of a result.
type scanner interface{ Scan(to ...any) error }

const sqliteColumns = "id, openid, name, status, price, qty, tags, city, zip, created, note"

// typed has a column for each field.
var typed = sqliteForm{
	schema: []string{
		`CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, openid TEXT, name TEXT, status TEXT, price REAL, qty INTEGER, tags TEXT,
			city TEXT, zip TEXT, created INTEGER, note TEXT) WITHOUT ROWID`,
		`CREATE INDEX IF NOT EXISTS by_name ON orders (name)`,
		`CREATE INDEX IF NOT EXISTS by_status ON orders (status, price)`,
	},
	queries: map[string]string{
		"insert": "INSERT INTO orders (" + sqliteColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"get":    "SELECT " + sqliteColumns + " FROM orders WHERE id = ?",
		"set":    "UPDATE orders SET qty = ? WHERE id = ?",
		"name":   "SELECT " + sqliteColumns + " FROM orders WHERE name = ? ORDER BY id",
		"range":  "SELECT " + sqliteColumns + " FROM orders WHERE status = ? AND price >= ? AND price <= ? ORDER BY price DESC LIMIT ?",
		"qty":    "SELECT " + sqliteColumns + " FROM orders WHERE qty = ? ORDER BY id",
		"newest": "SELECT " + sqliteColumns + " FROM orders ORDER BY created DESC, id LIMIT ?",
		"group":  "SELECT status, count(*), sum(price), avg(price) FROM orders GROUP BY status",
	},
	args: func(d bench.Document) ([]any, error) {
		tags, err := json.Marshal(d.Tags)
		return []any{d.ID, d.OpenID, d.Name, d.Status, d.Price, d.Qty, string(tags), d.Address.City, d.Address.Zip, d.CreatedAt.UnixMilli(), d.Note}, err
	},
	scan: func(row scanner) (d bench.Document, err error) {
		var tags []byte
		var created int64
		err = row.Scan(&d.ID, &d.OpenID, &d.Name, &d.Status, &d.Price, &d.Qty, &tags, &d.Address.City, &d.Address.Zip, &created, &d.Note)
		if err == nil {
			err = json.Unmarshal(tags, &d.Tags)
		}
		d.CreatedAt = time.UnixMilli(created).UTC()
		return d, err
	},
}

func openSQLite(dir string, sync bool) (peer, error) { return typed.open(dir, sync) }

func (f sqliteForm) open(dir string, sync bool) (peer, error) {
	level := "NORMAL"
	if sync {
		level = "FULL"
	}
	db, err := sql.Open("sqlite3", fmt.Sprintf("file:%s?_journal_mode=WAL&_synchronous=%s&_busy_timeout=600000", filepath.Join(dir, "sqlite.db"), level))
	if err != nil {
		return nil, err
	}
	p := &sqlitePeer{db: db, stmts: map[string]*sql.Stmt{}, form: f}
	for _, text := range f.schema {
		if _, err := db.Exec(text); err != nil {
			return nil, err
		}
	}
	for name, text := range f.queries {
		if p.stmts[name], err = db.Prepare(text); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *sqlitePeer) insert(docs []bench.Document) error {
	if len(docs) == 1 {
		return p.insertBy(p.stmts["insert"], docs[0])
	}
	tx, err := p.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	stmt := tx.Stmt(p.stmts["insert"])
	for _, d := range docs {
		if err := p.insertBy(stmt, d); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (p *sqlitePeer) insertBy(stmt *sql.Stmt, d bench.Document) error {
	args, err := p.form.args(d)
	if err == nil {
		_, err = stmt.Exec(args...)
	}
	return err
}

func (p *sqlitePeer) find(name string, args ...any) (docs []bench.Document, err error) {
	rows, err := p.stmts[name].Query(args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		d, err := p.form.scan(rows)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, rows.Err()
}

func (p *sqlitePeer) get(id string) (bench.Document, error) {
	return p.form.scan(p.stmts["get"].QueryRow(id))
}

func (p *sqlitePeer) setQty(id string, qty int64) error {
	_, err := p.stmts["set"].Exec(qty, id)
	return err
}

func (p *sqlitePeer) byName(name string) ([]bench.Document, error) { return p.find("name", name) }

func (p *sqlitePeer) topRange(status string, low, high float64, n int) ([]bench.Document, error) {
	return p.find("range", status, low, high, n)
}

func (p *sqlitePeer) byQty(qty int64) ([]bench.Document, error) { return p.find("qty", qty) }

func (p *sqlitePeer) newest(n int) ([]bench.Document, error) { return p.find("newest", n) }

func (p *sqlitePeer) group() (map[string]group, error) {
	rows, err := p.stmts["group"].Query()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	groups := map[string]group{}
	for rows.Next() {
		var status string
		var g group
		if err := rows.Scan(&status, &g.n, &g.sum, &g.mean); err != nil {
			return nil, err
		}
		groups[status] = g
	}
	return groups, rows.Err()
}

func (p *sqlitePeer) close() error { return p.db.Close() }
