package plan

import "context"

// A skipper passes over its items for less than it takes to yield them.
type skipper interface {
	// skip passes over up to n items and returns over how many: fewer at the end.
	skip(ctx context.Context, n int) (int, error)
}

// skip passes over up to n items and returns over how many: fewer at the end.
func skip(ctx context.Context, src items, n int) (int, error) {
	if s, ok := src.(skipper); ok {
		return s.skip(ctx, n)
	}
	return skipSingly(ctx, src, n)
}

func skipSingly(ctx context.Context, src items, n int) (int, error) {
	for i := range n {
		if _, ok, err := src.next(ctx); !ok || err != nil {
			return i, err
		}
	}
	return n, nil
}

// skip implements [skipper]. The entries are not taken apart, where none has to be looked
// at for the others' sake.
func (w *walk) skip(ctx context.Context, n int) (skipped int, err error) {
	if len(w.checks) > 0 {
		return skipSingly(ctx, w, n)
	}
	for skipped < n && w.open() {
		if err := ctx.Err(); err != nil {
			return skipped, err
		}
		more := w.cursor.Skip(n - skipped)
		skipped += more
		w.exec.keys += int64(more)
		if more == 0 {
			if err := w.leave(); err != nil {
				return skipped, err
			}
		}
	}
	return skipped, nil
}
