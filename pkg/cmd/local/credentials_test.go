package main

import (
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, path, value string) os.FileInfo {
	t.Helper()
	if err := writeAssignments(path, []assignment{{"API_KEY", value}, {"TENANT_ID", "demo"}}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// A restart on a full disk needs no room.
func TestUnchangedCredentialsAreNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), credentialsFile)
	first, second := write(t, path, "one"), write(t, path, "one")
	if !os.SameFile(first, second) || !first.ModTime().Equal(second.ModTime()) {
		t.Errorf("unchanged credentials: got a new file, want the old one")
	}
	if third := write(t, path, "two"); os.SameFile(second, third) {
		t.Error("changed credentials: got a write into the old file, want a new file")
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("it leaves %v (%v), want the one file", left, err)
	}
}

func TestCredentialsAreNeitherWrittenThroughALinkNorReadableByOthers(t *testing.T) {
	for name, prepare := range map[string]func(path, other string) error{
		"a link":        func(path, other string) error { return os.Symlink(other, path) },
		"a hard link":   func(path, other string) error { return os.Link(other, path) },
		"a wider mode":  func(path, _ string) error { return os.WriteFile(path, []byte("API_KEY=one\nTENANT_ID=demo\n"), 0o644) },
		"an older file": func(path, _ string) error { return os.WriteFile(path, []byte("API_KEY=zero\n"), 0o600) },
	} {
		dir := t.TempDir()
		path, other := filepath.Join(dir, credentialsFile), filepath.Join(dir, "other")
		if err := os.WriteFile(other, []byte("another's"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := prepare(path, other); err != nil {
			t.Fatal(err)
		}
		if mode := write(t, path, "one").Mode(); mode != 0o600 {
			t.Errorf("%s: mode %v, want a file of -rw-------", name, mode)
		}
		if kept, err := os.ReadFile(other); err != nil || string(kept) != "another's" {
			t.Errorf("%s: the other file holds %q (%v), want it as it was", name, kept, err)
		}
		if got, err := readAssignments(path); err != nil || got["API_KEY"] != "one" || got["TENANT_ID"] != "demo" {
			t.Errorf("%s: read back %v (%v), want what was written", name, got, err)
		}
	}
}
