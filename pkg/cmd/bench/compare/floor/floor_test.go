package main

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func open(t *testing.T, path string) *store {
	t.Helper()
	s, err := openStore(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A floor that did less than a rotation needs would compare with nothing.
func TestOnlyTheCurrentTokenIsSwappedAndThatIsDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floor.db")
	s := open(t, path)
	first := newGrant()
	second, third := first.successor(), first.successor()
	if err := s.swap(grant{}, first); err != nil {
		t.Fatal(err)
	}
	if err := s.swap(first, second); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"an old token":             s.swap(first, third),
		"a chain that is there":    s.swap(grant{}, third),
		"a chain that never began": s.swap(newGrant(), newGrant()),
	} {
		if !errors.Is(err, errRefused) {
			t.Errorf("%s: got %v, want %v", name, err, errRefused)
		}
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if err := s.swap(second, third); err != nil {
		t.Errorf("the current token after a restart: got %v", err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

func TestOneOfManyConcurrentUsesWins(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "floor.db"))
	first := newGrant()
	if err := s.swap(grant{}, first); err != nil {
		t.Fatal(err)
	}
	var won atomic.Int64
	var together sync.WaitGroup
	for range 64 {
		together.Go(func() {
			if s.swap(first, first.successor()) == nil {
				won.Add(1)
			}
		})
	}
	together.Wait()
	if won.Load() != 1 {
		t.Errorf("got %d winners, want 1", won.Load())
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}
