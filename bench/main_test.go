package bench

import (
	"fmt"
	"os"
	"testing"
)

// scratch is a folder that lasts as long as the process.
var scratch string

func TestMain(m *testing.M) {
	if what := os.Getenv(childEnv); what != "" {
		os.Exit(child(what))
	}
	dir, err := os.MkdirTemp("", "virga-bench-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}
