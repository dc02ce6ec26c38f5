package badger_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
	"github.com/virgadb/virga/internal/trial"
)

func TestCompactGivesSpaceBack(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "db"), small)
	for i := range 200 {
		var writes []storage.Write
		for j := range 50 {
			writes = append(writes, set(fmt.Sprintf("k%03d%03d", i, j), strings.Repeat("v", 1000)))
		}
		apply(t, e, writes...)
	}
	full := e.Usage()
	if full.Disk < 9<<20 || full.Memory < small.MemTableSize {
		t.Errorf("usage %+v of 10 MB", full)
	}
	for i := range 200 {
		var writes []storage.Write
		for j := range 50 {
			writes = append(writes, del(fmt.Sprintf("k%03d%03d", i, j)))
		}
		apply(t, e, writes...)
	}
	apply(t, e, set("left", "v"))
	e.Retire(e.Version())
	must(t, e.Compact(context.Background()))
	must(t, e.Verify(context.Background()))
	if now := e.Usage(); now.Disk > full.Disk/4 {
		t.Errorf("%d bytes on disk, of %d, after everything was deleted", now.Disk, full.Disk)
	}
	if got := get(t, e, "left"); got != "v" {
		t.Errorf("got %s", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Compact(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("compact: %v", err)
	}
	if err := e.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("verify: %v", err)
	}
}

// TestCompactOfOneTable deletes what has never left the memory table.
func TestCompactOfOneTable(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "db"), badger.Options{MemTableSize: 4 << 20})
	for i := range 200 {
		apply(t, e, set(fmt.Sprint("k", i), strings.Repeat("v", 10_000)))
	}
	for i := range 200 {
		apply(t, e, del(fmt.Sprint("k", i)))
	}
	e.Retire(e.Version())
	full := e.Usage()
	must(t, e.Compact(context.Background()))
	if now := e.Usage(); now.Disk > full.Disk/2 || now.Disk > 1<<20 {
		t.Errorf("%d bytes on disk, of %d, after everything was deleted", now.Disk, full.Disk)
	}
}

// TestCommitsComeBetweenThePartsOfCompact lets a commit ask for its turn while Compact
// fills the log. It comes before the log is full, which the looks for free space tell.
func TestCommitsComeBetweenThePartsOfCompact(t *testing.T) {
	var looks, came atomic.Int64
	first := func() {}
	options := badger.Options{MemTableSize: 8 << 20, Free: func(string) (uint64, error) {
		if looks.Add(1) == 1 {
			first()
		}
		time.Sleep(2 * time.Millisecond) // longer than a lock lets one who waits for it be overtaken
		return 1 << 40, nil
	}}
	e := open(t, filepath.Join(t.TempDir(), "db"), options)
	apply(t, e, set("k", "old"))
	must(t, e.Compact(context.Background())) // from now on one table is enough
	apply(t, e, set("k", "new"))
	looks.Store(0)
	var commit sync.WaitGroup
	first = func() {
		commit.Go(func() {
			if err := e.Apply(e.Version()+1, []storage.Write{set("k", "newest")}, false); err != nil {
				t.Error(err)
			}
			came.Store(looks.Load())
		})
	}
	must(t, e.Compact(context.Background()))
	commit.Wait()
	if all := looks.Load(); came.Load() >= all || all < 4 {
		t.Errorf("the commit came at look %d of %d", came.Load(), all)
	}
	if got := get(t, e, "k"); got != "newest" {
		t.Errorf("got %s", got)
	}
	must(t, e.Verify(context.Background()))
}

// TestViewsUnderCompaction holds views over many table writes, merges and
// compactions and checks that each still shows exactly its version.
func TestViewsUnderCompaction(t *testing.T) {
	rnd := trial.Random(t)
	e := open(t, filepath.Join(t.TempDir(), "db"), badger.Options{MemTableSize: 256 << 10})
	type held struct {
		storage.View
		version uint64
		want    map[string]string
	}
	now, views := map[string]string{}, []held{}
	steps := 1500 * trial.Effort()
	for i := range steps {
		var writes []storage.Write
		for range 1 + rnd.IntN(10) {
			k := fmt.Sprintf("k%03d", rnd.IntN(300))
			if rnd.IntN(3) == 0 {
				writes = append(writes, del(k))
				delete(now, k)
			} else {
				v := fmt.Sprintf("%d %s", i, strings.Repeat("v", rnd.IntN(500)))
				writes, now[k] = append(writes, set(k, v)), v
			}
		}
		apply(t, e, writes...)
		if rnd.IntN(100) == 0 {
			views = append(views, held{e.View(), e.Version(), maps.Clone(now)})
		}
		if len(views) > 5 {
			checkView(t, rnd, views[0].View, views[0].want)
			views[0].Release()
			views = views[1:]
			e.Retire(views[0].version)
		}
		if rnd.IntN(500) == 0 {
			must(t, e.Compact(context.Background()))
		}
	}
	for _, v := range views {
		checkView(t, rnd, v.View, v.want)
	}
	t.Logf("%d batches", steps)
}
