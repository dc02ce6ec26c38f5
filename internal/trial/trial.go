// Package trial says how much random tests are to do, and from which seed, and how
// long a test waits. Only tests use it.
//
// VIRGA_EFFORT scales every random test: 1, the default, is about a second a test.
// VIRGA_SEED repeats a run.
package trial

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// Patience is how long a test waits for what must come, so long that on a slow or busy
// machine too only that fails which never comes.
const Patience = time.Minute

// Effort returns VIRGA_EFFORT as a whole number, 1 at least.
func Effort() int { return Times(1) }

// Times returns n as often as VIRGA_EFFORT says, which may be a fraction, and 1 at
// least.
func Times(n int) int {
	effort, err := strconv.ParseFloat(os.Getenv("VIRGA_EFFORT"), 64)
	if err != nil || effort <= 0 {
		effort = 1
	}
	return max(1, int(float64(n)*effort))
}

// Seed returns VIRGA_SEED, or a seed that no run before has had.
func Seed() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("VIRGA_SEED"), 10, 64); err == nil {
		return n
	}
	return rand.Uint64()
}

// Random returns a source of random numbers, the seed of which it logs.
func Random(t testing.TB) *rand.Rand {
	t.Helper()
	seed := Seed()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Cases returns the number of cases a law is tried on, n unless VIRGA_EFFORT says
// otherwise, and a source of random numbers; it logs both.
func Cases(t testing.TB, n int) (int, *rand.Rand) {
	t.Helper()
	n = Times(n)
	seed := Seed()
	t.Logf("seed %d, %d cases", seed, n)
	return n, rand.New(rand.NewPCG(seed, 0))
}

// Rapid makes every test of rapid in a package try n cases, unless VIRGA_EFFORT or
// rapid's own flags say otherwise, and prints the seed. It is called by TestMain.
func Rapid(n int) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["rapid.checks"] {
		flag.Set("rapid.checks", strconv.Itoa(Times(n)))
	}
	if !given["rapid.seed"] {
		flag.Set("rapid.seed", strconv.FormatUint(Seed(), 10))
	}
	fmt.Printf("random tests: %s cases each, -rapid.seed=%s\n", flag.Lookup("rapid.checks").Value, flag.Lookup("rapid.seed").Value)
}
