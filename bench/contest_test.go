package bench

import (
	"errors"
	"runtime/metrics"
	"slices"
	"sync"
	"testing"
	"time"
)

// A runner does n operations and times them with w, which it gets stopped.
type runner func(w *watch, n int) error

// A floor is what an operation is measured against.
type floor struct {
	name string // "floor", or another word for a second one
	run  runner
}

// contest measures ours beside its floors. The first floor's metrics are
// "floor-ns/op", "x-floor" and "x-cpu"; those of one named merged are
// "merged-ns/op" and "x-merged". A round has at least least operations.
func contest(b *testing.B, least int, ours runner, floors ...floor) {
	b.Helper()
	all := []runner{ours}
	for _, f := range floors {
		all = append(all, f.run)
	}
	rounds := max(1, min(21, b.N/max(least, 1)))
	seen := make([][]spent, len(all))
	b.ReportAllocs()
	b.ResetTimer()
	for r := range rounds {
		n := b.N*(r+1)/rounds - b.N*r/rounds
		for turn := range all {
			i := (turn + r) % len(all)
			var w watch
			if err := all[i](&w, n); err != nil {
				b.Fatal(err)
			}
			seen[i] = append(seen[i], w.total.per(n))
		}
	}
	b.StopTimer()
	wall := func(s spent) float64 { return s.wall }
	cpu := func(s spent) float64 { return s.cpu }
	b.ReportMetric(median(seen[0], wall), "ns/op")
	b.ReportMetric(median(seen[0], cpu), "cpu-ns/op")
	b.ReportMetric(median(seen[0], func(s spent) float64 { return s.bytes }), "B/op")
	b.ReportMetric(median(seen[0], func(s spent) float64 { return s.allocs }), "allocs/op")
	for i, f := range floors {
		b.ReportMetric(median(seen[i+1], wall), f.name+"-ns/op")
		b.ReportMetric(ratio(seen[0], seen[i+1], wall), "x-"+f.name)
		if i == 0 {
			if x := ratio(seen[0], seen[1], cpu); x > 0 {
				b.ReportMetric(x, "x-cpu")
			}
		}
	}
}

// spent is what operations cost: nanoseconds by the clock and of all processors
// together, bytes and objects allocated.
type spent struct {
	wall, cpu, bytes, allocs float64
}

func (s spent) per(n int) spent {
	f := float64(n)
	return spent{s.wall / f, s.cpu / f, s.bytes / f, s.allocs / f}
}

func median(all []spent, of func(spent) float64) float64 {
	values := make([]float64, len(all))
	for i, s := range all {
		values[i] = of(s)
	}
	return middle(values)
}

// ratio returns the median of a by b over the rounds, 0 when it cannot be told.
func ratio(a, b []spent, of func(spent) float64) float64 {
	var values []float64
	for i := range a {
		if of(b[i]) > 0 {
			values = append(values, of(a[i])/of(b[i]))
		}
	}
	return middle(values)
}

func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return (values[len(values)/2] + values[(len(values)-1)/2]) / 2
}

// A watch adds up what is spent between Start and Stop.
type watch struct {
	total   spent
	started time.Time
	cpu     time.Duration
	sample  [2]metrics.Sample
	bytes   uint64
	allocs  uint64
}

func (w *watch) Start() {
	w.bytes, w.allocs = w.heap()
	w.cpu = cpuTime()
	w.started = time.Now()
}

func (w *watch) Stop() {
	w.total.wall += float64(time.Since(w.started))
	w.total.cpu += float64(cpuTime() - w.cpu)
	bytes, allocs := w.heap()
	w.total.bytes += float64(bytes - w.bytes)
	w.total.allocs += float64(allocs - w.allocs)
}

func (w *watch) heap() (bytes, allocs uint64) {
	w.sample[0].Name = "/gc/heap/allocs:bytes"
	w.sample[1].Name = "/gc/heap/allocs:objects"
	metrics.Read(w.sample[:])
	return w.sample[0].Value.Uint64(), w.sample[1].Value.Uint64()
}

// each is the runner that does one operation after another. The operations are
// numbered through all rounds.
func each(op func(i int) error) runner { return eachOf(1, op) }

// eachOf is [each] from that many goroutines, which take operations in turn.
func eachOf(goroutines int, op func(i int) error) runner {
	next := 0
	return func(w *watch, n int) error {
		from := next
		next += n
		w.Start()
		defer w.Stop()
		return share(goroutines, n, func(i int) error { return op(from + i) })
	}
}

// prepared is [eachOf] with a step before each round, outside of the time, that
// makes what operations from to from+n-1 use. They are numbered from 0 in each round.
func prepared(goroutines int, prepare func(from, n int), op func(i int) error) runner {
	next := 0
	return func(w *watch, n int) error {
		prepare(next, n)
		next += n
		w.Start()
		defer w.Stop()
		return share(goroutines, n, op)
	}
}

// share does operations 0 to n-1, divided among goroutines.
func share(goroutines, n int, op func(i int) error) error {
	if goroutines == 1 {
		for i := range n {
			if err := op(i); err != nil {
				return err
			}
		}
		return nil
	}
	errs := make([]error, goroutines)
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := g; i < n && errs[g] == nil; i += goroutines {
				errs[g] = op(i)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
