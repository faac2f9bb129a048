package session

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Law 6: an access token that accompanies a refresh may be expired but must name the same tenant, user, application
// and session; otherwise nothing rotates.
func TestAnAccompanyingAccessTokenMustBeOfTheSameSession(t *testing.T) {
	w := newWorld(t)
	mine := w.issue("u", "web")
	for what, other := range map[string]Grant{
		"another session": w.issue("u", "web"), "another user": w.issue("v", "web"),
		"another application": w.issue("u", "service"), "another tenant": w.issueIn("other", "u", "web"),
	} {
		a := w.access(other)
		g, err := w.Refresh(t.Context(), RefreshRequest{Token: mine.Refresh.Reveal(), Access: &a})
		if !errors.Is(err, ErrOtherSession) || g.Refresh.Reveal() != "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, change := range map[string]func(*token.Access){
		"tenant":      func(a *token.Access) { a.Tenant = "other" },
		"user":        func(a *token.Access) { a.User = "U" },
		"application": func(a *token.Access) { a.Application = "service" },
		"session":     func(a *token.Access) { a.Session = strings.ToUpper(a.Session) },
	} {
		a := w.access(mine)
		change(&a)
		if _, err := w.Refresh(t.Context(), RefreshRequest{Token: mine.Refresh.Reveal(), Access: &a}); !errors.Is(err, ErrOtherSession) {
			t.Errorf("the same but for the %s: %v", what, err)
		}
	}
	if w.store.attempts != 0 || w.store.get(mine.Session.Key).Generation != 0 {
		t.Error("something was written")
	}
	w.pass(24 * time.Hour) // the access token has expired; it serves nevertheless
	a := w.access(mine)
	if _, err := w.Refresh(t.Context(), RefreshRequest{Token: mine.Refresh.Reveal(), Tenant: "demo", Access: &a}); err != nil {
		t.Errorf("its own: %v", err)
	}
}

func TestATokenOfAnotherTenantDoesNotRotate(t *testing.T) {
	w := newWorld(t)
	g := w.issue("u", "web")
	if _, err := w.Refresh(t.Context(), RefreshRequest{Token: g.Refresh.Reveal(), Tenant: "other"}); !errors.Is(err, ErrOtherTenant) {
		t.Errorf("%v", err)
	}
	if w.store.attempts != 0 {
		t.Error("something was written")
	}
}

// requireAccessToken: without one nothing rotates, with one it does, retries included.
func TestRequireAccessToken(t *testing.T) {
	w := newWorld(t)
	g := w.issue("u", "strict")
	w.refused(g, ErrAccessRequired)
	if w.store.rotations != 0 || !w.live(g) {
		t.Error("the session changed")
	}
	a := w.access(g)
	req := RefreshRequest{Token: g.Refresh.Reveal(), Access: &a}
	next, err := w.Refresh(t.Context(), req)
	if err != nil || next.Outcome != Rotated {
		t.Fatalf("%q, %v", next.Outcome, err)
	}
	w.refused(g, ErrAccessRequired)
	if again, err := w.Refresh(t.Context(), req); err != nil || again.Outcome != Retried || again.Refresh != next.Refresh {
		t.Errorf("retry: %q, %v", again.Outcome, err)
	}
}

// Law 2: a forged or corrupted token is refused without touching the store, and nobody is logged out by guessing.
func TestForgeriesTouchNothing(t *testing.T) {
	w := newWorld(t)
	g := w.issue("u", "web")
	text := g.Refresh.Reveal()
	stranger := newWorld(t)
	for _, forged := range []string{"", "srt_", text[:len(text)-1], text + "A", text[:20] + "A" + text[21:] + "B", stranger.issue("u", "web").Refresh.Reveal()} {
		if _, err := w.Refresh(t.Context(), RefreshRequest{Token: forged}); !errors.Is(err, ErrForged) {
			t.Errorf("%v", err)
		}
		if _, err := w.DeleteByToken(t.Context(), Caller{Tenant: "demo"}, forged); !errors.Is(err, ErrNoSession) {
			t.Errorf("delete: %v", err)
		}
	}
	if w.store.attempts != 0 || !w.live(g) {
		t.Error("a forgery reached the store")
	}
}

// Law 8: a missing key set answers 503, and nothing rotates or is issued.
func TestMissingKeysChangeNothing(t *testing.T) {
	for what, lose := range map[string]func(*Minter){
		"token keys":   func(m *Minter) { m.tokenKeys = down[keys.TokenSet]() },
		"signing keys": func(m *Minter) { m.signing = down[keys.SigningSet]() },
	} {
		w := newWorld(t)
		g := w.issue("u", "web")
		lose(&w.minter)
		w.over(w.store)
		w.refused(g, keys.ErrUnavailable)
		_, err := w.Issue(t.Context(), IssueRequest{Tenant: "demo", User: "u", Application: "web"})
		if !errors.Is(err, keys.ErrUnavailable) || w.store.attempts != 0 || len(w.store.sessions) != 1 {
			t.Errorf("%s: %v, %d attempts, %d sessions", what, err, w.store.attempts, len(w.store.sessions))
		}
		w.restart()
		w.rotated(g, Rotated)
	}
}

// Law 8: a rotation of the token keys between a refresh and its retry is not noticed: the string is identical.
func TestATokenKeyRotationBetweenRefreshAndRetry(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "web")
	second := w.rotated(first, Rotated)
	w.rotateTokenKey()
	if again := w.rotated(first, Retried); again.Refresh != second.Refresh {
		t.Error("the retry has another token")
	}
	// The successor still stands under the retired key; what it leads to stands under the active one.
	third := w.rotated(second, Rotated)
	if p, err := token.ParseRefresh(third.Refresh.Reveal()); err != nil || p.KeyID().String() != w.tokens[1].ID {
		t.Errorf("the successor stands under key %s: %v", p.KeyID(), err)
	}
	w.rotateTokenKey()
	w.rotated(third, Rotated)
}

func TestAReusableTokenStaysUnderItsKey(t *testing.T) {
	w := newWorld(t)
	g := w.issue("u", "service")
	w.rotateTokenKey()
	if again := w.rotated(g, Extended); again.Refresh != g.Refresh {
		t.Error("the token changed with the key")
	}
	w.tokens = w.tokens[1:]
	w.restart()
	w.refused(g, ErrForged)
}

// A container that has not heard yet of the key under which another one issued says 503, not "forged" or a token
// that nobody can verify.
func TestAnUnknownStoredKeyIsUnavailable(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "web")
	old := w.Verbs
	w.rotateTokenKey()
	w.rotated(first, Rotated)
	if _, err := old.Refresh(t.Context(), RefreshRequest{Token: first.Refresh.Reveal()}); !errors.Is(err, keys.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	w.rotated(first, Retried)
}

// Secrets, tokens and hashes never show in what a log may print of a session or a grant.
func TestSessionsAndGrantsShowNoSecret(t *testing.T) {
	w := newWorld(t)
	g := w.issue("u", "web")
	key := APIKey{SecretHash: g.Session.SecretHash}
	r := Rotation{Presented: g.Session.SecretHash, Next: g.Session.SecretHash}
	hash := [32]byte(g.Session.SecretHash)
	decimal := strings.Trim(fmt.Sprint(hash), "[]")
	secrets := []string{
		g.Refresh.Reveal()[80:110], g.Access.Reveal()[:20], string(hash[:]), hex.EncodeToString(hash[:])[:16], fmt.Sprintf("%X", hash)[:16],
		decimal, strings.ReplaceAll(decimal, " ", ","),
	}
	for what, v := range map[string]any{
		"Session": g.Session, "*Session": &g.Session, "Grant": g, "*Grant": &g, "APIKey": key, "Rotation": r, "slice": []Session{g.Session},
		"map": map[string]any{"g": g}, "error": fmt.Errorf("x: %v", g),
	} {
		var b bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&b, verb, v)
		}
		raw, _ := json.Marshal(v)
		b.Write(raw)
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v)
		for i, secret := range secrets {
			if strings.Contains(b.String(), secret) {
				t.Errorf("%s shows secret %d", what, i)
			}
		}
	}
}
