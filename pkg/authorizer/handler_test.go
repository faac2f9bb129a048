package authorizer_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// harness is an authorizer over the fixture's tenants, and its log.
type harness struct {
	*authorizer.Authorizer
	fixture.Tenants

	t   *testing.T
	log bytes.Buffer
}

func start(t *testing.T) *harness {
	t.Helper()
	tenants, store, clock := fixture.Populated(t)
	return &harness{t: t, Tenants: tenants, Authorizer: &authorizer.Authorizer{
		Store: store, Verifier: tenants.Verifier(clock.Now), Now: clock.Now,
	}}
}

// failing is a store without a table.
type failing struct{ err error }

func (f failing) Load(context.Context, session.Key) (session.Session, session.Application, error) {
	return session.Session{}, session.Application{}, f.err
}

func (f failing) APIKey(context.Context, string) (session.APIKey, error) {
	return session.APIKey{}, f.err
}

var errThrottled = fmt.Errorf("throttled: %w", session.ErrUnavailable)

// access is the current access token of session one, changed.
func (h *harness) access(change func(*token.Access)) string {
	a := h.Access(fixture.SessionOne)
	change(&a)
	return h.Sign(a)
}

func (h *harness) current() string { return h.access(func(*token.Access) {}) }

// decide asks the authorizer and returns what it logged, which is one line, and its answer: an effect or an error.
func (h *harness) decide(headers map[string][]string) (line map[string]any, answer string) {
	h.t.Helper()
	h.log.Reset()
	e := events.APIGatewayCustomAuthorizerRequestTypeRequest{
		MethodArn:         "arn:aws:execute-api:eu-west-1:123456789012:abc/dev/GET/jwt/refresh",
		MultiValueHeaders: headers,
	}
	e.RequestContext.RequestID = "request-1"
	policy, err := h.Handler(telemetry.Log{Logger: slog.New(slog.NewJSONHandler(&h.log, nil))})(h.t.Context(), e)
	if err := json.Unmarshal(h.log.Bytes(), &line); err != nil {
		h.t.Fatalf("the log: got %v, want one line of JSON\n%s", err, &h.log)
	}
	if err != nil {
		return line, err.Error()
	}
	return line, policy.PolicyDocument.Statement[0].Effect
}

func bearer(credential string) map[string][]string {
	return map[string][]string{"Authorization": {"Bearer " + credential}, "X-Stencil-TenantId": {fixture.Demo}}
}

// headers are those of a good API key, with one replaced.
func headers(name string, values ...string) map[string][]string {
	h := bearer(fixture.KeyText("all"))
	h[name] = values
	return h
}

func TestOneLineNamesTheOutcomeOfADecisionAndTheTenantOfAGoodCredential(t *testing.T) {
	h := start(t)
	forged := fixture.APIKey("all")
	forged.Secret[0] ^= 1
	unknown := fixture.Must(token.NewAPIKey(rand.Reader))
	key := "Bearer " + fixture.KeyText("all")
	for name, c := range map[string]struct {
		headers                 map[string][]string
		outcome, answer, logged string // the level and the tenant in the line
	}{
		"an API key":               {bearer(fixture.KeyText("all")), "allowed", "Allow", "INFO demo"},
		"an access token":          {bearer(h.current()), "allowed", "Allow", "INFO demo"},
		"no header":                {nil, "missing", "Unauthorized", "INFO "},
		"two headers":              {headers("Authorization", key, key), "ambiguous", "Unauthorized", "INFO "},
		"another scheme":           {headers("Authorization", "Basic YTpi"), "missing", "Unauthorized", "INFO "},
		"a forged API key":         {bearer(forged.Text().Reveal()), "forged", "Unauthorized", "INFO "},
		"a forged access token":    {bearer(h.current() + "x"), "forged", "Unauthorized", "INFO "},
		"an expired access token":  {bearer(h.AccessText(fixture.SessionOne, h.Tenants.Now)), "expired", "Unauthorized", "INFO "},
		"a superseded one":         {bearer(h.access(func(a *token.Access) { a.SessionVersion++ })), "revoked", "Unauthorized", "INFO "},
		"an unknown API key":       {bearer(unknown.Text().Reveal()), "unknown", "Unauthorized", "INFO "},
		"an expired API key":       {bearer(fixture.KeyText("expired")), "expired", "Unauthorized", "INFO "},
		"the beginning of a token": {bearer("eyJ"), "forged", "Unauthorized", "INFO "},
		"an ended session's token": {bearer(h.access(func(a *token.Access) { a.User = fixture.Bob })), "revoked", "Unauthorized", "INFO "},
		"no tenant":                {headers("X-Stencil-TenantId"), "missing", "Unauthorized", "INFO "},
		"another tenant":           {headers("X-Stencil-TenantId", fixture.Other), "other tenant", "Deny", "INFO "},
	} {
		line, answer := h.decide(c.headers)
		logged := fmt.Sprint(line["level"], " ", line["tenant"])
		if answer != c.answer || line["outcome"] != c.outcome || logged != c.logged {
			t.Errorf("%s: got %s and the line %v, want %s, %s and %s", name, answer, line, c.answer, c.outcome, c.logged)
		}
		if _, timed := line["ms"].(float64); !timed || line["op"] != "authorizer" || line["apiRequestId"] != "request-1" {
			t.Errorf("%s: got the line %v, want op authorizer, ms and the request's id", name, line)
		}
	}
}

func TestATableOrKeysThatCannotBeReadAreAnErrorInTheLog(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(*harness)
		outcome string
	}{
		"throttled table": {func(h *harness) { h.Store = failing{errThrottled} }, "unavailable"},
		"confused table":  {func(h *harness) { h.Store = failing{errors.New("an attribute of another layout")} }, "failed"},
		"no keys":         {func(h *harness) { h.Verifier.Keys = fixture.Down[keys.PublicSet]() }, "unavailable"},
	} {
		h := start(t)
		c.spoil(h)
		line, answer := h.decide(bearer(h.current()))
		if answer != "the authorizer is unavailable" || line["level"] != "ERROR" || line["outcome"] != c.outcome || line["error"] == nil {
			t.Errorf("%s: got %q and the line %v, want outcome %s", name, answer, line, c.outcome)
		}
	}
}

// Secrets are never in a log, whatever header a credential comes in, good or bad.
func TestNoDecisionLogsACredential(t *testing.T) {
	h := start(t)
	key, store := fixture.KeyText("all"), h.Store
	for _, h.Store = range []authorizer.Store{store, failing{errThrottled}} {
		for _, credential := range []string{
			key, key + "x", h.current(), h.current() + "x", h.AccessText(fixture.SessionOne, h.Tenants.Now.Add(-time.Second)),
			"srt_" + strings.Repeat("A1b2", 40),
		} {
			for _, name := range []string{"Authorization", "X-Stencil-TenantId", "x-stencil-tenanid", "Cookie", "User-Agent", credential} {
				for _, value := range []string{credential, "Bearer " + credential, "Basic " + credential} {
					alone := headers(name, value)
					beside := maps.Clone(alone)
					beside[name] = slices.Concat(bearer(key)[name], []string{value})
					for _, headers := range []map[string][]string{alone, beside} {
						_, _ = h.decide(headers) // its log is what counts
						for _, secret := range []string{credential, key} {
							if strings.Contains(h.log.String(), secret[len(secret)-24:]) {
								t.Errorf("%s: got the end of a credential in the log: %s", name, &h.log)
							}
						}
					}
				}
			}
		}
	}
}
