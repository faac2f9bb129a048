package event_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

func openFile(t *testing.T, path string) *event.File {
	t.Helper()
	f, err := event.OpenFile(path, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func ended(n int) session.Change {
	key := storetest.NewSession("demo", "alice", "web").Key
	return session.Change{ID: fmt.Sprint("e", n), At: time.Unix(int64(n), 1e6), Kind: session.ItemDeleted, Key: key}
}

func read(t *testing.T, path string, since time.Time) ([]event.Envelope, time.Time) {
	t.Helper()
	all, begin, err := event.ReadFile(path, since)
	if err != nil {
		t.Fatal(err)
	}
	return all, begin
}

// The keys of the envelope are those of EventBridge.
func TestAFileHasTheEventsAsEventBridgeDeliversThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	f := openFile(t, path)
	f.Publish([]session.Change{ended(1), ended(2)})
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var first map[string]any
	if err := json.Unmarshal(raw[:bytes.IndexByte(raw, '\n')], &first); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"} {
		if first[name] == nil {
			t.Errorf("got no %s in %v, want one", name, first)
		}
	}
	if len(first) != 9 || first["time"] != "1970-01-01T00:00:01Z" || first["source"] != "refresh-tokens" {
		t.Errorf("got %v, want the nine keys, the time to the second, and the source", first)
	}
	all, begin := read(t, path, time.Unix(2, 0))
	if len(all) != 1 || all[0].Detail.ID != "e2" || all[0].DetailType != "token.deleted" || !begin.IsZero() {
		t.Errorf("got %v from %v on, want the second event and no loss", all, begin)
	}
}

func TestAFileIsTheUsersAloneAndFollowsNoLink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	openFile(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v; want mode 0600", info.Mode(), err)
	}
	link := path + "-link"
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := event.OpenFile(link, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a link: got no error, want one")
	}
}

// A process may be killed in the middle of a line.
func TestATornLineIsCutOff(t *testing.T) {
	for _, torn := range []string{`{"version"`, strings.Repeat("x", 10_000)} {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		f := openFile(t, path)
		f.Publish([]session.Change{ended(1)})
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(before, torn...), 0o600); err != nil {
			t.Fatal(err)
		}
		if all, _ := read(t, path, time.Time{}); len(all) != 1 {
			t.Errorf("got %v, want the whole line", all)
		}
		openFile(t, path).Publish([]session.Change{ended(2)})
		if all, _ := read(t, path, time.Time{}); len(all) != 2 || all[1].Detail.ID != "e2" {
			t.Errorf("got %v, want both events", all)
		}
	}
}

// The service only adds to the file, so it goes on with a damaged one. The error of a reader names the line.
func TestADamagedLineIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	openFile(t, path).Publish([]session.Change{ended(1)})
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(before, "garbage\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	openFile(t, path).Publish([]session.Change{ended(2)})
	if all, _, err := event.ReadFile(path, time.Time{}); err == nil || !strings.Contains(err.Error(), path+", line 2: ") {
		t.Errorf("got %v, %v, want an error that names line 2", all, err)
	}
}

func TestAFullFileIsReplacedAndTheOneBeforeItIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	f := openFile(t, path)
	const each, writers, limit = 600, 5, 300 << 10 // more than two files
	f.Limit(limit)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each / 100 {
				var changes []session.Change
				for i := range 100 {
					changes = append(changes, ended(w*each+n*100+i))
				}
				f.Publish(changes)
			}
		})
	}
	all.Wait()
	size := int64(0)
	for _, name := range []string{path, path + ".1"} {
		info, err := os.Stat(name)
		if err != nil || info.Size() > limit || info.Mode().Perm() != 0o600 {
			t.Fatalf("%s: got %v, %v; want at most 300 KB of mode 0600", name, info, err)
		}
		size += info.Size()
	}
	kept, begin := read(t, path, time.Time{})
	if len(kept) < 1_000 || len(kept) == 0 || begin.IsZero() || !begin.Equal(kept[0].Detail.At) {
		t.Errorf("got %d events from %v on, want those of both files (%d bytes), and when they begin", len(kept), begin, size)
	}
	if _, _, err := event.ReadFile(filepath.Join(t.TempDir(), "none"), time.Time{}); err != nil {
		t.Errorf("a missing file: got %v, want no events", err)
	}
}
