package virga

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/index"
)

// outKillDocs is how many documents of its own each result has.
const outKillDocs = 1500

// outKillChild replaces a collection until it is killed, by results whose documents
// all tell the number of the result, and says each number when the collection is
// replaced. All stages spill.
func outKillChild() error {
	ctx := context.Background()
	db, err := Open(os.Getenv("VIRGA_KILL_PATH"), crashLevels[os.Getenv("VIRGA_KILL_LEVEL")])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(os.Getenv("VIRGA_KILL_FROM"))
	for ; err == nil; n++ {
		a := db.Collection("from").Aggregate().AddFields(M{"n": M{"$literal": n}}).Sort(D{{"k", 1}}).Limit(outKillDocs - n%7).Out("to")
		a.memory = 50_000
		if _, err = a.All(ctx); err == nil {
			_, err = fmt.Println(n)
		}
	}
	return err
}

// TestKillOut kills processes that replace a collection over and over, and finds it
// whole: the last result that was acknowledged or the one after, with its index, and
// nothing that was left of another or of what was spilled.
func TestKillOut(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	rnd := random(seed, 0)
	kills, replaced := 2+2*effort()/10, 0
	path := t.TempDir()
	prepareOutKill(t, path)
	last := 0
	for kill := range kills {
		level := []string{"fast", "sync"}[kill%2]
		acked, err := killOut(rnd, path, level, last+1)
		if err != nil {
			t.Fatalf("seed %d, kill %d: %v", seed, kill, err)
		}
		replaced += acked - last
		if last, err = outAfterKill(path, acked); err != nil {
			t.Fatalf("seed %d, kill %d, after %d: %v", seed, kill, acked, err)
		}
	}
	t.Logf("seed %d: %d kills, %d replacements", seed, kills, replaced)
}

func prepareOutKill(t *testing.T, path string) {
	db, err := Open(path, Fast)
	if err != nil {
		t.Fatal(err)
	}
	docs := make([]D, outKillDocs)
	for i := range docs {
		docs[i] = D{{"_id", i}, {"k", i * 7919 % 30_011}, {"pad", strings.Repeat("x", 100)}}
	}
	if _, err := db.Collection("from").AddMany(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	if err := db.Collection("to").CreateIndex(t.Context(), index.Spec{Fields: index.By("k"), Unique: true}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// killOut runs a child and kills it, and returns the last number that it said.
func killOut(rnd *rand.Rand, path, level string, from int) (int, error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childVar+"=out", "VIRGA_KILL_PATH="+path, "VIRGA_KILL_LEVEL="+level, "VIRGA_KILL_FROM="+strconv.Itoa(from))
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	lines := bufio.NewReader(out)
	_, _ = lines.Peek(1)
	timer := time.AfterFunc(time.Duration(rnd.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	acked := from - 1
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		n, bad := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || bad != nil || n != acked+1 {
			return 0, fmt.Errorf("the child says %q after %d: %w", line, acked, err)
		}
		acked = n
	}
	_ = cmd.Wait() // killed
	if complaint.Len() > 0 {
		return 0, fmt.Errorf("the child did not live until it was killed: %s", complaint.String())
	}
	return acked, nil
}

// outAfterKill opens the database, looks at the collection and returns the number of
// the result in it.
func outAfterKill(path string, acked int) (n int, err error) {
	ctx := context.Background()
	stray := filepath.Join(path, "virga-spill-1")
	if err := os.WriteFile(stray, []byte("x"), 0o600); err != nil {
		return 0, err
	}
	db, err := Open(path, Fast)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if left, _ := filepath.Glob(filepath.Join(path, "virga-spill-*")); len(left) > 0 {
		return 0, fmt.Errorf("files are left: %v", left)
	}
	report, err := db.Check(ctx)
	if err = errors.Join(err, report.Err()); err != nil {
		return 0, err
	}
	names, err := db.Collections(ctx)
	if err != nil || len(names) != 2 {
		return 0, fmt.Errorf("collections %v, %w", names, err)
	}
	docs, err := db.Collection("to").Where(nil).OrderBy("k", Asc).Get(ctx)
	if err != nil || len(docs) == 0 {
		return 0, fmt.Errorf("%d documents, %w", len(docs), err)
	}
	first, _ := docs[0].Lookup("n").Int64()
	for _, d := range docs {
		if m, _ := d.Lookup("n").Int64(); m != first {
			return 0, fmt.Errorf("parts of the results %d and %d", first, m)
		}
	}
	n = int(first)
	if n != acked && n != acked+1 {
		return n, fmt.Errorf("it is result %d", n)
	}
	if len(docs) != outKillDocs-n%7 {
		return n, fmt.Errorf("result %d has %d documents", n, len(docs))
	}
	indexes, err := db.Collection("to").Indexes(ctx)
	if len(indexes) != 1 || !indexes[0].Unique {
		err = errors.Join(err, fmt.Errorf("indexes %v", indexes))
	}
	return n, err
}
