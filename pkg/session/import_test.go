package session_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const foreign = "eyJhbGciOiJub25lIn0.an-opaque.refresh_token"

// imports brings sessions of user u in an application along.
func (h *harness) imports(application string, reqs ...session.ImportRequest) []session.Skipped {
	h.t.Helper()
	for i := range reqs {
		if reqs[i].User == "" {
			reqs[i].User = "u"
		}
		if (reqs[i].Foreign == token.Foreign{}) {
			reqs[i].Foreign = token.ForeignOf(foreign)
		}
	}
	skipped, err := session.NewImporter(h.store, h.Now).Import(h.t.Context(), "demo", application, reqs)
	if err != nil {
		h.t.Fatalf("import: %v", err)
	}
	return skipped
}

func (h *harness) present(text string) (session.Grant, error) {
	return h.Refresh(h.t.Context(), session.RefreshRequest{Token: text})
}

func (h *harness) presented(text string, want session.Outcome) session.Grant {
	h.t.Helper()
	g, err := h.present(text)
	if err != nil || g.Outcome != want {
		h.t.Fatalf("refresh: got %q, %v, want %q", g.Outcome, err, want)
	}
	return g
}

func TestAForeignTokenIsRefreshedLikeOneOfGenerationZero(t *testing.T) {
	h := start(t)
	h.accepting(nil)
	created := h.Now().Add(-24 * time.Hour)
	skipped := h.imports("web", session.ImportRequest{
		CreatedAt: created, Scope: "read", Claims: json.RawMessage(`{"plan":"free"}`), Device: &session.Device{Name: "phone"},
	})
	if !slices.Equal(skipped, []session.Skipped{""}) {
		t.Fatalf("got %q, want it imported", skipped)
	}
	h.wantEntries("u", 0, "imported|web|1||service")
	first := h.presented(foreign, session.Rotated)
	s := first.Session
	if s.Generation != 1 || !s.CreatedAt.Equal(created) || s.Scope != "read" || s.Device.Name != "phone" || s.User != "u" {
		t.Errorf("got %+v, want what was imported, in generation 1", s)
	}
	if want := created.Add(180 * 24 * time.Hour); !s.AbsoluteExpiresAt.Equal(want) {
		t.Errorf("got the end %v, want %v, as of an issue at that time", s.AbsoluteExpiresAt, want)
	}
	h.wantClaims(first, `{"plan":"free"}`)
	h.Pass(5 * time.Second)
	if again := h.presented(foreign, session.Retried); again.Refresh.Reveal() != first.Refresh.Reveal() {
		t.Error("got another successor for a retry, want the same")
	}
	second := h.rotated(first, session.Rotated)
	if again := h.presented(foreign, session.Retried); again.Refresh.Reveal() != second.Refresh.Reveal() {
		t.Error("got another token two generations on, want the current one")
	}
	h.Pass(2 * time.Minute)
	_, err := h.present(foreign)
	h.want("reuse", err, session.ErrReused)
	if h.live(second) {
		t.Error("got a live session after a reuse, want it ended")
	}
}

// Law 3: the successor follows from the key that it was issued under, whatever keys came since.
func TestARetryOfAForeignTokenOutlivesARotationOfTheTokenKey(t *testing.T) {
	for generations := 1; generations <= 2; generations++ {
		h := start(t)
		h.accepting(nil)
		h.imports("web", session.ImportRequest{})
		current := h.presented(foreign, session.Rotated)
		h.rotateTokenKey()
		h.accepting(nil)
		if generations == 2 {
			current = h.rotated(current, session.Rotated)
		}
		if again := h.presented(foreign, session.Retried); again.Refresh.Reveal() != current.Refresh.Reveal() {
			t.Errorf("%d generations on: got another token, want the current one", generations)
		}
	}
}

func TestSixtyFourPresentationsOfAForeignTokenGetOneSuccessor(t *testing.T) {
	h := start(t)
	h.accepting(nil)
	h.imports("web", session.ImportRequest{})
	got := make([]string, 64)
	together(len(got), func(i int) {
		g, err := h.present(foreign)
		if err != nil {
			t.Errorf("refresh: %v", err)
		}
		got[i] = g.Refresh.Reveal()
	})
	if n := len(slices.Compact(got)); n != 1 || h.store.rotations.Load() != 1 {
		t.Errorf("got %d successors by %d rotations, want 1 by 1", n, h.store.rotations.Load())
	}
}

func TestAForeignTokenOfAReusableSessionStays(t *testing.T) {
	h := start(t)
	h.accepting(nil)
	h.imports("service", session.ImportRequest{})
	native := h.presented(foreign, session.Extended)
	h.presented(foreign, session.Extended)
	h.rotateTokenKey()
	h.accepting(nil)
	h.rotated(native, session.Extended)
	h.presented(foreign, session.Extended)
}

// There can be no access token of a session that was never refreshed, so its first refresh needs none. Later ones do.
func TestAForeignTokenNeedsNoAccessToken(t *testing.T) {
	h := start(t)
	h.accepting(nil)
	h.application("demo", "strict", func(s *session.Settings) { s.RequireAccessTokenPresent = true })
	h.imports("strict", session.ImportRequest{})
	next := h.presented(foreign, session.Rotated)
	h.refused(next, session.ErrAccessRequired)
}

func TestARepeatedImportNeverBringsASessionBack(t *testing.T) {
	for name, end := range map[string]func(*harness) error{
		"by its token": func(h *harness) error {
			_, err := h.LogOut(h.t.Context(), foreign)
			return err
		},
		"by its holder": func(h *harness) error { return h.Revoke(h.t.Context(), foreign, "web") },
		"by user": func(h *harness) error {
			_, err := h.DeleteByUser(h.t.Context(), "demo", "u", "")
			return err
		},
		"by reuse": func(h *harness) error {
			h.presented(foreign, session.Rotated)
			h.Pass(time.Hour)
			_, err := h.present(foreign)
			if errors.Is(err, session.ErrReused) {
				return nil
			}
			return err
		},
	} {
		h := start(t)
		h.accepting(nil)
		h.imports("web", session.ImportRequest{})
		h.want(name, end(h), nil)
		if got := h.imports("web", session.ImportRequest{}); got[0] != session.SkippedThere {
			t.Errorf("%s: got %q, want it there", name, got)
		}
		_, err := h.present(foreign)
		h.want(name, err, session.ErrUnknown)
	}
}

func TestEachSkippedSessionSaysWhy(t *testing.T) {
	h := start(t)
	now := h.Now()
	other := token.ForeignOf("another")
	h.imports("web", session.ImportRequest{})
	for want, req := range map[session.Skipped]session.ImportRequest{
		session.SkippedThere:     {},
		session.SkippedOtherUser: {User: "another"},
		session.SkippedOver:      {Foreign: other, CreatedAt: now.Add(-181 * 24 * time.Hour)},
		session.SkippedTooLong:   {Foreign: other, User: strings.Repeat("x", 128)},
		"":                       {Foreign: other, AbsoluteExpiresAt: now.Add(time.Hour)},
	} {
		if got := h.imports("web", req); got[0] != want {
			t.Errorf("got %q, want %q", got[0], want)
		}
	}
	if got := h.imports("web", session.ImportRequest{Foreign: token.ForeignOf("third"), AbsoluteExpiresAt: now}); got[0] != session.SkippedOver {
		t.Errorf("got %q, want %q", got[0], session.SkippedOver)
	}
}

// Import evicts nothing, and its sessions count for the limit afterwards.
func TestImportedSessionsCountForTheLimitOfTheNextLogin(t *testing.T) {
	h := start(t)
	h.application("demo", "web", func(s *session.Settings) { s.MaxSessionsPerUser = 2 })
	for _, text := range []string{"a", "b", "c"} {
		h.imports("web", session.ImportRequest{Foreign: token.ForeignOf(text), CreatedAt: h.Now().Add(-time.Hour)})
	}
	if n := len(h.remains("u")); n != 3 {
		t.Errorf("got %d sessions after the import, want 3", n)
	}
	h.issue("u", "web")
	if n := len(h.remains("u")); n != 2 {
		t.Errorf("got %d sessions after a login, want 2", n)
	}
}

// Native tokens pay nothing; a string of another system costs one read where imports are accepted, and none elsewhere.
func TestOnlyAForeignTokenCostsARead(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	reads := func(text string, want int32) {
		t.Helper()
		before := h.store.locators.Load()
		_, _ = h.present(text)
		if got := h.store.locators.Load() - before; got != want {
			t.Errorf("%.12s: got %d reads, want %d", text, got, want)
		}
	}
	reads(foreign, 0)
	if _, err := h.present(foreign); !errors.Is(err, session.ErrMalformed) {
		t.Errorf("switched off: got %v, want %v", err, session.ErrMalformed)
	}
	h.accepting(regexp.MustCompile(`^(?:eyJ.*|x+)$`))
	native := g.Refresh.Reveal()
	reads(foreign, 1)
	reads("no match", 0)
	reads("srt_eyJ", 0)
	reads(native[:len(native)-1]+"A", 0)
	reads("", 0)
	reads(strings.Repeat("x", token.MaxForeignLength), 1)
	reads(strings.Repeat("x", token.MaxForeignLength+1), 0)
	reads(native, 0)
}

// Law 10: neither item alone yields a secret. Who reads the whole table, or knows the hash that was imported, refreshes
// nothing: a token that is presented is the foreign one itself, or has a tag.
func TestTheHashThatWasImportedRefreshesNothing(t *testing.T) {
	h := start(t)
	h.accepting(nil)
	h.imports("web", session.ImportRequest{})
	hash := token.ForeignOf(foreign)
	stored := fixture.Must(h.store.Imported(t.Context(), hash.Locator()))
	for _, secret := range []string{string(hash[:]), string(stored.Hash[:]), "srt_" + string(hash[:])} {
		if _, err := h.present(secret); !errors.Is(err, session.ErrMalformed) {
			t.Errorf("got %v, want %v", err, session.ErrMalformed)
		}
	}
	session0 := h.remains("u")[0]
	root := token.Secret(stored.Hash)
	if session0.SecretHash.Equal(root.Hash()) || session0.RootHash.Equal(root.RootHash(session0.ID)) {
		t.Error("got a secret from the locator, want none")
	}
	h.presented(foreign, session.Rotated)
}
