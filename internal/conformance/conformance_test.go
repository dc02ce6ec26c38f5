package conformance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/virgadb/virga"
)

func TestMain(m *testing.M) {
	// The clock of the backtracking engine of regular expressions stops by itself a
	// second after the last match.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("time.Sleep"))
}

// disagreements names the vectors whose expectation contradicts the
// specification, each with the reason. They count as failed in what is printed
// and do not fail the test.
var disagreements = map[string]string{}

// TestVectors runs all vectors on both engines.
func TestVectors(t *testing.T) {
	var files []file
	for _, folder := range folders() {
		found, err := readFolder(folder)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, e := range []struct{ engine, path string }{
		{"memory", virga.Memory},
		{"badger", filepath.Join(t.TempDir(), "vectors.virga")},
	} {
		t.Run(e.engine, func(t *testing.T) {
			db, err := virga.Open(e.path, virga.Fast)
			if err != nil {
				t.Fatal(err)
			}
			defer closeSound(t, db)
			r := &runner{db: db, shared: map[string]string{}}
			for _, f := range files {
				count := r.file(t, f)
				fmt.Fprintf(os.Stdout, "%s (%s): %d passed, %d failed, %d skipped\n", f.path, e.engine, count.passed, count.failed, count.skipped)
			}
		})
	}
}

// A count sums up a file.
type count struct{ passed, failed, skipped int }

func (r *runner) file(t *testing.T, f file) (c count) {
	for _, v := range f.vectors {
		err := r.run(t.Context(), v)
		reason, known := disagreements[v.id]
		switch {
		case errors.Is(err, errSkip):
			c.skipped++
		case err == nil:
			c.passed++
			if known {
				t.Errorf("%s: passes, though listed as a disagreement: %s", v.id, reason)
			}
		case known:
			c.failed++
			t.Logf("%s: known disagreement: %s", v.id, reason)
		default:
			c.failed++
			t.Errorf("%s %s: %v\n%s", f.path, v.id, err, v.Value)
		}
	}
	return c
}

// closeSound closes db once it has been found to agree with itself.
func closeSound(t *testing.T, db *virga.DB) {
	report, err := db.Check(t.Context())
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		t.Errorf("check: %v", err)
	}
	t.Logf("check: %d collections, %d documents", report.Collections, report.Documents)
	if err := db.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
