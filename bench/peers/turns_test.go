package peers

import (
	"slices"
	"testing"
	"time"

	"github.com/virgadb/virga/bench"
)

// A contestant is an open peer.
type contestant struct {
	name string
	peer peer
}

// turns does b.N operations with every contestant, in turns, and reports what one takes
// ours, the first, and the ratios to the others.
func turns(b *testing.B, all []contestant, op func(p peer, i int) error) {
	b.Helper()
	report(b, all, inTurns(b, all, op))
}

// inTurns does b.N operations with every contestant, in rounds in which each has its
// turn. It returns what one took in nanoseconds, by contestant and by round. What an
// operation does is told apart by i, the same for all.
func inTurns(b *testing.B, all []contestant, op func(p peer, i int) error) [][]float64 {
	b.Helper()
	rounds := max(1, min(21, b.N))
	took := make([][]float64, len(all))
	for r := range rounds {
		from, to := b.N*r/rounds, b.N*(r+1)/rounds
		for turn := range all {
			c := (turn + r) % len(all)
			began := time.Now()
			for i := from; i < to; i++ {
				if err := op(all[c].peer, i); err != nil {
					b.Fatalf("%s: %v", all[c].name, err)
				}
			}
			took[c] = append(took[c], float64(time.Since(began))/float64(to-from))
		}
	}
	return took
}

// report reports what an operation took, see inTurns.
func report(b *testing.B, all []contestant, took [][]float64) {
	b.ReportMetric(middle(took[0]), "ns/op")
	for c := 1; c < len(all); c++ {
		b.ReportMetric(ratio(took[0], took[c]), "x-"+all[c].name)
		b.ReportMetric(middle(took[c]), all[c].name+"-ns/op")
	}
}

// ratio returns the median over the rounds of one contestant's time by another's.
func ratio(ours, theirs []float64) float64 {
	ratios := make([]float64, len(ours))
	for r := range ratios {
		ratios[r] = ours[r] / theirs[r]
	}
	return middle(ratios)
}

func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// opened opens every peer in a folder of its own.
func opened(b *testing.B, sync bool) []contestant {
	b.Helper()
	var all []contestant
	for _, k := range kinds {
		p, err := k.open(b.TempDir(), sync)
		if err != nil {
			b.Fatalf("%s: %v", k.name, err)
		}
		all = append(all, contestant{k.name, p})
		b.Cleanup(func() {
			if err := p.close(); err != nil {
				b.Errorf("%s: %v", k.name, err)
			}
		})
	}
	return all
}

// loaded is opened with the whole workload.
func loaded(b *testing.B, sync bool) []contestant {
	b.Helper()
	all := opened(b, sync)
	for _, c := range all {
		load(b, c)
	}
	return all
}

func load(b *testing.B, c contestant) {
	b.Helper()
	for docs := range slices.Chunk(workload(), batch) {
		if err := c.peer.insert(docs); err != nil {
			b.Fatalf("%s: %v", c.name, err)
		}
	}
}

// batch is the number of documents that are inserted in one step.
const batch = 1000

// document returns a document that is not in the workload.
func document(i int) bench.Document { return bench.At(seed+1, uint64(i)) }
