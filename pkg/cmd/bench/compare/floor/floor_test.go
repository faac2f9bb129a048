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

// A floor that did less than a rotation needs would be none.
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
			t.Errorf("%s: %v, want refused", name, err)
		}
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if err := s.swap(second, third); err != nil {
		t.Errorf("after a restart the current token is %v", err)
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
		t.Errorf("%d win", won.Load())
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

func TestATokenIsReadBack(t *testing.T) {
	g := newGrant()
	if got, err := parseGrant(g.String()); err != nil || got != g {
		t.Errorf("another token came back, %v", err)
	}
	for _, bad := range []string{"", "x", g.String() + "AAAA", g.String()[4:], "!" + g.String()[1:]} {
		if _, err := parseGrant(bad); !errors.Is(err, errRefused) {
			t.Errorf("%q was read", bad)
		}
	}
}
