package api_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// left counts the stored sessions of the fixture's users.
func left(t *testing.T, s *service.Service) (n int) {
	t.Helper()
	for _, q := range []session.Query{
		{Tenant: fixture.Demo, User: fixture.Alice}, {Tenant: fixture.Demo, User: fixture.Bob}, {Tenant: fixture.Other, User: fixture.Alice},
	} {
		found, _, err := s.Store.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		n += len(found)
	}
	return n
}

// restore puts every session back, in the epoch that its application has by now.
func restore(t *testing.T, s *service.Service) {
	t.Helper()
	for _, stored := range s.Sessions() {
		app, err := s.Store.Application(t.Context(), stored.Tenant, stored.Application)
		stored.Epoch = app.Epoch
		if err := errors.Join(err, s.Store.DeleteBatch(t.Context(), []session.Key{stored.Key}), s.Store.Create(t.Context(), stored)); err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever is sent to the paths that tell forms apart, nothing fails on the service's side, and nothing is deleted unless
// the answer says so.
func FuzzForms(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"userId":"alice"}`, `{"userId":"alice","operation":"delete"}`, `{"id":"` + fixture.SessionOne + `"}`,
		`{"tokenId":"` + fixture.SessionOne + `"}`, `{"applicationsId":"web"}`, `{"userId":"alice","applicationsId":"web"}`,
		`{"TokenString":"srt_"}`, `{"refreshToken":"srt_AAAA","userId":"alice"}`, `[1]`, `{"userId":null}`,
	} {
		f.Add(seed, "", "", fixture.SessionOne, byte(0))
		f.Add(seed, "DELETE", "refreshToken=a; refresh_token=b", "%2e%2e", byte(1))
		f.Add(seed, "", "accessToken=x", "%zz", byte(2))
	}
	s := service.New(f, io.Discard)
	caller := s.Caller(f, fixture.KeyText("all"), fixture.Demo)
	f.Fuzz(func(t *testing.T, body, override, cookie, path string, kind byte) {
		r := service.Request{Method: http.MethodPost, Body: body, Header: []string{
			"authorization", "Bearer " + fixture.KeyText("all"), "x-stencil-tenantid", fixture.Demo, "cookie", cookie,
		}}
		if override != "" {
			r.Header = append(r.Header, "x-http-method-override", override)
		}
		op := api.Refresh
		if kind%3 == 2 {
			r.Method = http.MethodDelete
		}
		e := r.Event()
		if kind%3 > 0 {
			op, e.RequestContext.Authorizer = api.DocumentedForms, caller
			e.PathParameters = map[string]string{"tokenId": path}
		}
		before := left(t, s)
		answer, err := s.Handlers[op](t.Context(), e)
		if err != nil || answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode < http.StatusOK {
			t.Fatalf("got %d %s, %v, want a status from 200 to 499", answer.StatusCode, answer.Body, err)
		}
		var envelope struct {
			Success bool
			Data    json.RawMessage
		}
		if err := json.Unmarshal([]byte(answer.Body), &envelope); err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusOK && (left(t, s) != before || envelope.Success || string(envelope.Data) != "null") {
			t.Fatalf("got %d %s and %d of %d sessions left, want no change", answer.StatusCode, answer.Body, left(t, s), before)
		}
		if left(t, s) < before || op == api.DocumentedForms { // for the next input
			restore(t, s)
		}
	})
}

// Whatever cookies come, an answer sets and clears those of this service alone, and shows no refresh token.
func FuzzCookies(f *testing.F) {
	s := service.New(f, io.Discard)
	tokens := strings.NewReplacer("{one}", s.RefreshText(fixture.SessionOne, 0), "{bob}", s.RefreshText(fixture.SessionBob, 0),
		"{access}", s.AccessText(fixture.SessionOne, fixture.Noon()))
	for _, seed := range []string{
		"", "refreshToken={one}; accessToken={access}", "__Host-refresh_token={one}; refreshToken={bob}", "refreshToken=a; refresh_token={one}",
		"refreshToken={one}; refresh_token={bob}", `refresh_token="{one}"; refresh_token={one}`, "refreshToken=; =; refreshToken",
		"refreshToken={one}; __Host-access_token={access}",
	} {
		f.Add(seed, "")
		f.Add(seed, "example.com")
	}
	line := regexp.MustCompile(`^(__Host-)?(refresh|access)_?[tT]oken=[\w.-]*; Path=/(; Domain=example\.com)?; Max-Age=\d+; HttpOnly; Secure; SameSite=Strict$`)
	f.Fuzz(func(t *testing.T, cookies, domain string) {
		if domain != "" {
			domain = "example.com"
		}
		parts := s.Parts
		parts.Shell.CookieDomain = domain
		for _, op := range []api.Operation{api.Refresh, api.Logout} {
			r := service.Request{Method: http.MethodPost, Header: []string{"cookie", tokens.Replace(cookies)}}
			answer, err := parts.All()[op](t.Context(), r.Event())
			if err != nil || answer.StatusCode >= http.StatusInternalServerError || strings.Contains(answer.Body, "srt_") {
				t.Fatalf("%s: got %d %s, %v, want no failure and no refresh token", op, answer.StatusCode, answer.Body, err)
			}
			for _, set := range answer.MultiValueHeaders["Set-Cookie"] {
				host := strings.HasPrefix(set, "__Host-") // browsers take it without a domain only
				if !line.MatchString(set) || host && domain != "" && !strings.Contains(set, "=; Path=/; Max-Age=0;") {
					t.Fatalf("%s: got %q, want %s", op, set, line)
				}
			}
		}
		restore(t, s)
	})
}

// Odd headers are refused or read, and never let in a credential that was not presented whole.
func FuzzHeaders(f *testing.F) {
	f.Add("Bearer x", "demo", "", byte(0))
	f.Add("bearer  sak_00000000000000000000000000000000_x", "demo", "demo", byte(3))
	f.Add("Bearer "+fixture.KeyText("read"), fixture.Demo, fixture.Demo, byte(1))
	s := service.New(f, io.Discard)
	f.Fuzz(func(t *testing.T, authorization, tenant, misspelt string, doubled byte) {
		h := authorizer.HeadersOf(nil, map[string][]string{"AUTHORIZATION": {authorization}, "X-STENCIL-TENANTID": {tenant}})
		if misspelt != "" {
			h.Multi["x-stencil-tenanid"] = []string{misspelt}
		}
		if doubled%4 == 3 {
			h.Multi["authorization"] = []string{authorization}
		}
		p, err := s.Parts.Authorizer.Authenticate(t.Context(), h)
		if err != nil {
			return
		}
		credential, _ := authorizer.Bearer(authorization)
		good := slices.ContainsFunc([]string{"read", "all", "issue", "revoke"}, func(name string) bool { return credential == fixture.KeyText(name) })
		if !good || p.Tenant != fixture.Demo || doubled%4 == 3 || (misspelt != "" && misspelt != fixture.Demo) {
			t.Fatalf("got %+v for %q, want a refusal", p, authorization)
		}
	})
}
