package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/virgadb/virga"
)

// Memory is measured in a child, which is this test binary again with childEnv
// saying what to load.
const (
	childEnv  = "VIRGA_BENCH_CHILD"
	folderEnv = "VIRGA_BENCH_FOLDER"
)

// A footprint is what loading the workload takes.
type footprint struct {
	Peak int64 // bytes of anonymous memory at most
	Idle int64 // the same once all is loaded and the heap given back
	Disk int64 // bytes of disk after Close
}

// loads are the ways to load.
var loads = map[string]func(path string, loaded func()) error{
	"virga":       func(path string, loaded func()) error { return loadThen(path, loaded) },
	"virga-32MiB": func(path string, loaded func()) error { return loadThen(path, loaded, virga.WithMemory(32<<20)) },
	"raw":         loadRaw,
}

func loadThen(path string, loaded func(), options ...virga.Option) error {
	return loadVirga(path, loaded, append(options, virga.Fast)...)
}

// child loads the workload, prints its footprint and returns the exit code.
func child(what string) int {
	path := os.Getenv(folderEnv)
	var f footprint
	peak := watchPeak()
	err := loads[what](path, func() {
		f.Peak = peak()
		runtime.GC()
		debug.FreeOSMemory()
		f.Idle = anonymous()
	})
	if err == nil {
		f.Disk, err = occupied(path)
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// watchPeak watches anonymous memory until the function it returns is called,
// which returns the most there was.
func watchPeak() func() int64 {
	stop, done := make(chan struct{}), make(chan int64)
	go func() {
		most := anonymous()
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, anonymous())
			case <-stop:
				done <- max(most, anonymous())
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-done
	}
}

// anonymous returns the bytes of anonymous memory this process has, 0 where the
// machine does not say.
func anonymous() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if kb, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kb), " kB"), 10, 64)
			if err == nil {
				return n << 10
			}
		}
	}
	return 0
}

// occupied returns the bytes of disk that the files under path have.
func occupied(path string) (n int64, err error) {
	err = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			n += allocated(info)
		}
		return err
	})
	return n, err
}

// footprints loads in every way, once in a process.
var footprints = sync.OnceValues(func() (map[string]footprint, error) {
	all := map[string]footprint{}
	for what := range loads {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+what, folderEnv+"="+filepath.Join(scratch, "child-"+what))
		out, err := cmd.Output()
		var f footprint
		if err == nil {
			err = json.Unmarshal(out, &f)
		}
		if err != nil {
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				err = fmt.Errorf("%w: %s", err, exit.Stderr)
			}
			return nil, fmt.Errorf("load %s: %w", what, err)
		}
		all[what] = f
	}
	return all, nil
})

// reportLoad reports what loading the workload in batches takes: of the disk, and
// of anonymous memory at the peak and afterwards; by the database, by it with a
// memory limit of 32 MiB, and by hand on Badger.
func reportLoad(b *testing.B) {
	all, err := footprints()
	if err != nil {
		b.Fatal(err)
	}
	ours, floor := all["virga"], all["raw"]
	b.ReportMetric(megabytes(ours.Disk), "disk-MB")
	b.ReportMetric(megabytes(floor.Disk), "floor-disk-MB")
	if floor.Peak == 0 || floor.Idle == 0 {
		return
	}
	b.ReportMetric(megabytes(ours.Peak), "peak-MB")
	b.ReportMetric(megabytes(all["virga-32MiB"].Peak), "peak-MB/32MiB")
	b.ReportMetric(megabytes(floor.Peak), "floor-peak-MB")
	b.ReportMetric(megabytes(ours.Idle), "idle-MB")
	b.ReportMetric(megabytes(floor.Idle), "floor-idle-MB")
	b.ReportMetric(float64(ours.Peak)/float64(floor.Peak), "x-peak")
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }
