package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/query"
)

// accounts is how many documents transfers go between.
const accounts = 1000

// BenchmarkTransfer moves an amount between two of a thousand documents in a
// transaction that reads the first and writes both. The floor is a transaction of
// Badger itself, which detects conflicts and is run again after one.
func BenchmarkTransfer(b *testing.B) {
	for _, d := range []durability{durabilities[0], durabilities[2]} {
		for _, writers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/writers=%d", d.name, writers), func(b *testing.B) { transfers(b, d, writers) })
		}
	}
}

func transfers(b *testing.B, d durability, writers int) {
	dir := b.TempDir()
	db, err := virga.Open(filepath.Join(dir, "virga"), d.option)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	docs := make([]virga.M, accounts)
	for i := range docs {
		docs[i] = virga.M{"_id": i, "amount": 1000}
	}
	if _, err := db.Collection(name).AddMany(background, docs); err != nil {
		b.Fatal(err)
	}
	raw, err := rawAccounts(filepath.Join(dir, "raw"), d.sync)
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	contest(b, 8*writers, eachOf(writers, func(i int) error { return transfer(db, i) }),
		floor{"floor", eachOf(writers, func(i int) error { return rawTransfer(raw, i) })})
	checkSum(b, db)
}

// pairOfAccounts returns two different accounts, others for each i.
func pairOfAccounts(i int) (from, to int) {
	from = i * 7919 % accounts
	return from, (from + 1 + i*31%(accounts-1)) % accounts
}

func transfer(db *virga.DB, i int) error {
	from, to := pairOfAccounts(i)
	return db.RunTransaction(background, func(ctx context.Context, tx *virga.Tx) error {
		c := tx.Collection(name)
		doc, err := c.Doc(from).Get(ctx)
		if err != nil {
			return err
		}
		if n, _ := doc.Lookup("amount").Int64(); n == 0 {
			return nil
		}
		if _, err := c.Doc(from).Update(ctx, virga.M{"amount": query.Inc(-1)}); err != nil {
			return err
		}
		_, err = c.Doc(to).Update(ctx, virga.M{"amount": query.Inc(1)})
		return err
	})
}

func checkSum(b *testing.B, db *virga.DB) {
	b.Helper()
	var sum int64
	for doc, err := range db.Collection(name).Where(nil).Each(background) {
		if err != nil {
			b.Fatal(err)
		}
		n, _ := doc.Lookup("amount").Int64()
		sum += n
	}
	if sum != 1000*accounts {
		b.Fatalf("the sum is %d", sum)
	}
}

// rawAccounts opens Badger as a program of its own would, with its transactions.
func rawAccounts(path string, sync bool) (*badger.DB, error) {
	db, err := badger.Open(rawOptions(path, sync).WithDetectConflicts(true))
	if err != nil {
		return nil, err
	}
	return db, db.Update(func(txn *badger.Txn) error {
		for i := range accounts {
			if err := txn.Set(accountKey(i), amountOf(1000)); err != nil {
				return err
			}
		}
		return nil
	})
}

func accountKey(i int) []byte { return fmt.Appendf(nil, "account-%06d", i) }

func amountOf(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func rawTransfer(db *badger.DB, i int) error {
	from, to := pairOfAccounts(i)
	for {
		err := db.Update(func(txn *badger.Txn) error {
			have, err := rawAmount(txn, from)
			if err != nil || have == 0 {
				return err
			}
			other, err := rawAmount(txn, to)
			if err != nil {
				return err
			}
			return errors.Join(txn.Set(accountKey(from), amountOf(have-1)), txn.Set(accountKey(to), amountOf(other+1)))
		})
		if !errors.Is(err, badger.ErrConflict) {
			return err
		}
	}
}

func rawAmount(txn *badger.Txn, i int) (uint64, error) {
	item, err := txn.Get(accountKey(i))
	if err != nil {
		return math.MaxUint64, err
	}
	var n uint64
	return n, item.Value(func(v []byte) error { n = binary.BigEndian.Uint64(v); return nil })
}

// BenchmarkBulk1000 adds a thousand documents in one bulk; the floor adds them one
// by one. "commits" is how many commits a bulk takes.
func BenchmarkBulk1000(b *testing.B) {
	for _, d := range []durability{durabilities[0], durabilities[2]} {
		b.Run(d.name, func(b *testing.B) {
			db, err := virga.Open(filepath.Join(b.TempDir(), "virga"), d.option)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			bulks, singles := db.Collection("bulks"), db.Collection("singles")
			var commits uint64
			bulk := func(i int) error {
				before, err := db.Stats(background)
				if err != nil {
					return err
				}
				all := bulks.Bulk()
				for _, doc := range docsFrom(nil, i*batchDocs, batchDocs) {
					all.Insert(doc)
				}
				if res, err := all.Commit(background); err != nil || res.Inserted != batchDocs {
					return fmt.Errorf("%d inserted: %w", res.Inserted, err)
				}
				after, err := db.Stats(background)
				commits += after.Commits - before.Commits
				return err
			}
			single := func(i int) error {
				for _, doc := range docsFrom(nil, i*batchDocs, batchDocs) {
					if _, err := singles.Add(background, doc); err != nil {
						return err
					}
				}
				return nil
			}
			contest(b, 1, each(bulk), floor{"singles", each(single)})
			b.ReportMetric(float64(commits)/float64(b.N), "commits")
		})
	}
}
