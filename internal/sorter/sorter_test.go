package sorter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
)

var nowhere time.Time

// TestSorter sorts random records with every limit of memory and window, and finds
// no file afterwards.
func TestSorter(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for _, memory := range []int64{4 << 10, 1 << 14, 1 << 30} {
		for _, top := range []int{0, 1, 7, 5000} {
			s := &Sorter{Memory: memory, Top: top}
			var want []string
			for range rnd.IntN(2000) {
				key := fmt.Appendf(nil, "%08d", rnd.IntN(1_000_000_000))
				want = append(want, string(key))
				if s.Wants(key) {
					doc, err := document.Encode(document.M{"k": string(key)}, nowhere)
					if err != nil {
						t.Fatal(err)
					}
					if err := s.Push(t.Context(), Record{Key: key, Doc: doc}); err != nil {
						t.Fatal(err)
					}
				}
			}
			slices.Sort(want)
			if top > 0 && len(want) > top {
				want = want[:top]
			}
			expect(t, s, want)
			s.Close()
			if left, _ := filepath.Glob(os.Getenv("TMPDIR") + "/*"); len(left) > 0 {
				t.Errorf("files left: %v", left)
			}
		}
	}
}

func expect(t *testing.T, s *Sorter, want []string) {
	t.Helper()
	if err := s.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		r, ok, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			if i != len(want) {
				t.Fatalf("%d records, want %d", i, len(want))
			}
			return
		}
		if text, _ := r.Doc.Lookup("k").Text(); i >= len(want) || want[i] != text || !bytes.Equal(r.Key, []byte(text)) {
			t.Fatalf("record %d is %s", i, r.Key)
		}
	}
}

// TestSorterStops ends a merge with its context.
func TestSorterStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &Sorter{Memory: 100}
	defer s.Close()
	for i := range 1000 {
		if err := s.Push(ctx, Record{Key: fmt.Appendf(nil, "%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 1000 {
		if _, _, err := s.Next(ctx); errors.Is(err, context.Canceled) {
			return
		}
	}
	t.Error("went on")
}
