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
}

const sqliteColumns = "id, openid, name, status, price, qty, tags, city, zip, created, note"

func openSQLite(dir string, sync bool) (peer, error) {
	level := "NORMAL"
	if sync {
		level = "FULL"
	}
	db, err := sql.Open("sqlite3", fmt.Sprintf("file:%s?_journal_mode=WAL&_synchronous=%s&_busy_timeout=10000", filepath.Join(dir, "sqlite.db"), level))
	if err != nil {
		return nil, err
	}
	p := &sqlitePeer{db: db, stmts: map[string]*sql.Stmt{}}
	for _, text := range []string{
		`CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, openid TEXT, name TEXT, status TEXT, price REAL, qty INTEGER, tags TEXT,
			city TEXT, zip TEXT, created INTEGER, note TEXT) WITHOUT ROWID`,
		`CREATE INDEX IF NOT EXISTS by_name ON orders (name)`,
		`CREATE INDEX IF NOT EXISTS by_status ON orders (status, price)`,
	} {
		if _, err := db.Exec(text); err != nil {
			return nil, err
		}
	}
	for name, text := range map[string]string{
		"insert": "INSERT INTO orders (" + sqliteColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"get":    "SELECT " + sqliteColumns + " FROM orders WHERE id = ?",
		"set":    "UPDATE orders SET qty = ? WHERE id = ?",
		"name":   "SELECT " + sqliteColumns + " FROM orders WHERE name = ? ORDER BY id",
		"range":  "SELECT " + sqliteColumns + " FROM orders WHERE status = ? AND price >= ? AND price <= ? ORDER BY price DESC LIMIT ?",
		"qty":    "SELECT " + sqliteColumns + " FROM orders WHERE qty = ? ORDER BY id",
		"newest": "SELECT " + sqliteColumns + " FROM orders ORDER BY created DESC, id LIMIT ?",
		"group":  "SELECT status, count(*), sum(price), avg(price) FROM orders GROUP BY status",
	} {
		if p.stmts[name], err = db.Prepare(text); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *sqlitePeer) insert(docs []bench.Document) error {
	if len(docs) == 1 {
		return sqliteInsert(p.stmts["insert"], docs[0])
	}
	tx, err := p.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	stmt := tx.Stmt(p.stmts["insert"])
	for _, d := range docs {
		if err := sqliteInsert(stmt, d); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func sqliteInsert(stmt *sql.Stmt, d bench.Document) error {
	tags, err := json.Marshal(d.Tags)
	if err != nil {
		return err
	}
	_, err = stmt.Exec(d.ID, d.OpenID, d.Name, d.Status, d.Price, d.Qty, string(tags), d.Address.City, d.Address.Zip, d.CreatedAt.UnixMilli(), d.Note)
	return err
}

func (p *sqlitePeer) find(name string, args ...any) (docs []bench.Document, err error) {
	rows, err := p.stmts[name].Query(args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		d, err := sqliteScan(rows)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, rows.Err()
}

func sqliteScan(row interface{ Scan(...any) error }) (d bench.Document, err error) {
	var tags []byte
	var created int64
	err = row.Scan(&d.ID, &d.OpenID, &d.Name, &d.Status, &d.Price, &d.Qty, &tags, &d.Address.City, &d.Address.Zip, &created, &d.Note)
	if err == nil {
		err = json.Unmarshal(tags, &d.Tags)
	}
	d.CreatedAt = time.UnixMilli(created).UTC()
	return d, err
}

func (p *sqlitePeer) get(id string) (bench.Document, error) {
	return sqliteScan(p.stmts["get"].QueryRow(id))
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
