package expr

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain sets how much the random tests do, by VIRGA_EFFORT, and says from which
// seed, unless flags of rapid are given.
func TestMain(m *testing.M) {
	flag.Parse()
	effort := 1.0
	if f, err := strconv.ParseFloat(os.Getenv("VIRGA_EFFORT"), 64); err == nil && f > 0 {
		effort = f
	}
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["rapid.checks"] {
		flag.Set("rapid.checks", strconv.Itoa(max(1, int(800*effort))))
	}
	if !given["rapid.seed"] {
		flag.Set("rapid.seed", strconv.FormatInt(time.Now().UnixNano(), 10))
	}
	fmt.Printf("random tests: %s cases each, -rapid.seed=%s\n", flag.Lookup("rapid.checks").Value, flag.Lookup("rapid.seed").Value)
	// The clock of the backtracking engine stops by itself a second after the last match.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("time.Sleep"))
}
