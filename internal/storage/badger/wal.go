package badger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/virgadb/virga/internal/clock"
)

// walFiles makes Badger's write-ahead logs durable. Badger can do so by itself
// (SyncWrites), but then syncs its empty value log as well with every commit, and
// never the folder when it begins a new log; its Sync forgets the logs before the
// newest. It is safe for concurrent use.
//
// Each memory table has a log, NNNNN.mem, numbered upwards. A log is removed once
// its table is a durable .sst file, in the order of the numbers.
type walFiles struct {
	dir string
	db  *badger.DB

	clock clock.Clock

	mu      sync.Mutex // guards all below
	current *os.File   // the newest log known, through a descriptor of our own
	number  int
	synced  map[int]bool // older logs that were synced after their last write
	changed time.Time    // the last change of the folder that was synced
}

const walExt = ".mem"

func openWALs(dir string, db *badger.DB, c clock.Clock) (*walFiles, error) {
	w := &walFiles{dir: dir, db: db, clock: c}
	if err := w.catchUp(); err != nil {
		return nil, err
	}
	return w, nil
}

// sync makes every batch applied so far durable: it syncs the logs that may hold
// one that is not, and the folder if files were made in it.
func (w *walFiles) sync() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	rotated := w.rotated()
	if rotated {
		if err := w.catchUp(); err != nil {
			return err
		}
	}
	if err := beforeSync(w.db); err != nil {
		return err
	}
	if err := syncData(w.current); err != nil {
		return err
	}
	return w.syncFolder(rotated)
}

// rotated reports whether Badger may have begun another log. Logs are numbered
// without gaps and removed oldest first, so while the current one exists, a newer
// one is its successor.
func (w *walFiles) rotated() bool {
	if _, err := os.Lstat(w.name(w.number)); err != nil {
		return true
	}
	_, err := os.Lstat(w.name(w.number + 1))
	return err == nil
}

// catchUp syncs the logs that are written no more and makes the newest the
// current one. A log that vanishes meanwhile has become a table.
func (w *walFiles) catchUp() error {
	for {
		numbers, err := walNumbers(w.dir)
		if err != nil {
			return err
		}
		if len(numbers) == 0 {
			return fmt.Errorf("%s: no write-ahead log", w.dir)
		}
		newest := numbers[len(numbers)-1]
		if err := w.syncOlder(numbers[:len(numbers)-1]); err != nil {
			return err
		}
		f, err := os.OpenFile(w.name(newest), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		w.close()
		w.current, w.number = f, newest
		return nil
	}
}

func (w *walFiles) syncOlder(numbers []int) error {
	synced := map[int]bool{}
	for _, n := range numbers {
		if !w.synced[n] {
			if err := w.syncOne(n); err != nil {
				return err
			}
		}
		synced[n] = true
	}
	w.synced = synced
	return nil
}

func (w *walFiles) syncOne(n int) error {
	f, err := os.OpenFile(w.name(n), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return syncData(f)
}

// fresh is how long the time of a change is not to be relied upon: a second one
// may have got the same time.
const fresh = 50 * time.Millisecond

// syncFolder makes the names of new logs and tables durable.
func (w *walFiles) syncFolder(rotated bool) error {
	fi, err := os.Stat(w.dir)
	if err != nil {
		return err
	}
	changed := fi.ModTime()
	if !rotated && changed.Equal(w.changed) {
		return nil
	}
	if err := syncFolder(w.dir); err != nil {
		return err
	}
	if w.clock.Now().Sub(changed) > fresh {
		w.changed = changed
	}
	return nil
}

func (w *walFiles) close() {
	if w.current != nil {
		w.current.Close()
	}
}

func (w *walFiles) name(n int) string {
	return filepath.Join(w.dir, fmt.Sprintf("%05d", n)+walExt)
}

// walNumbers returns the numbers of the logs in dir, rising.
func walNumbers(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), walExt); ok {
			if n, err := strconv.Atoi(name); err == nil {
				numbers = append(numbers, n)
			}
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// syncFolder makes the names in dir durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && folderSyncs {
		return err
	}
	return nil
}
