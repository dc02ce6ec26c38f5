package bench

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/virgadb/virga"
)

// Documents is the number of documents of the standard workload.
const Documents = 100_000

// What the fields of the workload draw from.
const (
	Names    = 10_000 // values of name
	Statuses = 5      // values of status
	Qtys     = 100    // values of qty: 0 to 99
	MaxPrice = 1000.0 // price is in [0, MaxPrice)
)

// A Document is one document of the workload: ten fields, about 230 bytes of
// msgpack.
type Document struct {
	ID        string    `msgpack:"_id"` // 24 hex digits, in no order
	OpenID    string    `msgpack:"_openid"`
	Name      string    `msgpack:"name"`
	Status    string    `msgpack:"status"`
	Price     float64   `msgpack:"price"`
	Qty       int64     `msgpack:"qty"`
	Tags      []string  `msgpack:"tags"` // three
	Address   Address   `msgpack:"address"`
	CreatedAt time.Time `msgpack:"createdAt"` // UTC, whole milliseconds, in 2021 to 2023
	Note      string    `msgpack:"note"`
}

// Address is a field of [Document].
type Address struct {
	City string `msgpack:"city"`
	Zip  string `msgpack:"zip"`
}

var (
	statuses = [Statuses]string{"created", "paid", "shipped", "done", "cancelled"}
	tags     = [...]string{"new", "sale", "bulk", "gift", "fresh", "local", "import", "season"}
	cities   = [...]string{"Bergen", "Guangzhou", "Hangzhou", "Kyoto", "Lisbon", "Oslo", "Porto", "Shenzhen"}
	words    = [...]string{"leave", "at", "the", "door", "ring", "twice", "fragile", "no", "rush", "call", "first", "thanks"}
)

// At returns document i of the workload that seed stands for. Equal arguments
// give equal documents on every machine.
func At(seed, i uint64) Document {
	r := rand.New(rand.NewPCG(seed, i))
	d := Document{
		ID:        hexOf(r, 12),
		OpenID:    "o" + hexOf(r, 13),
		Name:      fmt.Sprintf("name-%05d", r.IntN(Names)),
		Status:    statuses[r.IntN(Statuses)],
		Price:     r.Float64() * MaxPrice,
		Qty:       int64(r.IntN(Qtys)),
		Address:   Address{City: pick(r, cities[:]), Zip: fmt.Sprintf("%06d", r.IntN(1_000_000))},
		CreatedAt: time.UnixMilli(1_609_459_200_000 + r.Int64N(3*365*86_400_000)).UTC(),
	}
	for range 3 {
		d.Tags = append(d.Tags, pick(r, tags[:]))
	}
	d.Note = pick(r, words[:])
	for range 5 {
		d.Note += " " + pick(r, words[:])
	}
	return d
}

// M returns d as what a program without a struct hands to the database.
func (d Document) M() virga.M {
	return virga.M{
		"_id":       d.ID,
		"_openid":   d.OpenID,
		"name":      d.Name,
		"status":    d.Status,
		"price":     d.Price,
		"qty":       d.Qty,
		"tags":      d.Tags,
		"address":   virga.M{"city": d.Address.City, "zip": d.Address.Zip},
		"createdAt": d.CreatedAt,
		"note":      d.Note,
	}
}

func hexOf(r *rand.Rand, bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return hex.EncodeToString(b)
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }
