package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// brokenStore fails every verb, or panics in it.
type brokenStore struct {
	session.Store // nil: a verb that is not overridden panics

	err error
}

func (b brokenStore) Application(context.Context, string, string) (session.Application, error) {
	return session.Application{}, b.err
}

func (b brokenStore) ApplicationOf(context.Context, session.Key) (session.Application, error) {
	return session.Application{}, b.err
}

func (b brokenStore) Rotate(context.Context, session.Rotation) (session.Session, bool, error) {
	return session.Session{}, false, b.err
}

func (b brokenStore) Locate(context.Context, string, token.ID) (session.Key, error) {
	return session.Key{}, b.err
}

func (b brokenStore) Load(context.Context, session.Key) (session.Session, session.Application, error) {
	return session.Session{}, session.Application{}, b.err
}

func (b brokenStore) Query(context.Context, session.Query) ([]session.Session, bool, error) {
	return nil, false, b.err
}

func (b brokenStore) AdvanceEpoch(context.Context, string, string) (uint64, error) { return 0, b.err }

// requests is one good request of each operation with a route that reads the store.
func (w *world) requests() map[string]events.APIGatewayProxyRequest {
	admin := w.as(bearerKey("all"), demo)
	current := w.refreshText(sessionOne, demo, alice, web, 0)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	return map[string]events.APIGatewayProxyRequest{
		"issue":                 rest{method: "POST", body: `{"userId":"alice","applicationId":"web"}`, caller: admin}.event(),
		"refresh":               rest{method: "POST", body: `{"refreshToken":"` + current + `"}`}.event(),
		"retrieve-by-id":        rest{method: "GET", path: []string{"tokenId", sessionOne}, caller: admin}.event(),
		"retrieve-by-user":      rest{method: "GET", query: []string{"userId", alice}, caller: admin}.event(),
		"delete-by-id":          rest{method: "DELETE", path: []string{"tokenId", sessionOne}, caller: admin}.event(),
		"delete-by-string":      rest{method: "POST", body: `{"token":"` + current + `"}`, caller: admin}.event(),
		"delete-by-user":        rest{method: "DELETE", path: []string{"userId", alice}, caller: admin}.event(),
		"delete-by-application": rest{method: "DELETE", path: []string{"applicationId", web}, caller: admin}.event(),
		"delete-by-user-and-application": rest{
			method: "DELETE", path: []string{"userId", alice, "applicationId", web}, caller: admin,
		}.event(),
		"documented-forms": rest{method: "POST", path: []string{"tokenId", sessionOne}, caller: admin}.event(),
		"user-refresh-token": rest{
			method: "POST", header: []string{"Authorization", w.aliceAccess()}, body: `{"refreshToken":"` + current + `"}`,
		}.event(),
		"authenticate-refresh": rest{method: "POST", body: `{"refreshToken":"` + current + `"}`}.event(),
		"oauth-token":          rest{method: "POST", header: form, body: "grant_type=refresh_token&refresh_token=" + current}.event(),
		"oauth-revoke":         rest{method: "POST", header: form, body: "token=" + current}.event(),
		"oauth-introspect":     rest{method: "POST", header: form, body: "token=" + current, caller: admin}.event(),
	}
}

// "503: keys or table unavailable (Retry-After)", "500: our fault, constant text", each in its interface's shape.
func TestFailuresOfTheTableAndTheKeys(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, &log)
	requests := w.requests()
	noKeys := func(context.Context) (*keys.TokenSet, error) { return nil, errors.New("no secret") }
	for name, c := range map[string]struct {
		store  session.Store
		keys   *keys.Ring[keys.TokenSet]
		status int
	}{
		"table throttled": {brokenStore{err: fmt.Errorf("throttled: %w", session.ErrUnavailable)}, w.parts.TokenKeys, 503},
		"table confused":  {brokenStore{err: errors.New("srt_secret eyJ")}, w.parts.TokenKeys, 500},
		"panic":           {nil, w.parts.TokenKeys, 500},
		"no token keys":   {w.store, keys.NewRing(noKeys), 503},
	} {
		t.Run(name, func(t *testing.T) {
			parts := w.parts
			parts.Store, parts.TokenKeys = c.store, c.keys
			handlers := parts.All()
			for op, e := range requests {
				if name == "no token keys" && !needsTokenKeys(op) {
					continue
				}
				answer, err := handlers[api.Operation(op)](t.Context(), e)
				if err != nil || answer.StatusCode != c.status {
					t.Errorf("%s: %d %s %v, want %d", op, answer.StatusCode, answer.Body, err, c.status)
				}
				header := http.Header(answer.MultiValueHeaders)
				if (header.Get("Retry-After") != "") != (c.status == http.StatusServiceUnavailable) {
					t.Errorf("%s: Retry-After is %q", op, header.Get("Retry-After"))
				}
				shape := map[string]string{
					"user-refresh-token": `"result":false`, "authenticate-refresh": `"error":{"code":`, "oauth-token": `"error":"`,
					"oauth-revoke": `"error":"`, "oauth-introspect": `"error":"`,
				}[op]
				if shape == "" {
					shape = `"success":false,`
				}
				if !strings.Contains(answer.Body, shape) || strings.Contains(answer.Body, "srt_") {
					t.Errorf("%s: %s", op, answer.Body)
				}
			}
		})
	}
	if strings.Contains(log.String(), w.refreshText(sessionOne, demo, alice, web, 0)) {
		t.Error("a failing request logged its refresh token")
	}
}

func needsTokenKeys(op string) bool {
	switch op {
	case "issue", "refresh", "delete-by-string", "user-refresh-token", "authenticate-refresh", "oauth-token", "oauth-revoke", "oauth-introspect":
		return true
	}
	return false
}

// "An application with requireAccessToken answers 400 when there is none", on every interface that has a way to
// present one, and nothing rotates.
func TestRequiredAccessTokenIsRequired(t *testing.T) {
	w := newWorld(t, io.Discard)
	text := w.refreshText(sessionReq, demo, alice, guarded, 0)
	body := `{"refreshToken":"` + text + `"}`
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for op, e := range map[string]events.APIGatewayProxyRequest{
		"refresh":              rest{method: "POST", body: body}.event(),
		"authenticate-refresh": rest{method: "POST", body: body}.event(),
		"oauth-token":          rest{method: "POST", header: form, body: "grant_type=refresh_token&refresh_token=" + text}.event(),
	} {
		answer, err := w.handlers[api.Operation(op)](t.Context(), e)
		if err != nil || answer.StatusCode != http.StatusBadRequest || !strings.Contains(answer.Body, "access token is required") {
			t.Errorf("%s: %d %s %v", op, answer.StatusCode, answer.Body, err)
		}
	}
	access := w.accessText(sessionReq, demo, alice, guarded, noon.Add(-1))
	answer, _ := w.call("refresh", rest{method: "POST", header: []string{"Authorization", "Bearer " + access}, body: body}.event())
	if answer.StatusCode != http.StatusOK || !strings.Contains(answer.Body, `"refreshTokenId":"`+sessionReq) {
		t.Errorf("with its access token: %d %s", answer.StatusCode, answer.Body)
	}
}

// keepPreviousAccessToken: an access token of before a refresh still passes the authorizer; otherwise it does not.
func TestAccessTokensOfBeforeARefresh(t *testing.T) {
	for _, keep := range []bool{false, true} {
		w := newWorld(t, io.Discard)
		s := w.session(sessionOne, demo, alice, web, 0)
		s.Policy.KeepPreviousAccess = keep
		if err := errors.Join(w.store.DeleteBatch(t.Context(), []session.Key{s.Key}), w.store.Create(t.Context(), s)); err != nil {
			t.Fatal(err)
		}
		before := w.aliceAccess()
		w.as("Bearer "+before, demo)
		answer, _ := w.call("refresh", rest{method: "POST", body: `{"refreshToken":"` + w.refreshText(sessionOne, demo, alice, web, 0) + `"}`}.event())
		if answer.StatusCode != http.StatusOK {
			t.Fatal(answer.Body)
		}
		e := rest{method: "GET", header: []string{"Authorization", "Bearer " + before, "X-Stencil-TenantId", demo}}.authorizerEvent()
		_, err := w.authorizer.Handler(w.parts.Shell.Log)(t.Context(), e)
		if (err == nil) != keep {
			t.Errorf("keepPreviousAccessToken %v: %v", keep, err)
		}
	}
}
