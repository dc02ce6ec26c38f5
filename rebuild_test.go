package virga

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// torn is an engine after a power cut, until it is told that it was repaired.
type torn struct {
	storage.Engine
	rebuilt bool
}

func (e *torn) Unclean() bool  { return !e.rebuilt }
func (e *torn) Rebuilt() error { e.rebuilt = true; return nil }

// A power cut under Fast may lose any commits that were not synced. What is left
// is made consistent before it is served.
func TestRebuildAfterPowerCut(t *testing.T) {
	ctx := context.Background()
	rnd := random(newSeed(t), 1)
	for range 5 * effort() {
		before := storagetest.NewCrashing()
		config := relaxed()
		db, err := openStore("torn", before, config)
		if err != nil {
			t.Fatal(err)
		}
		c := db.Collection("c")
		if err := c.CreateIndexes(ctx, []index.Spec{{Fields: index.By("n")}, {Fields: index.By("tags", "-n")}}, nil); err != nil {
			t.Fatal(err)
		}
		for i := range 60 {
			id := rnd.IntN(20)
			switch rnd.IntN(4) {
			case 0:
				_, err = c.Doc(id).Remove(ctx)
			case 1:
				_, err = c.Doc(id).Update(ctx, M{"n": rnd.IntN(5)})
			default:
				_, err = c.Doc(id).Set(ctx, M{"n": i, "tags": []int{i % 3, 7}})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		after := &torn{Engine: before.PowerCut(func(uint64) bool { return rnd.IntN(3) > 0 })}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}

		var log bytes.Buffer
		config.logger = slog.New(slog.NewTextHandler(&log, nil))
		db, err = openStore("torn", after, config)
		if err != nil {
			t.Fatal(err)
		}
		mustCheck(t, db)
		if !after.rebuilt || !strings.Contains(log.String(), "made anew") {
			t.Errorf("rebuilt %v, log %q", after.rebuilt, log.String())
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRebuildIsInterrupted: a rebuild that fails at any of its writes takes no index
// with it, and the next Open does what is left.
func TestRebuildIsInterrupted(t *testing.T) {
	for _, failure := range []error{fmt.Errorf("no room: %w", ErrFull), errPlanned} {
		for n, hit := 1, true; hit; n++ {
			cut := powerCut(t)
			var fired atomic.Bool
			nth := storagetest.FailNth(n, false, failure, storagetest.Apply)
			plan := func(call storagetest.Call) error {
				err := nth(call)
				if err != nil {
					fired.Store(true)
				}
				return err
			}
			db, err := openStore("torn", &torn{Engine: storagetest.Faulty(cut, plan)}, relaxed())
			if err == nil {
				err = db.Close()
			}
			hit = fired.Load()
			if err != nil && (!hit || !errors.Is(err, failure)) {
				t.Errorf("%v at write %d: fired %v, open: %v", failure, n, hit, err)
			}
			if err := indexesAfter(t, cut.Kill()); err != nil {
				t.Errorf("%v at write %d: %v", failure, n, err)
			}
		}
	}
}

func relaxed() *config { return &config{durability: storage.Fast, clock: clock.System()} }

// powerCut returns what a power cut has left of a database with three indexes.
func powerCut(t *testing.T) *storagetest.Crashing {
	t.Helper()
	engine := storagetest.NewCrashing()
	db, err := openStore("torn", engine, relaxed())
	if err != nil {
		t.Fatal(err)
	}
	c := db.Collection("c")
	specs := []index.Spec{{Fields: index.By("n")}, {Fields: index.By("n", "tags")}, {Name: "one", Fields: index.By("u"), Unique: true}}
	if err := c.CreateIndexes(ctx(), specs, nil); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		if _, err := c.Add(ctx(), M{"_id": i, "n": i % 4, "u": i, "tags": []int{i, -1}}); err != nil {
			t.Fatal(err)
		}
	}
	cut := engine.PowerCut(func(version uint64) bool { return version%3 > 0 })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return cut
}

// indexesAfter opens what was left and says what is wrong with its indexes.
func indexesAfter(t *testing.T, left storage.Engine) error {
	t.Helper()
	db, err := openStore("torn", &torn{Engine: left}, relaxed())
	if err != nil {
		return err
	}
	defer db.Close()
	mustCheck(t, db)
	infos, err := db.Collection("c").Indexes(ctx())
	if err != nil {
		return err
	}
	if len(infos) != 3 || infos[0].Name != "n" || infos[1].Name != "n_tags" || infos[2].Name != "one" || !infos[2].Unique {
		return fmt.Errorf("indexes %v", infos)
	}
	return nil
}
