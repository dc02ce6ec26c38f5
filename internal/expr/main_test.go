package expr

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/virgadb/virga/internal/trial"
)

func TestMain(m *testing.M) {
	trial.Rapid(800)
	// The clock of the backtracking engine stops by itself a second after the last match.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("time.Sleep"))
}
