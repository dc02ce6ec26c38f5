package virga

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestModel runs random lists of operations on the database and on a model that
// is too simple to be wrong in the same way. A list that fails is shrunk, printed
// and kept in testdata/model, where TestModelKept finds it.
func TestModel(t *testing.T) {
	for _, c := range []struct {
		engine       string
		disk         bool
		lists, steps int
	}{
		{"memory", false, 60, 60},
		{"badger", true, 2, 100},
	} {
		t.Run(c.engine, func(t *testing.T) {
			t.Parallel()
			seed, steps, failures := newSeed(t), 0, 0
			lists := c.lists * effort()
			for n := range lists {
				ops := generate(random(seed, uint64(n)), c.steps)
				steps += len(ops)
				if err := runList(ops, c.disk); err != nil {
					failures++
					report(t, err, ops, c.disk, fmt.Sprintf("%s-%x-%d", c.engine, seed, n))
				}
				if failures == 3 {
					lists = n + 1
					break
				}
			}
			t.Logf("%s: seed %d, %d lists, %d steps, %d failures", c.engine, seed, lists, steps, failures)
		})
	}
}

// report shrinks a list that has failed with err, prints it and keeps it.
func report(t *testing.T, err error, ops []op, disk bool, name string) {
	t.Helper()
	small := shrink(ops, func(list []op) bool { return runList(list, disk) != nil }, 20*time.Second)
	if again := runList(small, disk); again != nil {
		err = again
	} else {
		small, err = ops, fmt.Errorf("a list that does not always fail: %w", err)
	}
	list := printOps(small)
	file := filepath.Join("testdata", "model", name+".txt")
	if err := os.WriteFile(file, []byte(list), 0o666); err != nil {
		t.Error(err)
	}
	t.Errorf("%v\n\n%s:\n%s", err, file, list)
}

// TestModelKept runs the lists that have failed once.
func TestModelKept(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "model", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no kept lists")
	}
	for _, file := range files {
		list, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		ops, err := parseOps(string(list))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, disk := range []bool{false, true} {
			if err := runList(ops, disk); err != nil {
				t.Errorf("%s, disk %v: %v", file, disk, err)
			}
		}
	}
}

// What is printed is what is read.
func TestListsAsText(t *testing.T) {
	seed := newSeed(t)
	for n := range uint64(50) {
		want := printOps(generate(random(seed, n), 50))
		ops, err := parseOps(want)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if got := printOps(ops); got != want {
			t.Fatalf("seed %d: printed\n%sread\n%s", seed, want, got)
		}
	}
}
