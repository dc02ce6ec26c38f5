package virga

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/query"
)

func writeFile(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }

// sized returns the msgpack bytes of a document of exactly so many bytes: {_id: id,
// a: "xxx…"}.
func sized(id byte, size int) []byte {
	raw := append([]byte{0x82, 0xa3}, "_id"...)
	raw = append(raw, id, 0xa1, 'a', 0xdb)
	raw = binary.BigEndian.AppendUint32(raw, uint32(size-len(raw)-4))
	return append(raw, bytes.Repeat([]byte("x"), size-len(raw))...)
}

// A document may have 16 MiB and not a byte more, however it is written.
func TestDocumentSizes(t *testing.T) {
	const limit = 16 << 20
	engines(t, func(t *testing.T, path string) {
		c := openWith(t, path, Fast).Collection("shop")
		huge := M{"_id": 1, "a": string(bytes.Repeat([]byte("x"), limit-12))} // 13 bytes more
		for name, f := range map[string]func() error{
			"add":     func() error { _, err := c.Add(ctx(), huge); return err },
			"add raw": func() error { _, err := c.AddRaw(ctx(), sized(1, limit+1)); return err },
			"set":     func() error { _, err := c.Doc(1).Set(ctx(), huge); return err },
		} {
			mustRefuse(t, name, f(), refusal{"", nil, ErrTooLarge, "*", "16777216"})
		}
		if n, err := c.Where(nil).Count(ctx()); err != nil || n != 0 {
			t.Fatalf("%d documents, %v", n, err)
		}
		huge["a"] = huge["a"].(string)[1:]
		if _, err := c.Add(ctx(), huge); err != nil {
			t.Fatal(err)
		}
		if res, err := c.Doc(1).Set(ctx(), huge); err != nil || res.Updated != 1 {
			t.Fatalf("%+v, %v", res, err)
		}
		if _, err := c.AddRaw(ctx(), sized(3, limit)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Doc(2).Set(ctx(), M{"n": 1}); err != nil {
			t.Fatal(err)
		}
		grow := M{"b": 1, "n": query.Inc(1)}
		_, err := c.Doc(1).Update(ctx(), grow)
		mustRefuse(t, "update", err, refusal{"", nil, ErrTooLarge, "*", "16777216"})
		res, err := c.Where(M{}).Update(ctx(), grow)
		mustRefuse(t, "update all", err, refusal{"", nil, ErrTooLarge, "*", "16777216"})
		if e := (*Error)(nil); !errors.As(err, &e) || e.ID != "1" {
			t.Errorf("update all: %v names no document", err)
		}
		_, err = c.Where(M{"_id": 1}).UpdateAndReturn(ctx(), M{"a": query.Set(strings.Repeat("y", limit))})
		mustRefuse(t, "update and return", err, refusal{"", nil, ErrTooLarge, "*", "16777216"})
		doc, err := c.Doc(1).Get(ctx())
		if err != nil || len(doc.Raw()) != limit {
			t.Errorf("the document has %d bytes, %v", len(doc.Raw()), err)
		}
		if n, err := c.Where(M{"n": 2}).Count(ctx()); err != nil || int(n) != res.Updated {
			t.Errorf("%d documents were updated, %v, the result says %+v", n, err, res)
		}
	})
}

// An atomic step has limits; what is over them leaves nothing behind.
func TestAddManyLimits(t *testing.T) {
	c := openTest(t).Collection("shop")
	large := slices.Repeat([]M{{"a": strings.Repeat("x", 100<<10)}}, 50)
	for name, docs := range map[string]any{"5 MiB": large, "50,001 documents": make([]M, 50_001), "50,001 small ones": make([]struct{}, 50_001)} {
		_, err := c.AddMany(ctx(), docs)
		if name == "50,001 documents" { // of which the first is nil
			mustRefuse(t, name, err, refusal{"", nil, ErrInvalid, "*", "document 0"})
			continue
		}
		mustRefuse(t, name, err, refusal{"", nil, ErrTooLarge, "*", "limit"})
	}
	for _, same := range [][]M{{{"_id": 1}, {"_id": 2}, {"_id": 1.0}}, {{"_id": M{"a": 1}}, {"_id": M{"a": 1.0}}}} {
		_, err := c.AddMany(ctx(), same)
		mustRefuse(t, "the same _id", err, refusal{"", nil, ErrDuplicate, "_id", "given twice"})
		if e := (*Error)(nil); !errors.As(err, &e) || e.ID == "" {
			t.Errorf("%v names no document", err)
		}
	}
	for _, v := range []any{nil, 5, "text", M{"a": 1}, D{{Key: "a", Value: 1}}, []byte("x"), map[string]M{"a": {}}} {
		_, err := c.AddMany(ctx(), v)
		mustRefuse(t, fmt.Sprintf("%T", v), err, refusal{"", nil, ErrInvalid, "", "a slice of documents is needed"})
	}
	for _, none := range []any{[]M{}, []any{}, [0]D{}, []M(nil)} {
		if ids, err := c.AddMany(ctx(), none); err != nil || len(ids) != 0 {
			t.Errorf("%T: %v, %v", none, ids, err)
		}
	}
	if n, err := c.Where(nil).Count(ctx()); err != nil || n != 0 {
		t.Errorf("%d documents, %v", n, err)
	}
	if ids, err := c.AddMany(ctx(), make([]struct{}, 20_000)); err != nil || len(ids) != 20_000 {
		t.Errorf("%d documents, %v", len(ids), err)
	}
}

// Odd numbers are stored as they are, and found.
func TestOddNumbers(t *testing.T) {
	c := openTest(t).Collection("c")
	for _, f := range []any{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.MaxFloat64, math.SmallestNonzeroFloat64, int64(math.MaxInt64), int64(math.MinInt64)} {
		id, err := c.Add(ctx(), M{"f": f})
		if err != nil {
			t.Fatal(err)
		}
		doc, err := c.Doc(id).Get(ctx())
		if err != nil || fmt.Sprint(doc.Map()["f"]) != fmt.Sprint(f) {
			t.Errorf("%v is stored as %v, %v", f, doc, err)
		}
		if found, err := c.Where(M{"f": f, "_id": id}).Exists(ctx()); err != nil || !found {
			t.Errorf("%v is not found, %v", f, err)
		}
		if _, err := c.Doc(id).Update(ctx(), M{"g": query.Inc(f), "h": query.Max(f), "f": query.Min(f)}); err != nil {
			t.Errorf("update with %v: %v", f, err)
		}
	}
	values, err := c.Where(nil).Distinct(ctx(), "f")
	if err != nil || len(values) != 8 || !math.IsNaN(values[0].(float64)) {
		t.Errorf("%v, %v", values, err)
	}
}
