package virgatest

import (
	"context"
	"strings"
	"testing"

	"github.com/virgadb/virga"
)

// TestReportOfRun plays the part of Main for the tests below it.
func TestReportOfRun(t *testing.T) {
	run.mu.Lock()
	run.survey = newSurvey()
	run.mu.Unlock()
	defer func() {
		run.mu.Lock()
		run.survey = nil
		run.mu.Unlock()
	}()
	template := NewTemplate(nil)
	for _, name := range []string{"one", "two"} {
		t.Run(name, func(t *testing.T) {
			db := template.Fork(t)
			if _, err := db.Collection("a").Add(context.Background(), virga.M{"n": 1}); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Collection("a").Where(virga.M{"n": 1}).Get(context.Background()); err != nil {
				t.Fatal(err)
			}
		})
	}
	want := "index missing: a (n): equality\n  2 × n = ?: 2 documents examined, 2 found"
	if text := reportOfRun(); strings.TrimSpace(text) != want {
		t.Errorf("%s", text)
	}
}
