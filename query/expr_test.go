package query

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

func TestFilterExpr(t *testing.T) {
	over := M{"$gt": []any{"$spent", "$budget"}}
	doc := M{"_id": 1, "spent": 5, "budget": 3, "tags": []any{"a"}}
	for _, c := range []struct {
		filter any
		want   bool
	}{
		{M{"$expr": over}, true},
		{Expr(over), true},
		{M{"$expr": over, "spent": 6}, false},
		{And(Expr(over), M{"_id": 1}), true},
		{Or(Expr(M{"$gt": []any{"$budget", "$spent"}}), M{"_id": 1}), true},
		{Nor(Expr(over)), false},
		{Not(Expr(over)), false},
		{Expr(over).And(M{"_id": 2}), false},
		{M{"$or": []any{M{"$expr": over}, M{"_id": 2}}}, true},
		{Raw(M{"$expr": over}), true},
		{M{"$expr": true}, true},
		{M{"$expr": 0}, false},
		{M{"$expr": "$missing"}, false},
		{M{"$expr": M{"$eq": []any{"$tags", "a"}}}, false}, // whole values, unlike filters
		{M{"$expr": M{"$lt": []any{"$$NOW", document.ServerDate{Offset: 1e9}}}}, true},
	} {
		f, err := CompileFilter(c.filter, time.UnixMilli(0))
		if err != nil {
			t.Errorf("%v: %v", c.filter, err)
			continue
		}
		if ok, err := f.Match(mustEncode(t, doc)); ok != c.want || err != nil {
			t.Errorf("%v matches: %v, %v", c.filter, ok, err)
		}
	}
}

func TestFilterExprFails(t *testing.T) {
	f, err := CompileFilter(Expr(M{"$add": []any{1, M{"$divide": []any{1, "$n"}}}}), time.UnixMilli(0))
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Match(mustEncode(t, M{"n": 0}))
	if at := (*fault.PathError)(nil); !errors.Is(err, fault.ErrInvalid) || !errors.As(err, &at) || at.Path != "$expr.$add.1" {
		t.Errorf("error %v", err)
	}
	// What went wrong with one document says nothing of the next.
	if ok, err := f.Match(mustEncode(t, M{"n": 1})); !ok || err != nil {
		t.Errorf("then %v, %v", ok, err)
	}
}

// A filter's expression may not loop for ever.
func TestFilterExprEnds(t *testing.T) {
	endless := M{"$reduce": M{"input": M{"$range": []any{0, 3_000_000}}, "initialValue": 0, "in": M{
		"$size": M{"$filter": M{"input": M{"$range": []any{0, 3_000_000}}, "as": "x", "cond": "$n"}}}}}
	f, err := CompileFilter(Expr(endless), time.UnixMilli(0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Match(mustEncode(t, M{"n": 0})); !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}

func TestFilterMatchIn(t *testing.T) {
	f, err := CompileFilterIn(Raw(M{"$expr": M{"$gte": []any{"$n", "$$least"}}}), expr.Scope{Vars: []string{"least"}})
	if err != nil {
		t.Fatal(err)
	}
	env := expr.NewEnv(expr.Options{})
	for least, want := range []bool{true, true, true, false} {
		env.Set(0, document.Int(int64(least)))
		if ok, err := f.MatchIn(env, mustEncode(t, M{"n": 2})); ok != want || err != nil {
			t.Errorf("at least %d: %v, %v", least, ok, err)
		}
	}
}

func TestFilterExprConcurrently(t *testing.T) {
	f, err := CompileFilter(Expr(M{"$eq": []any{M{"$concat": []any{"$a", "-", "$b"}}, "$c"}}), time.UnixMilli(0))
	if err != nil {
		t.Fatal(err)
	}
	yes, no := mustEncode(t, M{"a": "x", "b": "y", "c": "x-y"}), mustEncode(t, M{"a": "x", "b": "y", "c": "x-z"})
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 1000 {
				if ok, err := f.Match(yes); !ok || err != nil {
					t.Errorf("%v, %v", ok, err)
				}
				if ok, err := f.Match(no); ok || err != nil {
					t.Errorf("%v, %v", ok, err)
				}
			}
		})
	}
	wait.Wait()
}
