package session_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// untouched wants that no refresh has reached the store.
func (h *harness) untouched() {
	h.t.Helper()
	if got := h.store.attempts.Load(); got != 0 {
		h.t.Fatalf("got %d writes, want none", got)
	}
}

// Law 6: an access token beside a refresh may be expired but must name the same tenant, user, application and
// session; otherwise nothing rotates.
func TestAnAccompanyingAccessTokenMustBeOfTheSameSession(t *testing.T) {
	h := start(t)
	mine := h.issue("u", "web")
	for what, other := range map[string]session.Grant{
		"another session": h.issue("u", "web"), "another user": h.issue("v", "web"),
		"another application": h.issue("u", "service"), "another tenant": h.issueIn("other", "u", "web"),
	} {
		a := h.access(other)
		g, err := h.Refresh(t.Context(), session.RefreshRequest{Token: mine.Refresh.Reveal(), Access: &a})
		if !errors.Is(err, session.ErrOtherSession) || g.Refresh.Reveal() != "" {
			t.Errorf("%s: got %q, %v, want %v", what, g.Outcome, err, session.ErrOtherSession)
		}
	}
	for what, change := range map[string]func(*token.Access){
		"tenant":      func(a *token.Access) { a.Tenant = "other" },
		"user":        func(a *token.Access) { a.User = "U" },
		"application": func(a *token.Access) { a.Application = "service" },
		"session":     func(a *token.Access) { a.Session = strings.ToUpper(a.Session) },
	} {
		a := h.access(mine)
		change(&a)
		_, err := h.Refresh(t.Context(), session.RefreshRequest{Token: mine.Refresh.Reveal(), Access: &a})
		if !errors.Is(err, session.ErrOtherSession) {
			t.Errorf("the same but for the %s: got %v, want %v", what, err, session.ErrOtherSession)
		}
	}
	h.untouched()
	h.Pass(24 * time.Hour) // the access token has expired; it serves nevertheless
	a := h.access(mine)
	if _, err := h.Refresh(t.Context(), session.RefreshRequest{Token: mine.Refresh.Reveal(), Tenant: "demo", Access: &a}); err != nil {
		t.Errorf("its own: got %v, want success", err)
	}
}

// The error of a verified token names its session, so that the edge can log it without verifying the token again.
func TestARefreshThatFailsNamesTheSessionOfAGenuineToken(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	for what, c := range map[string]struct {
		req  session.RefreshRequest
		want error
	}{
		"another tenant":      {session.RefreshRequest{Token: g.Refresh.Reveal(), Tenant: "other"}, session.ErrOtherTenant},
		"another application": {session.RefreshRequest{Token: g.Refresh.Reveal(), Application: "service"}, session.ErrOtherApplication},
	} {
		_, err := h.Refresh(t.Context(), c.req)
		var failed *session.RefreshError
		if !errors.Is(err, c.want) || !errors.As(err, &failed) || failed.Key != g.Session.Key {
			t.Errorf("%s: got %#v, want %v of %v", what, err, c.want, g.Session.Key)
		}
	}
	h.untouched()
}

// An application may require the access token beside a refresh. Without it nothing rotates, and a retry needs it too.
func TestARequiredAccessTokenIsRequiredOfRetriesToo(t *testing.T) {
	h := start(t)
	g := h.issue("u", "guarded")
	h.refused(g, session.ErrAccessRequired)
	if got := h.store.rotations.Load(); got != 0 || !h.live(g) {
		t.Errorf("got %d rotations, live %v, want none and the session live", got, h.live(g))
	}
	a := h.access(g)
	req := session.RefreshRequest{Token: g.Refresh.Reveal(), Access: &a}
	next, err := h.Refresh(t.Context(), req)
	if err != nil || next.Outcome != session.Rotated {
		t.Fatalf("got %q, %v, want %q", next.Outcome, err, session.Rotated)
	}
	h.refused(g, session.ErrAccessRequired)
	again, err := h.Refresh(t.Context(), req)
	if err != nil || again.Outcome != session.Retried || again.Refresh != next.Refresh {
		t.Errorf("retry: got %q, %v, want %q of the same token", again.Outcome, err, session.Retried)
	}
}

// Law 2: a forged or corrupted token is refused without the store. A guess ends no session.
func TestForgeriesDoNotReachTheStore(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	text := g.Refresh.Reveal()
	stranger := start(t).issue("u", "web").Refresh.Reveal()
	for _, forged := range []string{"", "srt_", text[:len(text)-1], text + "A", text[:20] + "A" + text[21:] + "B", stranger} {
		if _, err := h.Refresh(t.Context(), session.RefreshRequest{Token: forged}); !errors.Is(err, session.ErrForged) {
			t.Errorf("refresh: got %v, want %v", err, session.ErrForged)
		}
		if _, err := h.DeleteByToken(t.Context(), anyUser, forged); !errors.Is(err, session.ErrNoSession) {
			t.Errorf("delete: got %v, want %v", err, session.ErrNoSession)
		}
	}
	h.untouched()
	if !h.live(g) {
		t.Error("got the session ended, want it live")
	}
}

// Law 8: without a key set nothing rotates and nothing is issued.
func TestMissingKeysChangeNothing(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	noTokenKeys, noSigningKeys := fixture.Down[keys.TokenSet](), fixture.Down[keys.SigningSet]()
	for what, minter := range map[string]session.Minter{
		"token keys":   session.NewMinter(fixture.Issuer, noTokenKeys, h.keys.SigningRing(), h.Now, h.random),
		"signing keys": session.NewMinter(fixture.Issuer, h.keys.TokenRing(), noSigningKeys, h.Now, h.random),
	} {
		_, err1 := session.NewRefresher(h.store, minter).Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal()})
		_, err2 := session.NewIssuer(h.store, minter).Issue(t.Context(), session.IssueRequest{Tenant: "demo", User: "u", Application: "web"})
		if !errors.Is(err1, keys.ErrUnavailable) || !errors.Is(err2, keys.ErrUnavailable) {
			t.Errorf("no %s: got %v and %v, want %v", what, err1, err2, keys.ErrUnavailable)
		}
	}
	h.untouched()
	if left := h.remains("u"); len(left) != 1 {
		t.Errorf("got %d sessions, want 1", len(left))
	}
	h.rotated(g, session.Rotated)
}

// Law 8: a retry after a rotation of the token keys gets the identical string. The successor of that has the new key.
func TestARetryAfterATokenKeyRotationGetsTheSameToken(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	second := h.rotated(first, session.Rotated)
	h.rotateTokenKey()
	if again := h.rotated(first, session.Retried); again.Refresh != second.Refresh {
		t.Error("got another token for the retry, want the same")
	}
	third := h.rotated(second, session.Rotated)
	p, err := token.ParseRefresh(third.Refresh.Reveal())
	if err != nil || p.KeyID() != h.keys.TokenKey().ID {
		t.Errorf("successor: got key %s, %v, want %s", p.KeyID(), err, h.keys.TokenKey().ID)
	}
	h.rotateTokenKey()
	h.rotated(third, session.Rotated)
}

func TestAReusableTokenKeepsItsKey(t *testing.T) {
	h := start(t)
	g := h.issue("u", "service")
	h.rotateTokenKey()
	if again := h.rotated(g, session.Extended); again.Refresh != g.Refresh {
		t.Error("got another token after the rotation of the key, want the same")
	}
}

// Law 8: every verb refuses a token of a dropped key as that, after one more look for the key. The token reads nothing
// and ends nothing. A token of a key that never existed is a forgery.
func TestATokenOfADroppedKeyIsRefusedAsThat(t *testing.T) {
	h := start(t)
	for name, c := range map[string]struct {
		tokens []byte // the document of token keys
		want   error
	}{
		"dropped": {h.keys.DropTokenKeys().Token, session.ErrDroppedKey}, "never known": {fixture.NewKeys("ES256").Token, session.ErrForged},
	} {
		g := h.issue("u", "web")
		text, fetches, now := g.Refresh.Reveal(), 0, h.Now()
		ring := keys.NewRing(func(context.Context) (*keys.TokenSet, error) { fetches++; return keys.ParseTokenSet(c.tokens) })
		ring.Now = func() time.Time { now = now.Add(time.Minute); return now }
		// Whatever reads or writes the store panics.
		verbs := session.NewVerbs(nil, session.NewMinter(fixture.Issuer, ring, h.keys.SigningRing(), h.Now, h.random), h.keys.Verifier(h.Now))
		_, err1 := verbs.Refresh(t.Context(), session.RefreshRequest{Token: text})
		var genuine *session.RefreshError
		if want := []bool{true, false, true}; !slices.Equal([]bool{errors.Is(err1, c.want), errors.As(err1, &genuine), fetches == 2}, want) {
			t.Errorf("%s: refresh: got %v after %d fetches, want %v after 2, without ids", name, err1, fetches, c.want)
		}
		_, err2 := verbs.DeleteByToken(t.Context(), anyUser, text)
		_, err3 := verbs.LogOut(t.Context(), text)
		err4 := verbs.Revoke(t.Context(), text, "")
		_, err5 := verbs.Introspect(t.Context(), anyUser, text)
		for i, err := range []error{err2, err3, err4, err5} {
			dropped := errors.Is(err, session.ErrDroppedKey)
			if !errors.Is(err, session.ErrNoSession) || dropped != (name == "dropped") {
				t.Errorf("%s: verb %d: got %v, want %v, a dropped key: %v", name, i+2, err, session.ErrNoSession, name == "dropped")
			}
		}
		if !h.live(g) {
			t.Errorf("%s: got the session ended, want it live", name)
		}
	}
}

// Law 8: a refresh is refused if the source of the keys does not know the session's current key. The session lives on.
func TestAnUnknownStoredKeyIsADroppedKey(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	old := h.Verbs
	h.rotateTokenKey()
	h.rotated(first, session.Rotated)
	_, err := old.Refresh(t.Context(), session.RefreshRequest{Token: first.Refresh.Reveal()})
	if !errors.Is(err, session.ErrDroppedKey) {
		t.Errorf("got %v, want %v", err, session.ErrDroppedKey)
	}
	h.rotated(first, session.Retried)
}

func TestPrintedSessionsAndGrantsShowNoSecret(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	key := session.APIKey{SecretHash: g.Session.SecretHash}
	r := session.Rotation{Presented: g.Session.SecretHash, Next: g.Session.SecretHash}
	hash := [32]byte(g.Session.SecretHash)
	decimal := strings.Trim(fmt.Sprint(hash), "[]")
	secrets := []string{
		g.Refresh.Reveal()[80:110], g.Access.Reveal()[:20], string(hash[:]), hex.EncodeToString(hash[:])[:16], fmt.Sprintf("%X", hash)[:16],
		decimal, strings.ReplaceAll(decimal, " ", ","),
	}
	for what, v := range map[string]any{
		"Session": g.Session, "*Session": &g.Session, "Grant": g, "*Grant": &g, "APIKey": key, "Rotation": r,
		"slice": []session.Session{g.Session}, "map": map[string]any{"g": g}, "error": fmt.Errorf("x: %v", g),
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
				t.Errorf("%s: got secret %d printed, want no secret", what, i)
			}
		}
	}
}
