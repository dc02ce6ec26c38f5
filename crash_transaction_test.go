package virga

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/query"
)

const (
	torsoAccounts = 12
	torsoBulk     = 20 // documents of one atomic bulk
)

// transactionsChild moves amounts between accounts and makes atomic bulks until it
// is killed. It says the name of each that was acknowledged.
func transactionsChild() error {
	ctx := context.Background()
	db, err := Open(os.Getenv("VIRGA_CRASH_PATH"), crashLevels[os.Getenv("VIRGA_CRASH_LEVEL")])
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range 8 {
		go func() {
			rnd := random(uint64(time.Now().UnixNano()), uint64(w))
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				do := transferNamed
				if w < 3 {
					do = bulkNamed
				}
				if err := do(ctx, db, name, rnd.IntN(torsoAccounts), rnd.IntN(torsoAccounts)); err != nil {
					failed <- err
				}
				if _, err := fmt.Println(name); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// transferNamed moves one unit and stores a receipt, in one transaction.
func transferNamed(ctx context.Context, db *DB, name string, from, to int) error {
	return db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
		accounts := tx.Collection("accounts")
		if _, err := accounts.Doc(from).Update(ctx, M{"amount": query.Inc(-1)}); err != nil {
			return err
		}
		if _, err := accounts.Doc(to).Update(ctx, M{"amount": query.Inc(1)}); err != nil {
			return err
		}
		_, err := tx.Collection("receipts").Add(ctx, M{"_id": name})
		return err
	})
}

// bulkNamed adds documents of one name, and removes those of an older one.
func bulkNamed(ctx context.Context, db *DB, name string, _, _ int) error {
	b := db.Collection("bulks").Bulk()
	for i := range torsoBulk {
		b.Insert(M{"_id": fmt.Sprintf("%s/%d", name, i), "name": name, "n": i})
	}
	b.UpdateMany(M{"name": name}, M{"n": query.Inc(100)})
	_, err := b.Commit(ctx, Atomic)
	return err
}

// Kill -9 in the middle of transactions and bulks leaves all of each or nothing,
// and all of what was acknowledged.
func TestCrashOfTransactions(t *testing.T) {
	rnd := random(newSeed(t), 1)
	levels := slices.Sorted(maps.Keys(crashLevels))
	acknowledged := 0
	kills := 3 + 6*effort()/10
	for n := range kills {
		path := t.TempDir()
		db, err := Open(path, Fast)
		if err != nil {
			t.Fatal(err)
		}
		for i := range torsoAccounts {
			mustAdd(t, db.Collection("accounts"), M{"_id": i, "amount": 100})
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		names, err := killTransactions(path, levels[n%len(levels)], time.Duration(rnd.IntN(250))*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		acknowledged += len(names)
		compareTransactions(t, path, names)
	}
	t.Logf("%d kills, %d acknowledged transactions and bulks", kills, acknowledged)
}

// killTransactions runs a child, kills it once it has said something and some time
// has passed, and returns what it said.
func killTransactions(path, level string, after time.Duration) ([]string, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childVar+"=transactions", "VIRGA_CRASH_PATH="+path, "VIRGA_CRASH_LEVEL="+level)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	_, _ = lines.Peek(1)
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	var names []string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line that is not whole was not said
		}
		names = append(names, strings.TrimSpace(line))
	}
	_ = cmd.Wait() // killed
	if complaint.Len() > 0 {
		return nil, errors.New(complaint.String())
	}
	return names, nil
}

func compareTransactions(t *testing.T, path string, names []string) {
	ctx := context.Background()
	db := openWith(t, path)
	if sum := total(t, db.Collection("accounts")); sum != 100*torsoAccounts {
		t.Errorf("the sum of the accounts is %d", sum)
	}
	receipts, bulks := map[any]bool{}, map[any]int{}
	for doc, err := range db.Collection("receipts").Where(nil).Each(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		receipts[doc.ID().Any()] = true
	}
	for doc, err := range db.Collection("bulks").Where(nil).Each(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := doc.Lookup("n").Int64(); n < 100 {
			t.Errorf("document %s without the second half of its bulk", doc.ID())
		}
		bulks[doc.Lookup("name").Any()]++
	}
	for _, name := range names {
		if !receipts[name] && bulks[name] == 0 {
			t.Errorf("%s was acknowledged and is lost", name)
		}
	}
	for name, n := range bulks {
		if n != torsoBulk {
			t.Errorf("bulk %v has %d documents", name, n)
		}
	}
}
