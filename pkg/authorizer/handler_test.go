package authorizer_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const issuer, tenant = "https://auth.example.com", "demo"

// world is one tenant's API key and one user's session, the signer of access tokens, and an authorizer over them.
type world struct {
	t       *testing.T
	a       *authorizer.Authorizer
	signing keys.SigningKey
	key     token.APIKey
	stored  session.APIKey
	session session.Session
	fails   error // of every read
	log     bytes.Buffer
}

func (w *world) APIKey(_ context.Context, id string) (session.APIKey, error) {
	if w.fails == nil && id != w.stored.ID {
		return session.APIKey{}, session.ErrNoAPIKey
	}
	return w.stored, w.fails
}

func (w *world) Load(_ context.Context, key session.Key) (session.Session, session.Application, error) {
	if w.fails == nil && key != w.session.Key {
		return session.Session{}, session.Application{}, session.ErrNoSession
	}
	return w.session, session.Application{Tenant: tenant, ID: "web"}, w.fails
}

func newWorld(t *testing.T) *world {
	t.Helper()
	jwk := must(keys.GenerateSigningKey("EdDSA", keys.Active))
	document := must(keys.MarshalDocument(jwk))
	w := &world{t: t, signing: must(keys.ParseSigningSet(document)).Active, key: must(token.NewAPIKey(rand.Reader))}
	public := keys.NewRing(func(context.Context) (*keys.PublicSet, error) { return keys.ParsePublicSet(document) })
	w.a = &authorizer.Authorizer{Store: w, Verifier: token.Verifier{Issuer: issuer, Keys: public, Now: time.Now}, Now: time.Now}
	w.stored = session.APIKey{ID: w.key.ID, SecretHash: w.key.Secret.Hash(), Tenant: tenant, Permissions: []session.Permission{session.MayRead}}
	now := time.Now()
	w.session = session.Session{
		Key:           session.Key{Tenant: tenant, User: "alice", Application: "web", ID: must(token.NewID(now, rand.Reader))},
		AccessTokenID: must(token.NewID(now, rand.Reader)),
		IdleExpiresAt: now.Add(time.Hour), AbsoluteExpiresAt: now.Add(time.Hour),
	}
	return w
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// access is the session's access token after a change.
func (w *world) access(change func(*token.Access)) string {
	now := time.Now().Unix()
	a := token.Access{
		Issuer: issuer, User: "alice", Application: "web", Tenant: tenant, Session: w.session.ID.String(),
		ID: w.session.AccessTokenID.String(), IssuedAt: now, NotBefore: now, Expires: now + 900,
	}
	change(&a)
	return must(a.Sign(w.signing)).Reveal()
}

func (w *world) current() string { return w.access(func(*token.Access) {}) }

// decide asks the authorizer and returns what it logged, which is one line, and its answer.
func (w *world) decide(headers map[string][]string) (map[string]any, events.APIGatewayCustomAuthorizerResponse, error) {
	w.t.Helper()
	w.log.Reset()
	e := events.APIGatewayCustomAuthorizerRequestTypeRequest{
		MethodArn:         "arn:aws:execute-api:eu-west-1:123456789012:abc/dev/GET/jwt/refresh",
		MultiValueHeaders: headers,
	}
	e.RequestContext.RequestID = "request-1"
	answer, err := w.a.Handler(telemetry.Log{Logger: slog.New(slog.NewJSONHandler(&w.log, nil))})(w.t.Context(), e)
	var line map[string]any
	if err := json.Unmarshal(w.log.Bytes(), &line); err != nil {
		w.t.Fatalf("not one JSON line: %v\n%s", err, &w.log)
	}
	return line, answer, err
}

func bearer(credential string) map[string][]string {
	return map[string][]string{"Authorization": {"Bearer " + credential}, "X-Stencil-TenantId": {tenant}}
}

// One line per decision: what came of it, and the tenant of a credential that was accepted.
func TestOneLineTellsEveryDecision(t *testing.T) {
	w := newWorld(t)
	forgedKey := w.key
	forgedKey.Secret[0] ^= 1
	key := w.key.Text().Reveal()
	other := bearer(key)
	other["X-Stencil-TenantId"] = []string{"other"}
	twice := bearer(key)
	twice["Authorization"] = append(twice["Authorization"], twice["Authorization"]...)
	for name, c := range map[string]struct {
		headers               map[string][]string
		outcome, answer, says string // the level and the tenant that the line says
	}{
		"an API key":               {bearer(key), "allowed", "Allow", "INFO demo"},
		"an access token":          {bearer(w.current()), "allowed", "Allow", "INFO demo"},
		"nothing":                  {nil, "missing", "Unauthorized", "INFO "},
		"two headers":              {twice, "ambiguous", "Unauthorized", "INFO "},
		"another scheme":           {map[string][]string{"Authorization": {"Basic YTpi"}}, "missing", "Unauthorized", "INFO "},
		"a forged API key":         {bearer(forgedKey.Text().Reveal()), "forged", "Unauthorized", "INFO "},
		"a forged access token":    {bearer(w.current() + "x"), "forged", "Unauthorized", "INFO "},
		"an expired access token":  {bearer(w.access(func(a *token.Access) { a.Expires = a.IssuedAt - 1 })), "expired", "Unauthorized", "INFO "},
		"a superseded one":         {bearer(w.access(func(a *token.Access) { a.ID = a.Session })), "revoked", "Unauthorized", "INFO "},
		"an unknown API key":       {bearer(must(token.NewAPIKey(rand.Reader)).Text().Reveal()), "unknown", "Unauthorized", "INFO "},
		"no credential at all":     {bearer("eyJ"), "forged", "Unauthorized", "INFO "},
		"an ended session's token": {bearer(w.access(func(a *token.Access) { a.User = "bob" })), "revoked", "Unauthorized", "INFO "},
		"no tenant":                {map[string][]string{"Authorization": {"Bearer " + key}}, "missing", "Unauthorized", "INFO "},
		"another tenant's API key": {other, "other tenant", "Deny", "INFO "},
	} {
		line, answer, err := w.decide(c.headers)
		got := "Unauthorized"
		if err == nil {
			got = answer.PolicyDocument.Statement[0].Effect
		} else if err.Error() != got {
			t.Errorf("%s: %v", name, err)
		}
		says := fmt.Sprint(line["level"], " ", line["tenant"])
		if got != c.answer || line["outcome"] != c.outcome || says != c.says {
			t.Errorf("%s: %s, and the line says %v", name, got, line)
		}
		if _, timed := line["ms"].(float64); !timed || line["op"] != "authorizer" || line["apiRequestId"] != "request-1" {
			t.Errorf("%s: the line says %v", name, line)
		}
	}
}

// An API key that had an end is told from a wrong one.
func TestAnAPIKeyPastItsEndIsExpired(t *testing.T) {
	w := newWorld(t)
	w.stored.ExpiresAt = time.Now().Add(-time.Second)
	if line, _, err := w.decide(bearer(w.key.Text().Reveal())); err == nil || line["outcome"] != "expired" {
		t.Errorf("%v, and the line says %v", err, line)
	}
}

// A table or a key set that cannot be read is our fault, and an error in the log.
func TestUnavailabilityIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(*world)
		outcome string
	}{
		"throttled table": {func(w *world) { w.fails = fmt.Errorf("throttled: %w", session.ErrUnavailable) }, "unavailable"},
		"confused table":  {func(w *world) { w.fails = errors.New("a stored attribute is not of our layout") }, "failed"},
		"no keys": {func(w *world) {
			w.a.Verifier.Keys = keys.NewRing(func(context.Context) (*keys.PublicSet, error) { return nil, io.ErrUnexpectedEOF })
		}, "unavailable"},
	} {
		w := newWorld(t)
		c.spoil(w)
		line, _, err := w.decide(bearer(w.current()))
		if err == nil || err.Error() != "the authorizer is unavailable" {
			t.Errorf("%s: %v", name, err)
		}
		if line["level"] != "ERROR" || line["outcome"] != c.outcome || line["error"] == nil {
			t.Errorf("%s: the line says %v", name, line)
		}
	}
}

// "Secrets, tokens, hashes never in a log": whatever header a credential comes in, good or bad.
func TestNoDecisionLogsACredential(t *testing.T) {
	w := newWorld(t)
	for _, fails := range []error{nil, fmt.Errorf("throttled: %w", session.ErrUnavailable)} {
		w.fails = fails
		for _, credential := range []string{
			w.key.Text().Reveal(), w.key.Text().Reveal() + "x", w.current(), w.current() + "x",
			w.access(func(a *token.Access) { a.Expires = a.IssuedAt - 1 }), "srt_" + strings.Repeat("A1b2", 40),
		} {
			for _, name := range []string{"Authorization", "X-Stencil-TenantId", "x-stencil-tenanid", "Cookie", "User-Agent", credential} {
				for _, value := range []string{credential, "Bearer " + credential, "Basic " + credential} {
					headers := bearer(w.key.Text().Reveal())
					headers[name] = append(headers[name], value)
					w.refuseSecrets(headers, credential)
					headers[name] = []string{value}
					w.refuseSecrets(headers, credential)
				}
			}
		}
	}
}

func (w *world) refuseSecrets(headers map[string][]string, credential string) {
	w.t.Helper()
	_, _, _ = w.decide(headers) // its log is what counts
	for _, secret := range []string{credential, w.key.Text().Reveal()} {
		if strings.Contains(w.log.String(), secret[len(secret)-24:]) {
			w.t.Errorf("the log holds the end of a credential: %s", &w.log)
		}
	}
}
