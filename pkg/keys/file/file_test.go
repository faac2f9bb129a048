package file

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

var names = []string{"signing-keys.json", "token-keys.json"}

// The first start makes both documents; the next ones keep them.
func TestTheFirstStartMakesTheKeys(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	second := open(t, dir)
	if first != second {
		t.Errorf("the second start: got %v, want %v", second, first)
	}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %o, want 600", name, info.Mode().Perm())
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != len(names) {
		t.Errorf("got files %v, want two", left)
	}
}

type ids struct {
	token   keys.TokenKeyID
	signing string
}

func open(t *testing.T, dir string) ids {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err1 := s.TokenKeys(t.Context())
	signing, err2 := s.SigningKeys(t.Context())
	public, err3 := s.PublicKeys(t.Context())
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if _, err := public.Find(signing.Active.ID); err != nil {
		t.Errorf("the public set lacks key %s", signing.Active.ID)
	}
	return ids{tokens.Active.ID, signing.Active.ID}
}

// Processes that start at once use one set of keys.
func TestConcurrentStartsUseTheSameKeys(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	var mu sync.Mutex
	seen := map[ids]bool{}
	for range 8 {
		all.Go(func() {
			got := open(t, dir)
			mu.Lock()
			defer mu.Unlock()
			seen[got] = true
		})
	}
	all.Wait()
	if len(seen) != 1 {
		t.Errorf("got %d sets of keys, want 1", len(seen))
	}
}

// A document that cannot be read is an error that names its file. It is neither replaced nor quoted.
func TestDamagedDocumentsAreKept(t *testing.T) {
	for _, name := range names {
		for what, content := range map[string]string{"empty": "", "cut": `{"keys":[{"k":"c2VjcmV0`, "other": `{"keys":[]}`} {
			dir := t.TempDir()
			open(t, dir)
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir)
			if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "c2VjcmV0") {
				t.Errorf("%s, %s: got %v, want an error with the path alone", name, what, err)
			}
			if now, _ := os.ReadFile(path); !bytes.Equal(now, []byte(content)) {
				t.Errorf("%s, %s: got %q, want the file unchanged", name, what, now)
			}
		}
	}
}

func TestAMissingDirectoryIsAnError(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}

func TestEveryFetchReadsTheFile(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := keys.MarshalDocument(keys.GenerateTokenKey(keys.Active))
	if err != nil {
		t.Fatal(err)
	}
	before, _ := s.TokenKeys(t.Context())
	if err := os.WriteFile(filepath.Join(dir, "token-keys.json"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	after, err := s.TokenKeys(t.Context())
	if err != nil || before.Active.ID == after.Active.ID {
		t.Errorf("got key %s, %v, want the new one", after.Active.ID, err)
	}
}
