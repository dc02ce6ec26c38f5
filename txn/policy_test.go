package txn

import (
	"context"
	"errors"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
)

// openPolicies opens a database in memory that the test can look into.
func openPolicies(t *testing.T) (*storage.Store, *Documents) {
	t.Helper()
	store, err := storage.New(memory.Open(memory.Options{}), storage.Options{Clock: clock.System()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	docs, err := Open(store, clock.System())
	if err != nil {
		t.Fatal(err)
	}
	return store, docs
}

// A write that was planned under one policy is planned again under the next.
func TestPolicyDecidesBesideAChange(t *testing.T) {
	ctx := context.Background()
	_, docs := openPolicies(t)
	var seen []string
	ids := []document.Value{document.Int(1)}
	doc, err := document.Encode(document.M{"_id": 1}, clock.System().Now())
	if err != nil {
		t.Fatal(err)
	}
	err = docs.ApplyPlanned(ctx, "c", true, ids, func(_ Snapshot, coll *Collection) (EditFunc, error) {
		rules := "none"
		if p := coll.Policy(); p != nil {
			rules = p.Rules
		}
		if seen = append(seen, rules); len(seen) == 1 {
			// Another goroutine's, that comes between the plan and the commit.
			if err := docs.SetPolicy(ctx, "c", false, func(string, string) (string, string) { return "new", "" }); err != nil {
				t.Fatal(err)
			}
		}
		return func(int, document.Doc) (Edit, error) { return Edit{Op: Insert, Doc: doc}, nil }, nil
	})
	if err != nil || len(seen) != 2 || seen[0] != "none" || seen[1] != "new" {
		t.Errorf("planned under %v, %v", seen, err)
	}
}

func TestPolicyFormat(t *testing.T) {
	ctx := context.Background()
	store, docs := openPolicies(t)
	format := func() int64 {
		snap, err := store.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		defer snap.Release()
		header, err := snap.Get(keys.Catalog(""))
		if err != nil {
			t.Fatal(err)
		}
		n, _ := document.FromRaw(header.Value).Lookup("format").Int64()
		return n
	}
	set := func(rules, schema string) {
		t.Helper()
		if err := docs.SetPolicy(ctx, "c", true, func(string, string) (string, string) { return rules, schema }); err != nil {
			t.Fatal(err)
		}
	}
	if err := docs.Create(ctx, "c"); err != nil {
		t.Fatal(err)
	}
	if n := format(); n != 1 {
		t.Errorf("format %d without policies, earlier versions would refuse it", n)
	}
	set("r", "s")
	if n := format(); n != 2 {
		t.Errorf("format %d with a policy, earlier versions would lose it", n)
	}
	again, err := Open(store, clock.System())
	if err != nil {
		t.Fatal(err)
	}
	snap, err := again.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	p := snap.Catalog().Collection("c").Policy()
	snap.Release()
	if p == nil || p.Rules != "r" || p.Schema != "s" {
		t.Errorf("%+v", p)
	}
	set("", "")
	if n := format(); n != 1 {
		t.Errorf("format %d once the last policy is gone", n)
	}
	if err := docs.SetPolicy(ctx, "none", false, nil); !errors.Is(err, fault.ErrNoCollection) {
		t.Errorf("%v", err)
	}
}
