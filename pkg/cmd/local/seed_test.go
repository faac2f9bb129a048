package main

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// world is a directory with a store, seeded.
type world struct {
	*testing.T

	cfg   config
	store *embedded.Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, cfg: config{port: 3000, dir: t.TempDir()}}
	var err error
	if w.store, err = embedded.Open(w.cfg.file(storeFile), embedded.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// seed returns the credentials file.
func (w *world) seed() map[string]string {
	w.Helper()
	if err := seed(w.Context(), w.cfg, w.store); err != nil {
		w.Fatal(err)
	}
	return w.credentials()
}

func (w *world) credentials() map[string]string {
	w.Helper()
	values, err := readAssignments(filepath.Join(w.cfg.dir, credentialsFile))
	if err != nil {
		w.Fatal(err)
	}
	return values
}

// key is an API key of the credentials file, as it is stored.
func (w *world) key(text string) session.APIKey {
	w.Helper()
	key, ok := token.ParseAPIKey(text)
	stored, err := w.store.APIKey(w.Context(), key.ID)
	if !ok || err != nil {
		w.Fatal(ok, err)
	}
	return stored
}

func TestEachKeyHasThePermissionsOfItsName(t *testing.T) {
	w := newWorld(t)
	creds := w.seed()
	for name, want := range map[string][]session.Permission{
		"API_KEY": session.Permissions(), "OTHER_API_KEY": session.Permissions(),
		"ISSUE_API_KEY": {session.MayIssue}, "READ_API_KEY": {session.MayRead}, "UPDATE_API_KEY": {session.MayUpdate},
		"REVOKE_API_KEY": {session.MayRevoke}, "REVOKE_ALL_API_KEY": {session.MayRevokeAll}, "INTROSPECT_API_KEY": {session.MayIntrospect},
	} {
		if got := w.key(creds[name]).Permissions; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// A directory of an older version has fewer applications, keys and permissions.
func TestADirectoryOfBeforeGetsWhatIsNewAndKeepsTheRest(t *testing.T) {
	w := newWorld(t)
	changed := session.DefaultSettings()
	changed.OverlapSeconds = 7
	if _, err := w.store.PutApplication(t.Context(), session.Application{Tenant: demoTenant, ID: "web", Name: "Mine", Settings: changed}); err != nil {
		t.Fatal(err)
	}
	before := w.seed()
	drawn, err := ensureKey(t.Context(), w.store, "", keyInput(demoTenant, "API_KEY", session.MayIssue, session.MayRead))
	if err != nil {
		t.Fatal(err)
	}
	old := maps.Clone(before)
	old["API_KEY"] = drawn
	delete(old, "INTROSPECT_API_KEY")
	delete(old, "STRICT_APPLICATION_ID")
	var lines []assignment
	for name, value := range old {
		lines = append(lines, assignment{name, value})
	}
	if err := writeAssignments(w.cfg.file(credentialsFile), lines); err != nil {
		t.Fatal(err)
	}
	after := w.seed()
	for name, value := range before {
		same := after[name] == value
		if isNew := name == "API_KEY" || name == "INTROSPECT_API_KEY"; same == isNew || after[name] == "" {
			t.Errorf("%s: got the one of before: %v, want %v", name, same, !isNew)
		}
	}
	if got := w.key(after["API_KEY"]).Permissions; !slices.Equal(got, session.Permissions()) {
		t.Errorf("API_KEY: got %v, want all permissions", got)
	}
	if got := w.key(drawn).Permissions; len(got) != 2 {
		t.Errorf("the API_KEY of before: got %v, want its two permissions", got)
	}
	app, err := w.store.Application(t.Context(), demoTenant, "web")
	if err != nil || app.Name != "Mine" || app.Settings.OverlapSeconds != 7 {
		t.Errorf("got %+v, %v; want the application as it was", app, err)
	}
	if again := w.seed(); !maps.Equal(again, after) {
		t.Errorf("seeded again: got %v, want no change", again)
	}
}

// forgetful makes applications and loses the answers: the repetition meets what the first attempt made.
type forgetful struct{ session.Store }

func (f forgetful) PutApplication(ctx context.Context, app session.Application) (session.Application, error) {
	if _, err := f.Store.PutApplication(ctx, app); err != nil {
		return session.Application{}, err
	}
	return f.Store.PutApplication(ctx, app)
}

func TestAnApplicationWhoseAnswerWasLostIsThere(t *testing.T) {
	w := newWorld(t)
	if err := seed(t.Context(), w.cfg, forgetful{w.store}); err != nil {
		t.Fatalf("got %v, want the first applications", err)
	}
	if _, err := w.store.Application(t.Context(), demoTenant, "strict"); err != nil {
		t.Errorf("application strict: got %v", err)
	}
}
