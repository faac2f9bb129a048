package api_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/handlers"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/operator"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// The world that tests and the events under events/ live in. Everything in it is derived from names, so that a
// token written into an event file stays good.
const (
	issuer     = "https://auth.example.com"
	demo       = "demo"
	otherOne   = "other"
	web        = "web"
	service    = "service"
	guarded    = "guarded" // requires the access token
	alice      = "alice"
	bob        = "bob"
	sessionOne = "019bc1f5-9a00-7000-8000-000000000001" // alice, web, current
	sessionTwo = "019bc1f5-9a00-7000-8000-000000000002" // alice, web, rotated twice
	sessionOld = "019bc1f5-9a00-7000-8000-000000000003" // alice, web, expired
	sessionBob = "019bc1f5-9a00-7000-8000-000000000004"
	sessionSvc = "019bc1f5-9a00-7000-8000-000000000005" // alice, service, reusable
	sessionReq = "019bc1f5-9a00-7000-8000-000000000006" // alice, guarded
	sessionFar = "019bc1f5-9a00-7000-8000-000000000007" // tenant other
)

// noon is when the world's clock starts.
var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

type world struct {
	t          testing.TB
	clock      time.Time
	store      session.Store
	parts      handlers.Parts
	operator   operator.Operator
	authorizer *authorizer.Authorizer
	handlers   map[api.Operation]api.Handler
	tokenKey   keys.TokenKey
	signing    keys.SigningKey
}

func newWorld(t testing.TB, log io.Writer) *world {
	t.Helper()
	w := &world{t: t, clock: noon}
	store, err := embedded.Open(filepath.Join(t.TempDir(), "store.db"), embedded.Options{Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w.store = store
	tokenDoc, signingDoc := w.documents()
	tokenKeys := keys.NewRing(func(context.Context) (*keys.TokenSet, error) { return keys.ParseTokenSet(tokenDoc) })
	signing := keys.NewRing(func(context.Context) (*keys.SigningSet, error) { return keys.ParseSigningSet(signingDoc) })
	public := keys.NewRing(func(context.Context) (*keys.PublicSet, error) { return keys.ParsePublicSet(signingDoc) })
	w.tokenKey = must(tokenKeys.Get(t.Context())).Active
	w.signing = must(signing.Get(t.Context())).Active
	verifier := token.Verifier{Issuer: issuer, Keys: public, Now: w.now}
	logger := telemetry.Log{Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	w.authorizer = &authorizer.Authorizer{Store: store, Verifier: verifier, Now: w.now}
	w.parts = handlers.Parts{
		Shell: api.Shell{Issuer: issuer, Origins: api.Origins{Allowed: []string{"https://app.example.com"}}, Log: logger},
		Store: store, Authorizer: w.authorizer, TokenKeys: tokenKeys, SigningKeys: signing, PublicKeys: public, Now: w.now,
	}
	w.operator = operator.Operator{Store: store, Now: w.now, Random: rand.Reader, Log: logger}
	w.handlers = w.parts.All()
	w.populate()
	return w
}

func (w *world) now() time.Time { return w.clock }

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func derived(name string) [32]byte { return sha256.Sum256([]byte("test world/" + name)) }

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// documents are the world's keys: an Ed25519 key, whose signatures are deterministic, and a token key.
func (w *world) documents() (tokenDoc, signingDoc []byte) {
	seed, secret := derived("signing key"), derived("token key")
	public := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
	thumbprint := sha256.Sum256(fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":%q}`, b64(public)))
	tokenDoc = must(keys.MarshalDocument(keys.JWK{
		KeyType: "oct", ID: "00000001", Alg: "HS256", Status: keys.Active, K: b64(secret[:]),
	}))
	signingDoc = must(keys.MarshalDocument(keys.JWK{
		KeyType: "OKP", Curve: "Ed25519", ID: b64(thumbprint[:]), Alg: "EdDSA", Use: "sig", Status: keys.Active,
		X: b64(public), D: b64(seed[:]),
	}))
	return tokenDoc, signingDoc
}

func (w *world) populate() {
	ctx := w.t.Context()
	reusable, strict := session.DefaultSettings(), session.DefaultSettings()
	reusable.Usage = session.Reusable
	strict.RequireAccessTokenPresent = true
	for _, app := range []session.Application{
		{Tenant: demo, ID: web, Settings: session.DefaultSettings()},
		{Tenant: demo, ID: service, Settings: reusable},
		{Tenant: demo, ID: guarded, Settings: strict},
		{Tenant: otherOne, ID: web, Settings: session.DefaultSettings()},
	} {
		must(w.store.PutApplication(ctx, app))
	}
	for name, permissions := range map[string][]session.Permission{
		"all":    {session.MayIssue, session.MayRead, session.MayRevoke},
		"issue":  {session.MayIssue},
		"read":   {session.MayRead},
		"revoke": {session.MayRevoke},
	} {
		w.putKey(name, demo, permissions, time.Time{})
	}
	w.putKey("expired", demo, []session.Permission{session.MayRead}, noon.Add(-time.Second))
	w.putKey("other", otherOne, []session.Permission{session.MayIssue, session.MayRead, session.MayRevoke}, time.Time{})
	w.putSessions()
}

// putSessions puts every session where it was in the beginning, under its application's epoch of now.
func (w *world) putSessions() {
	ctx := w.t.Context()
	for _, s := range []session.Session{
		w.session(sessionOne, demo, alice, web, 0),
		w.session(sessionTwo, demo, alice, web, 2),
		w.session(sessionOld, demo, alice, web, 0),
		w.session(sessionBob, demo, bob, web, 0),
		w.session(sessionSvc, demo, alice, service, 0),
		w.session(sessionReq, demo, alice, guarded, 0),
		w.session(sessionFar, otherOne, alice, web, 0),
	} {
		s.Epoch = must(w.store.Application(ctx, s.Tenant, s.Application)).Epoch
		if err := errors.Join(w.store.DeleteBatch(ctx, []session.Key{s.Key}), w.store.Create(ctx, s)); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) putKey(name, tenant string, permissions []session.Permission, expires time.Time) {
	key := apiKey(name)
	err := w.store.PutAPIKey(w.t.Context(), session.APIKey{
		ID: key.ID, SecretHash: key.Secret.Hash(), Tenant: tenant, Name: name, Permissions: permissions,
		CreatedAt: noon.Add(-time.Hour), ExpiresAt: expires,
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func apiKey(name string) token.APIKey {
	id := derived("api key id/" + name)
	return token.APIKey{ID: fmt.Sprintf("%x", id[:16]), Secret: derived("api key/" + name)}
}

func bearerKey(name string) string { return "Bearer " + apiKey(name).Text().Reveal() }

func id(text string) token.ID {
	parsed, ok := token.ParseID(text)
	if !ok {
		panic("no id: " + text)
	}
	return parsed
}

// refreshToken is the token of a session at generation 0, or what follows from it.
func (w *world) refreshToken(sessionID, tenant, user, application string, generation uint32) token.Refresh {
	t := token.Refresh{
		Reusable: application == service, KeyID: w.tokenKey.ID, Tenant: tenant, User: user, Application: application,
		Session: id(sessionID), Secret: derived("refresh token/" + sessionID),
	}
	for range generation {
		next, _, err := t.Successor(w.tokenKey, w.tokenKey)
		if err != nil {
			w.t.Fatal(err)
		}
		t = next
	}
	return t
}

func (w *world) refreshText(sessionID, tenant, user, application string, generation uint32) string {
	return must(w.refreshToken(sessionID, tenant, user, application, generation).Encode(w.tokenKey)).Reveal()
}

func accessID(sessionID string) token.ID {
	sum := derived("access token/" + sessionID)
	return token.ID(sum[:16])
}

func (w *world) session(sessionID, tenant, user, application string, generation uint32) session.Session {
	created := noon.Add(-10 * time.Minute)
	t := w.refreshToken(sessionID, tenant, user, application, generation)
	s := session.Session{
		Key:        session.Key{Tenant: tenant, User: user, Application: application, ID: id(sessionID)},
		SecretHash: t.Secret.Hash(), TokenKeyID: w.tokenKey.ID, Generation: generation, AccessTokenID: accessID(sessionID),
		CreatedAt: created, IdleExpiresAt: created.Add(720 * time.Hour), AbsoluteExpiresAt: created.Add(4320 * time.Hour),
		Policy: session.Policy{
			Reusable: application == service, RequireAccessToken: application == guarded,
			Access: 15 * time.Minute, Idle: 720 * time.Hour, Overlap: 30 * time.Second,
		},
		Scope: "profile email", Device: &session.Device{Name: "Laptop", Type: "desktop"},
		Claims: json.RawMessage(`{"role":"editor"}`),
	}
	if generation > 0 {
		s.RotatedAt, s.RotatedBy = noon.Add(-5*time.Minute), token.ID{1}
	}
	if sessionID == sessionOld {
		s.IdleExpiresAt = noon.Add(-time.Minute)
	}
	return s
}

// accessText is the current access token of a session of the world.
func (w *world) accessText(sessionID, tenant, user, application string, expires time.Time) string {
	return must(token.Access{
		Issuer: issuer, User: user, Application: application, Tenant: tenant, Session: sessionID,
		ID: accessID(sessionID).String(), IssuedAt: noon.Add(-10 * time.Minute).Unix(), NotBefore: noon.Add(-10 * time.Minute).Unix(),
		Expires: expires.Unix(), Scope: "profile email",
	}.Sign(w.signing)).Reveal()
}

func (w *world) aliceAccess() string {
	return w.accessText(sessionOne, demo, alice, web, noon.Add(5*time.Minute))
}

// call runs an operation as API Gateway would, its authorizer's context included, and reads the envelope.
func (w *world) call(op string, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, envelope) {
	w.t.Helper()
	answer, err := w.handlers[api.Operation(op)](w.t.Context(), e)
	if err != nil {
		w.t.Fatalf("%s returned an error: %v", op, err)
	}
	var body envelope
	if answer.Body != "" {
		if err := json.Unmarshal([]byte(answer.Body), &body); err != nil {
			w.t.Fatalf("%s answered no JSON: %v\n%s", op, err, answer.Body)
		}
	}
	return answer, body
}

type envelope struct {
	Success bool                 `json:"success"`
	Message string               `json:"message"`
	Data    json.RawMessage      `json:"data"`
	Errors  []session.FieldError `json:"errors"`
	Hint    string               `json:"hint"`
	Keys    json.RawMessage      `json:"keys"` // JWKS
}

// as is the authorizer's context of a principal.
func (w *world) as(authorization, tenant string) map[string]any {
	w.t.Helper()
	answer, err := w.authorizer.Handler(w.parts.Shell.Log)(w.t.Context(), events.APIGatewayCustomAuthorizerRequestTypeRequest{
		MethodArn: "arn:aws:execute-api:eu-west-1:123456789012:abc/dev/GET/jwt/refresh",
		MultiValueHeaders: map[string][]string{
			"Authorization": {authorization}, "X-Stencil-TenantId": {tenant},
		},
	})
	if err != nil || answer.PolicyDocument.Statement[0].Effect != "Allow" {
		w.t.Fatalf("the authorizer refused %s: %v", tenant, err)
	}
	return answer.Context
}
