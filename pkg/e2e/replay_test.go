package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// restored is a service whose store was put back to an earlier state, by the operator's own means.
type restored struct {
	*testing.T
	*service
}

func (r *restored) rtctl(args ...string) string {
	r.Helper()
	return r.service.rtctl(r.T, args...)
}

// restart stops the service, changes its directory and starts it again.
func (r *restored) restart(change func() error) {
	r.Helper()
	if err := r.stop(); err != nil {
		r.Fatal(err)
	}
	if err := change(); err != nil {
		r.Fatal(err)
	}
	r.service = start(r.T, r.dir, samePort(r.service), "DYNAMODB_ENDPOINT=")
}

func (r *restored) delete(path string) {
	r.Helper()
	r.do(r.T, call{"DELETE", path, r.demo.admin(), ""}).want(r.T, http.StatusOK)
}

// works says whether an API key is let in.
func (r *restored) works(key string) bool {
	r.Helper()
	return r.do(r.T, call{"GET", "/jwt/refresh?userId=nobody", tenant{id: r.demo.id}.as(key), ""}).status == http.StatusOK
}

// setting is a setting of an application, and epoch its epoch.
func (r *restored) setting(application, name string) (value any, epoch float64) {
	r.Helper()
	var app struct {
		Settings map[string]any
		Epoch    float64
	}
	if err := json.Unmarshal([]byte(r.rtctl("app", "get", application, "--json")), &app); err != nil {
		r.Fatal(err)
	}
	return app.Settings[name], app.Epoch
}

func (r *restored) sessions(n int, user, application string) (all []session) {
	r.Helper()
	for range n {
		all = append(all, r.issue(r.T, user, application))
	}
	return all
}

// What a restore brings back, the archived events end again: nothing that was ended lives, nothing else ends, and a
// repetition changes nothing.
func TestAReplayEndsAgainWhatARestoreBroughtBack(t *testing.T) {
	t.Parallel()
	r := &restored{t, start(t, filepath.Join(t.TempDir(), "local"), "DYNAMODB_ENDPOINT=")}
	store, since := filepath.Join(r.dir, "store.db"), time.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	for _, name := range []string{"hasty", "gone", "ended", "few"} {
		r.rtctl("app", "put", name, "--set", "overlapSeconds=0", "--set", "maxSessionsPerUser=100")
	}
	kept, one, many := r.issue(t, "kept", "hasty"), r.issue(t, "one", "hasty"), r.sessions(60, "many", "hasty")
	stolen, evicted := r.issue(t, "stolen", "hasty"), r.issue(t, "evicted", "few")
	gone, ended, foreign := r.issue(t, "u", "gone"), r.issue(t, "u", "ended"), r.issueIn(t, r.other, "u")
	deleted := r.rtctl("key", "create", "--name", "deleted", "--permission", "tokens:read")
	rotated := r.rtctl("key", "create", "--name", "rotated", "--permission", "tokens:read")
	idOf := func(key string) string { return strings.Split(key, "_")[1] }
	var backup []byte
	r.restart(func() (err error) { backup, err = os.ReadFile(store); return err })

	r.delete("/jwt/refresh/" + one.id + "?reason=lost")
	r.delete("/jwt/users/many/refresh")
	r.rotate(t, r.rotate(t, stolen))
	r.present(t, stolen.refresh).check(t, 400)
	r.rtctl("app", "put", "few", "--set", "maxSessionsPerUser=1")
	r.issue(t, "evicted", "few")
	for range 3 {
		r.rtctl("revoke", "--application", "ended", "-y")
	}
	r.rtctl("revoke", "--tenant", "other", "-y", "--reason", "breach")
	r.rtctl("app", "delete", "gone", "-y")
	r.rtctl("app", "put", "made", "--name", "Made since", "--set", "overlapSeconds=77")
	r.rtctl("app", "put", "hasty", "--set", "requireAccessToken=false", "--set", "accessTokenSeconds=60")
	r.rtctl("key", "delete", idOf(deleted), "-y")
	r.rtctl("key", "rotate", idOf(rotated), "--overlap", "0s")
	lost := r.issue(t, "lost", "hasty")

	r.restart(func() error { return os.WriteFile(store, backup, 0o600) })
	if !r.works(deleted) || !r.works(rotated) {
		t.Fatal("the restored keys do not work: there is nothing to replay")
	}
	r.wantAlive(t, append(many, kept, one, stolen, evicted, gone, ended, foreign)...)
	ask := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(binary), "rtctl"), "replay", "--since", since)
	ask.Stdin = strings.NewReader("") // a pipe: nobody is there
	ask.Env = append(os.Environ(), "LOCAL_DIR="+r.dir)
	if out, err := ask.CombinedOutput(); err == nil || !strings.Contains(string(out), "say --yes") || !r.works(deleted) {
		t.Errorf("unasked: got %v, %s; want a question and nothing changed", err, out)
	}
	said := r.rtctl("replay", "--since", since, "-y")
	for _, want := range []string{
		"API key " + idOf(deleted) + " of demo deleted", "API key " + idOf(rotated) + " of demo deleted", "is lost",
		"application ended of demo ended, epoch 0 to 3", "application web of other ended, epoch 0 to 1",
		"application gone of demo deleted", "application made of demo put", "63 sessions ended again",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("got\n%s\nwant %q in it", said, want)
		}
	}
	r.wantDead(t, append(many, one, stolen, evicted, gone, ended, foreign, lost)...)
	r.wantAlive(t, kept)
	if r.works(deleted) || r.works(rotated) {
		t.Error("got a key that was deleted or rotated let in, want it refused")
	}
	if value, _ := r.setting("made", "overlapSeconds"); value != 77.0 {
		t.Errorf("made: got overlapSeconds %v, want 77", value)
	}
	if value, epoch := r.setting("hasty", "accessTokenSeconds"); value != 60.0 || epoch != 0 {
		t.Errorf("hasty: got accessTokenSeconds %v and epoch %v, want 60 and 0", value, epoch)
	}

	// A repetition lowers no epoch and ends no session that was issued since.
	since2 := []session{r.issue(t, "new", "ended"), r.issue(t, "new", "hasty"), r.issue(t, "new", "few"), r.issueIn(t, r.other, "new")}
	said = r.rtctl("replay", "--since", since, "-y")
	if !strings.HasPrefix(said, "0 sessions ended again") {
		t.Errorf("repeated: got\n%s\nwant nothing done", said)
	}
	r.wantAlive(t, append(since2, kept)...)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}
