package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	inner := fmt.Errorf("index u: %w", On(`"a"`, At("u.v", fmt.Errorf("taken: %w", ErrDuplicate))))
	err := Wrap("add", "c", "", inner)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrDuplicate) {
		t.Fatalf("%v", err)
	}
	if e.Op != "add" || e.Collection != "c" || e.ID != `"a"` || e.Path != "u.v" || e.Code != "DATABASE_DUPLICATE_WRITE" || e.Number != -502001 {
		t.Errorf("%+v", e)
	}
	if text := err.Error(); text != `add c/"a": index u: u.v: taken: duplicate key` {
		t.Errorf("%s", text)
	}
	if again := Wrap("find", "d", "", err); again != err {
		t.Errorf("wrapped twice: %v", again)
	}
	if Wrap("x", "", "", nil) != nil || At("x", nil) != nil || On("x", nil) != nil {
		t.Error("nil is wrapped")
	}
}

func TestWrapNamesWhatItIsGiven(t *testing.T) {
	for _, x := range []struct {
		op, collection, id string
		err                error
		text, code         string
	}{
		{"open", "", "", ErrLocked, "open: locked by another process", "SYS_ERR"},
		{"get", "c", "1", ErrNotFound, "get c/1: not found", "DOCUMENT_NOT_FOUND"},
		{"find", "c", "", context.DeadlineExceeded, "find c: context deadline exceeded", "DATABASE_TIMEOUT"},
		{"add", "c", "", At("", ErrInvalid), "add c: invalid argument", "INVALID_PARAM"},
		{"get", "c", strings.Repeat("x", 101), ErrNotFound, "get c/" + strings.Repeat("x", 100) + "…: not found", "DOCUMENT_NOT_FOUND"},
	} {
		err := Wrap(x.op, x.collection, x.id, x.err)
		var e *Error
		if !errors.As(err, &e) || err.Error() != x.text || e.Code != x.code {
			t.Errorf("%s: %q, %s", x.op, err, e.Code)
		}
	}
}

func TestJoin(t *testing.T) {
	if err := Join(nil, nil); err != nil {
		t.Errorf("of nothing: %v", err)
	}
	if err := Join(nil, ErrFull); err != ErrFull {
		t.Errorf("of one: %v", err)
	}
	err := Wrap("open", "", "", Join(fmt.Errorf("interval of 0s: %w", ErrInvalid), nil, At("a", ErrFull)))
	if text := err.Error(); text != "open: interval of 0s: invalid argument; a: disk full" {
		t.Error(text)
	}
	if e := (*Error)(nil); !errors.Is(err, ErrInvalid) || !errors.Is(err, ErrFull) || !errors.As(err, &e) || e.Path != "a" {
		t.Errorf("%+v", e)
	}
}
