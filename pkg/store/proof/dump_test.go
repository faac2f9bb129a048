package proof

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Law 2: a dump of the table alone, or with the token key, forges nothing and ends nothing.
func TestADumpOfTheTableRefreshesNothing(t *testing.T) {
	l, transport := dumpDynamoDB(t)
	l.holdsNoSecret()
	transport.Reset()
	l.forgesNothingWithoutTheKey()
	if requests := transport.Requests(); len(requests) != 0 {
		t.Errorf("got requests %v for forged tokens, want none", requests)
	}
	l.wantUnchanged()
	l.forgesNothingWithTheKey()
	l.presentsNoHash()
}

func TestTheFileOfTheEmbeddedStoreRefreshesNothing(t *testing.T) {
	l := dumpFile(t)
	l.holdsNoSecret()
	l.forgesNothingWithoutTheKey()
	l.wantUnchanged()
	l.forgesNothingWithTheKey()
	l.presentsNoHash()
}

func (l *atRest) holdsNoSecret() {
	l.Helper()
	for _, found := range finds(l.dump, l.secrets) {
		l.Errorf("got %s at rest, want no secret", found)
	}
	for _, prefix := range []string{"srt_", "sak_", "eyJ"} {
		if bytes.Contains(l.dump, []byte(prefix)) {
			l.Errorf("got text with the prefix %s at rest, want no token", prefix)
		}
	}
	if len(l.hashes) < len(l.current) { // the search works: it finds the hashes
		l.Fatalf("got %d hashes in the dump, want %d", len(l.hashes), len(l.current))
	}
}

// assemble makes a token of a session from what an attacker may have.
func (l *atRest) assemble(g session.Grant, secret token.Secret, generation uint32, key keys.TokenKey) string {
	t := token.Refresh{
		Reusable: g.Session.Policy.Reusable, KeyID: key.ID, Tenant: g.Session.Tenant, User: g.Session.User,
		Application: g.Session.Application, Session: g.Session.ID, Generation: generation, Secret: secret,
	}
	return fixture.Must(t.Encode(key)).Reveal()
}

// guesses are the secrets that a dump suggests.
func (l *atRest) guesses(g session.Grant) []token.Secret {
	guesses := []token.Secret{{}, token.Secret(g.Session.SecretHash), token.Secret(token.Secret(g.Session.SecretHash).Hash())}
	for _, text := range l.foreign {
		guesses = append(guesses, token.Secret(token.ForeignOf(text).Locator()), token.Foreign(token.ForeignOf(text).Locator()).Secret())
	}
	return append(guesses, token.Secret(l.hashes[0]))
}

// presentsNoHash presents what a dump holds as tokens of another system, which have no tag. The tokens themselves refresh
// afterwards.
func (l *atRest) presentsNoHash() {
	l.Helper()
	var held [][]byte
	for _, g := range l.current {
		held = append(held, g.Session.SecretHash[:], g.Session.RootHash[:])
	}
	for _, text := range l.foreign {
		locator := token.ForeignOf(text).Locator()
		if len(finds(l.dump, map[string][]byte{"it": locator[:]})) == 0 {
			l.Fatal("got no locator in the dump, want those of both imported sessions")
		}
		held = append(held, locator[:])
	}
	for _, bytes := range held {
		for how, text := range encodings(bytes) {
			if _, err := l.Refresh(l.Context(), session.RefreshRequest{Token: string(text)}); !errors.Is(err, session.ErrMalformed) {
				l.Errorf("a hash %s: refresh: got %v, want %v", how, err, session.ErrMalformed)
			}
			if _, err := l.LogOut(l.Context(), string(text)); !errors.Is(err, session.ErrNoSession) {
				l.Errorf("a hash %s: logout: got %v, want %v", how, err, session.ErrNoSession)
			}
		}
	}
	l.wantUnchanged()
	for i, want := range []session.Outcome{session.Retried, session.Rotated} {
		if g, err := l.Refresh(l.Context(), session.RefreshRequest{Token: l.foreign[i]}); err != nil || g.Outcome != want {
			l.Errorf("a token of another system: got %q, %v, want %q", g.Outcome, err, want)
		}
	}
}

// forgesNothingWithoutTheKey tries a dump with keys that the attacker made.
func (l *atRest) forgesNothingWithoutTheKey() {
	l.Helper()
	for _, g := range l.current {
		wrong := unknownKey(l.keys.TokenKey())
		for _, key := range []keys.TokenKey{wrong, {ID: wrong.ID}, {ID: wrong.ID, Secret: g.Session.SecretHash}, {ID: wrong.ID + 1}} {
			for _, guess := range l.guesses(g) {
				text := l.assemble(g, guess, g.Session.Generation, key)
				if _, err := l.Refresh(l.Context(), session.RefreshRequest{Token: text}); !errors.Is(err, session.ErrForged) {
					l.Fatalf("a token assembled without the key: got %v, want %v", err, session.ErrForged)
				}
			}
		}
	}
}

// wantUnchanged wants every session unchanged.
func (l *atRest) wantUnchanged() {
	l.Helper()
	for _, g := range l.current {
		got, err := l.Live(l.Context(), g.Session.Key)
		if diff := storetest.Diff(g.Session, got); err != nil || diff != "" {
			l.Errorf("got a session changed by a guess (-want +got): %v\n%s", err, diff)
		}
	}
}

// forgesNothingWithTheKey gives the attacker the token key as well. A token made with it neither refreshes a session nor
// ends it, whatever generation it claims.
func (l *atRest) forgesNothingWithTheKey() {
	l.Helper()
	key := l.keys.TokenKey()
	for _, g := range l.current {
		for _, guess := range l.guesses(g) {
			for _, generation := range []uint32{
				0, g.Session.Generation - min(1, g.Session.Generation), g.Session.Generation, g.Session.Generation + 1, 1 << 30,
			} {
				text := l.assemble(g, guess, generation, key)
				got, err := l.Refresh(l.Context(), session.RefreshRequest{Token: text})
				if !errors.Is(err, session.ErrWrongRoot) || got.Refresh.Reveal() != "" || got.Access.Reveal() != "" {
					l.Fatalf("generation %d beside %d: refresh: got %q, %v, want %v",
						generation, g.Session.Generation, got.Outcome, err, session.ErrWrongRoot)
				}
				if _, err := l.DeleteByToken(l.Context(), session.Caller{Tenant: l.tenant}, text); !errors.Is(err, session.ErrNoSession) {
					l.Fatalf("generation %d beside %d: delete: got %v, want %v", generation, g.Session.Generation, err, session.ErrNoSession)
				}
				if err := l.Revoke(l.Context(), text, ""); !errors.Is(err, session.ErrWrongRoot) {
					l.Fatalf("generation %d beside %d: revoke: got %v, want %v", generation, g.Session.Generation, err, session.ErrWrongRoot)
				}
			}
		}
	}
	l.wantUnchanged()
}

// The proof can fail: the search finds a secret that a dump holds.
func TestASecretAtRestIsFoundInAnyEncoding(t *testing.T) {
	var secret [32]byte
	_, _ = rand.Read(secret[:])
	around := func(b []byte, n int) []byte { return slices.Concat(make([]byte, n), b, []byte("after")) }
	for n := range 7 {
		for name, dump := range map[string]string{
			"raw":       string(around(secret[:], n)),
			"hex":       hex.EncodeToString(around(secret[:], n)),
			"HEX":       strings.ToUpper(hex.EncodeToString(around(secret[:], n))),
			"base64":    base64.StdEncoding.EncodeToString(around(secret[:], n)),
			"base64url": base64.RawURLEncoding.EncodeToString(around(secret[:], n)),
		} {
			if len(finds([]byte(dump), map[string][]byte{"it": secret[:]})) == 0 {
				t.Errorf("%s after %d bytes: got nothing found, want the secret", name, n)
			}
		}
	}
}

// A cursor of a list carries no readable key.
func TestACursorHoldsNoReadableKey(t *testing.T) {
	store, _ := onEngine(t)
	l := newAtRest(t, store)
	shell := api.Shell{Frame: frame.Frame{Log: telemetry.Log{Logger: slog.New(slog.DiscardHandler)}}}
	list := stencil.RetrieveByUser(shell, l.Lister)
	for _, application := range []string{"", "web"} {
		query := map[string]string{"userId": l.user, "limit": "1"}
		if application != "" {
			query["applicationId"] = application
		}
		answer, err := list(t.Context(), events.APIGatewayProxyRequest{
			HTTPMethod: "GET", Path: "/jwt/refresh", QueryStringParameters: query,
			RequestContext: events.APIGatewayProxyRequestContext{Authorizer: map[string]any{
				"tenantId": l.tenant, "keyId": "key", "permissions": "tokens:read",
			}},
		})
		var body struct {
			NextCursor string `json:"nextCursor"`
		}
		if err := errors.Join(err, json.Unmarshal([]byte(answer.Body), &body)); err != nil || body.NextCursor == "" {
			t.Fatalf("got %v, %s, want a cursor", err, answer.Body)
		}
		readable := map[string][]byte{"the tenant": []byte(l.tenant), "the user": []byte(l.user), "the application": []byte("service")}
		for _, g := range l.current {
			readable["the id "+g.Session.ID.String()] = []byte(g.Session.ID.String())
			readable["the bytes of "+g.Session.ID.String()] = g.Session.ID[:]
			readable["the hash of "+g.Session.ID.String()] = g.Session.SecretHash[:]
		}
		raw, err := base64.RawURLEncoding.DecodeString(body.NextCursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range append(finds(raw, readable), finds([]byte(body.NextCursor), readable)...) {
			t.Errorf("got %s in a cursor, want no readable key", found)
		}
	}
}
