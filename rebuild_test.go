package virga

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// torn is an engine after a power cut, until it is told that it was repaired.
type torn struct {
	*storagetest.Crashing
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
		config := &config{durability: storage.Fast, clock: clock.System()}
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
		after := &torn{Crashing: before.PowerCut(func(uint64) bool { return rnd.IntN(3) > 0 })}
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
