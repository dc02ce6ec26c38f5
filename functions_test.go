package virga

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/virgadb/virga/rules"
)

func TestFunctions(t *testing.T) {
	ctx := context.Background()
	var log bytes.Buffer
	db := openWith(t, Memory, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if err := db.Collection("secret").SetMode(ctx, rules.AdminOnly); err != nil {
		t.Fatal(err)
	}
	errOwn := errors.New("an error of its own")
	for name, f := range map[string]Function{
		"whoami": func(ctx context.Context, _ any) (any, error) {
			auth, ok := Caller(ctx)
			if !ok {
				return "the program", nil
			}
			return auth.Owner(), nil
		},
		"store": func(ctx context.Context, data any) (any, error) { return db.Collection("secret").Add(ctx, data) },
		"panic": func(context.Context, any) (any, error) { panic("oh no") },
		"nil":   func(_ context.Context, data any) (any, error) { return *data.(*int), nil },
		"fails": func(context.Context, any) (any, error) { return 1, errOwn },
		"calls": func(ctx context.Context, _ any) (any, error) { return db.Call(ctx, "whoami", nil) },
	} {
		if err := db.Function(name, f); err != nil {
			t.Fatal(err)
		}
	}
	a := db.As(alice)
	for _, name := range []string{"whoami", "calls"} {
		if who, err := a.Call(ctx, name, nil); err != nil || who != "alice" {
			t.Errorf("%s: %v, %v", name, who, err)
		}
	}
	if who, err := db.Call(ctx, "whoami", nil); err != nil || who != "the program" {
		t.Errorf("%v, %v", who, err)
	}
	if who, err := db.As(rules.Auth{}).Call(ctx, "whoami", nil); err != nil || who != "" {
		t.Errorf("nobody: %v, %v", who, err)
	}
	id, err := a.Call(ctx, "store", M{"_id": "x"})
	if err != nil || id.(ID).String() != `"x"` {
		t.Errorf("%v, %v", id, err)
	}
	if doc, err := db.Collection("secret").Doc("x").Get(ctx); err != nil || doc.Lookup("_openid").Exists() {
		t.Errorf("what a function stores: %s, %v", doc, err)
	}
	for _, name := range []string{"panic", "nil"} { // data is nil, too
		if out, err := a.Call(ctx, name, nil); !errors.Is(err, ErrPanic) || out != nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
	if text := log.String(); strings.Count(text, "function panicked") != 2 || !strings.Contains(text, "functions_test.go") {
		t.Errorf("logged: %s", text)
	}
	if out, err := a.Call(ctx, "fails", nil); err != errOwn || out != 1 {
		t.Errorf("%v, %v", out, err)
	}
	var e *Error
	if _, err := a.Call(ctx, "none", nil); !errors.Is(err, ErrNotFound) || !errors.As(err, &e) || e.Code != "FUNCTION_NOT_FOUND" {
		t.Errorf("%v", err)
	}
	if err := a.Function("mine", nil); !errors.Is(err, ErrDenied) {
		t.Errorf("%v", err)
	}
	if err := db.Function("", nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("%v", err)
	}
	if err := db.Function("whoami", nil); err != nil {
		t.Error(err)
	}
	if _, err := db.Call(ctx, "whoami", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	var none context.Context
	if _, err := db.Call(none, "store", nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("%v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := db.Call(gone, "store", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := a.As(bob).Call(ctx, "fails", nil); !errors.Is(err, ErrDenied) {
		t.Errorf("%v", err)
	}
}

func TestFunctionsBesideOneAnother(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 100 {
				if err := db.Function("f", func(context.Context, any) (any, error) { return 1, nil }); err != nil {
					t.Error(err)
				}
				if out, err := db.As(alice).Call(ctx, "f", nil); err != nil || out != 1 {
					t.Errorf("%v, %v", out, err)
				}
			}
		})
	}
	work.Wait()
}
