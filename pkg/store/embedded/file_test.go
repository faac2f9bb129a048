package embedded_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// refuse wants an error of Open that has the path and the reason.
func refuse(t *testing.T, path, why string) {
	t.Helper()
	s, err := embedded.Open(path, embedded.Options{})
	if err == nil {
		_ = s.Close()
		t.Fatalf("got no error, want one with %q", why)
	}
	if text := err.Error(); !strings.Contains(text, path) || !strings.Contains(text, why) {
		t.Fatalf("got error %q, want one with %s and %q", text, path, why)
	}
}

func TestAFileInUseIsRefusedByName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path, embedded.Options{})
	refuse(t, path, "another process has it open")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path, embedded.Options{})
}

func TestOnlyTheOwnerMayReadTheFile(t *testing.T) {
	for _, before := range []os.FileMode{0, 0o666} {
		path := filepath.Join(t.TempDir(), "store.db")
		if before != 0 {
			if err := os.WriteFile(path, nil, before); err != nil {
				t.Fatal(err)
			}
		}
		open(t, path, embedded.Options{})
		info, err := os.Stat(path)
		if err != nil || info.Mode() != 0o600 {
			t.Fatalf("got mode %v, %v; want 0600", info.Mode(), err)
		}
	}
}

func TestAForeignFileIsRefusedByNameAndUnchanged(t *testing.T) {
	foreign := map[string][]byte{
		"text":        []byte("hello\n"),
		"a long text": bytes.Repeat([]byte("hello\n"), 20_000),
		"zeros":       make([]byte, 1<<16),
		"sqlite":      append([]byte("SQLite format 3\x00"), make([]byte, 1<<16)...),
	}
	for name, content := range foreign {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			refuse(t, path, "not a store of this service")
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
				t.Fatalf("got a changed file, %v; want the same content", err)
			}
		})
	}
	t.Run("a directory", func(t *testing.T) { refuse(t, t.TempDir(), "not a store of this service") })
	t.Run("in no directory", func(t *testing.T) { refuse(t, t.TempDir()+"/none/store.db", "no such file") })
	for name, key := range map[string]string{"another database": "other", "a later format": "meta"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			write(t, path, func(tx *bbolt.Tx) error {
				b, err := tx.CreateBucket([]byte(key))
				if err != nil {
					return err
				}
				return b.Put([]byte("format"), []byte{99})
			})
			refuse(t, path, "not a store of this service")
		})
	}
}

func write(t *testing.T, path string, do func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(do); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAMissingBucketIsDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	if err := open(t, path, embedded.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	write(t, path, func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("ids")) })
	refuse(t, path, "ids are missing")
}

// sample is the content of a store of many pages.
func sample(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.db")
	s := open(t, path, embedded.Options{})
	for range 60 {
		if err := s.Create(t.Context(), storetest.NewFullSession("tenant", "user", "application")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestATruncatedFileIsRefusedByName(t *testing.T) {
	content := sample(t)
	path := filepath.Join(t.TempDir(), "store.db")
	for size := 1; size < 20*os.Getpagesize(); size += 1021 {
		if err := os.WriteFile(path, content[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		refuse(t, path, "damaged")
	}
}

func TestADamagedPageNeverPanics(t *testing.T) {
	content := sample(t)
	page := os.Getpagesize()
	refused := 0
	for at := 0; at < len(content); at += page {
		for _, fill := range []byte{0x00, 0x01, 0xff} {
			damaged := bytes.Clone(content)
			copy(damaged[at:], bytes.Repeat([]byte{fill}, page))
			path := filepath.Join(t.TempDir(), "store.db")
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := embedded.Open(path, embedded.Options{})
			if err == nil { // a free page, or one that Open does not check
				err = s.Close()
			} else if refused++; !strings.Contains(err.Error(), path) {
				t.Fatalf("got error %q, want one with %s", err, path)
			}
			if s != nil && err != nil {
				t.Fatal(err)
			}
		}
	}
	if refused == 0 {
		t.Fatal("got no error for any damaged page, want some")
	}
}

func TestAPointerOutsideOfTheFileIsDamage(t *testing.T) {
	content := sample(t)
	page, found := os.Getpagesize(), 0
	for at := 2 * page; at < len(content); at += page {
		const branch = 0x01
		if binary.NativeEndian.Uint16(content[at+8:]) == branch {
			found++
			binary.NativeEndian.PutUint64(content[at+16+8:], 1<<34) // its first child
		}
	}
	if found == 0 {
		t.Fatal("got no branch page in the sample, want some")
	}
	path := filepath.Join(t.TempDir(), "store.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	refuse(t, path, "the file is damaged")
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"), embedded.Options{})
	if err := s.DeleteBatch(t.Context(), nil); err != nil { // the writer runs
		t.Fatal(err)
	}
	own := func() int {
		stacks := make([]byte, 1<<20)
		return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "embedded.(*Store)")
	}
	if own() == 0 {
		t.Fatal("got no goroutines of the store before Close, want some")
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := own(); n != 0 {
		t.Fatalf("got %d goroutines after Close, want none", n)
	}
}

// A limit of the size of files replaces a full disk.
func TestAFirstStartOnAFullDiskLeavesNothingBehind(t *testing.T) {
	path := os.Getenv("STORE_ON_A_FULL_DISK")
	if path == "" {
		path = filepath.Join(t.TempDir(), "store.db")
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAFirstStartOnAFullDiskLeavesNothingBehind$")
		cmd.Env = append(os.Environ(), "STORE_ON_A_FULL_DISK="+path)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		s, err := embedded.Open(path, embedded.Options{})
		if err != nil {
			t.Fatalf("second start, with space: got %v, want no error", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 8192, Max: 8192}); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Open(path, embedded.Options{}); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("start with space for 8 KB: got %v, want %v", err, syscall.EFBIG)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("left behind: got %v, want nothing; %v", left, err)
	}
}
