package storage_test

import (
	"context"
	"testing"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// What Start publishes stays, whatever the sweeper commits of its own at the same
// time.
func TestStartBesideSweeper(t *testing.T) {
	for range 200 {
		s, err := storage.New(leftGarbage(t), storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.Start(storage.Hooks{}, "meta")
		for i := 0; i < 100 && (i == 0 || s.Stats().Garbage > 0); i++ {
			snap, err := s.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			if snap.Meta() != "meta" {
				t.Fatalf("meta is %v", snap.Meta())
			}
			snap.Release()
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// leftGarbage returns what a killed process leaves that had ranges to sweep.
func leftGarbage(t *testing.T) storage.Engine {
	t.Helper()
	e := storagetest.NewCrashing()
	s, err := storage.New(e, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Start(storage.Hooks{}, nil)
	held, err := s.Snapshot() // keeps the sweeper waiting
	if err != nil {
		t.Fatal(err)
	}
	for key := byte('a'); key < 'm'; key++ {
		r := storage.Request{
			Writes:  []storage.Write{{Key: []byte{key, 0}, Value: []byte("x")}},
			Garbage: []storage.Range{{Lo: []byte{key}, Hi: []byte{key + 1}}},
		}
		if _, err := s.Commit(context.Background(), &r); err != nil {
			t.Fatal(err)
		}
	}
	killed := e.Kill()
	held.Release()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return killed
}
