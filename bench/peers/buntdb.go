package peers

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/tidwall/buntdb"
	"github.com/tidwall/gjson"

	"github.com/virgadb/virga/bench"
)

type buntdbPeer struct{ db *buntdb.DB }

func openBuntdb(dir string, sync bool) (peer, error) {
	db, err := buntdb.Open(filepath.Join(dir, "bunt.db"))
	if err != nil {
		return nil, err
	}
	var c buntdb.Config
	if err := db.ReadConfig(&c); err != nil {
		return nil, err
	}
	c.SyncPolicy = buntdb.Never
	if sync {
		c.SyncPolicy = buntdb.Always
	}
	if err := db.SetConfig(c); err != nil {
		return nil, err
	}
	if err := db.CreateIndex("name", "*", buntdb.IndexJSON("Name")); err != nil {
		return nil, err
	}
	return &buntdbPeer{db}, db.CreateIndex("status", "*", buntdb.IndexJSON("Status"), buntdb.IndexJSON("Price"))
}

func (p *buntdbPeer) insert(docs []bench.Document) error {
	return p.db.Update(func(tx *buntdb.Tx) error {
		for _, d := range docs {
			text, err := jsonText(d)
			if err != nil {
				return err
			}
			if _, _, err := tx.Set(d.ID, text, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *buntdbPeer) get(id string) (d bench.Document, err error) {
	err = p.db.View(func(tx *buntdb.Tx) error {
		text, err := tx.Get(id)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &d)
	})
	return d, err
}

func (p *buntdbPeer) setQty(id string, qty int64) error {
	return p.db.Update(func(tx *buntdb.Tx) error {
		text, err := tx.Get(id)
		if err != nil {
			return err
		}
		var d bench.Document
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return err
		}
		d.Qty = qty
		changed, err := jsonText(d)
		if err == nil {
			_, _, err = tx.Set(id, changed, nil)
		}
		return err
	})
}

// find decodes what walk hands out.
func (p *buntdbPeer) find(walk func(tx *buntdb.Tx, see func(text string) bool) error) (docs []bench.Document, err error) {
	err = p.db.View(func(tx *buntdb.Tx) error {
		var bad error
		err := walk(tx, func(text string) bool {
			var d bench.Document
			bad = json.Unmarshal([]byte(text), &d)
			docs = append(docs, d)
			return bad == nil
		})
		if err == nil {
			err = bad
		}
		return err
	})
	return docs, err
}

func (p *buntdbPeer) byName(name string) ([]bench.Document, error) {
	return p.find(func(tx *buntdb.Tx, see func(string) bool) error {
		return tx.AscendEqual("name", fmt.Sprintf(`{"Name":%q}`, name), func(_, text string) bool { return see(text) })
	})
}

func (p *buntdbPeer) topRange(status string, low, high float64, n int) ([]bench.Document, error) {
	return p.find(func(tx *buntdb.Tx, see func(string) bool) error {
		pivot := fmt.Sprintf(`{"Status":%q,"Price":%v}`, status, high)
		return tx.DescendLessOrEqual("status", pivot, func(_, text string) bool {
			if n == 0 || gjson.Get(text, "Status").Str != status || gjson.Get(text, "Price").Num < low {
				return false
			}
			n--
			return see(text)
		})
	})
}

func (p *buntdbPeer) byQty(qty int64) ([]bench.Document, error) {
	return p.find(func(tx *buntdb.Tx, see func(string) bool) error {
		return tx.Ascend("", func(_, text string) bool { return gjson.Get(text, "Qty").Int() != qty || see(text) })
	})
}

// newest keeps the newest documents in a short list.
func (p *buntdbPeer) newest(n int) ([]bench.Document, error) {
	return p.find(func(tx *buntdb.Tx, see func(string) bool) error {
		var times []int64
		var texts []string
		err := tx.Ascend("", func(_, text string) bool {
			at := gjson.Get(text, "Created").Int()
			i := len(times)
			for i > 0 && times[i-1] < at {
				i--
			}
			if i == n {
				return true
			}
			times, texts = append(times, 0), append(texts, "")
			copy(times[i+1:], times[i:])
			copy(texts[i+1:], texts[i:])
			times[i], texts[i] = at, text
			times, texts = times[:min(n, len(times))], texts[:min(n, len(texts))]
			return true
		})
		for _, text := range texts {
			if !see(text) {
				break
			}
		}
		return err
	})
}

func (p *buntdbPeer) group() (map[string]group, error) {
	groups := map[string]group{}
	err := p.db.View(func(tx *buntdb.Tx) error {
		return tx.Ascend("", func(_, text string) bool {
			fields := gjson.GetMany(text, "Status", "Price")
			g := groups[fields[0].Str]
			g.n++
			g.sum += fields[1].Num
			groups[fields[0].Str] = g
			return true
		})
	})
	for status, g := range groups {
		g.mean = g.sum / float64(g.n)
		groups[status] = g
	}
	return groups, err
}

func (p *buntdbPeer) close() error { return p.db.Close() }
