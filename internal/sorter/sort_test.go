package sorter

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSort sorts lists of every size around that of a block.
func TestSort(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for _, n := range []int{0, 1, 2, sortBlock - 1, sortBlock, sortBlock + 1, 2 * sortBlock, 2*sortBlock + 1, 5*sortBlock + 17} {
		list := make([]int, n)
		for i := range list {
			list[i] = rnd.IntN(n)
		}
		want := slices.Sorted(slices.Values(list))
		if err := Sort(t.Context(), list, cmp.Compare[int]); err != nil || !slices.Equal(list, want) {
			t.Errorf("%d elements: %v", n, err)
		}
	}
}

// TestSortStops counts how often elements are compared after the context has ended.
func TestSortStops(t *testing.T) {
	for _, when := range []int{1, 20_000, 300_000, 900_000} {
		list := rand.Perm(64 * sortBlock)
		ctx, cancel := context.WithCancel(t.Context())
		compared := 0
		err := Sort(ctx, list, func(a, b int) int {
			if compared++; compared == when {
				cancel()
			}
			return cmp.Compare(a, b)
		})
		if most := when + 32*sortBlock; !errors.Is(err, context.Canceled) || compared > most {
			t.Errorf("ended after %d comparisons, at most %d are expected: %v", compared, most, err)
		}
	}
}
