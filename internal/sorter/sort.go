package sorter

import (
	"context"
	"slices"
)

// sortBlock is how many elements are sorted or merged between two looks at the
// context: about a millisecond of work.
const sortBlock = 4096

// Sort sorts list, in no order where elements are equal, and ends with ctx: then the
// elements are in no order. It needs memory for as many elements again, when they
// are more than a few thousand.
func Sort[T any](ctx context.Context, list []T, cmp func(a, b T) int) error {
	for block := range slices.Chunk(list, sortBlock) {
		if err := ctx.Err(); err != nil {
			return err
		}
		slices.SortFunc(block, cmp)
	}
	if len(list) <= sortBlock {
		return nil
	}
	from, to := list, make([]T, len(list))
	for size := sortBlock; size < len(list); size *= 2 {
		for at := 0; at < len(list); at += 2 * size {
			mid, end := min(at+size, len(list)), min(at+2*size, len(list))
			if err := mergeBlocks(ctx, to[at:end], from[at:mid], from[mid:end], cmp); err != nil {
				return err
			}
		}
		from, to = to, from
	}
	if &from[0] != &list[0] {
		copy(list, from)
	}
	return nil
}

// mergeBlocks merges two sorted lists into one.
func mergeBlocks[T any](ctx context.Context, to, a, b []T, cmp func(a, b T) int) error {
	for i := range to {
		if i%sortBlock == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if len(b) == 0 || len(a) > 0 && cmp(a[0], b[0]) <= 0 {
			to[i], a = a[0], a[1:]
		} else {
			to[i], b = b[0], b[1:]
		}
	}
	return nil
}
