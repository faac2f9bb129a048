package api_test

import (
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// sessionsLeft counts what is stored for the world's users.
func (w *world) sessionsLeft() int {
	w.t.Helper()
	left := 0
	for _, q := range []session.Query{{Tenant: demo, User: alice}, {Tenant: demo, User: bob}, {Tenant: otherOne, User: alice}} {
		found, _, err := w.store.Query(w.t.Context(), q)
		if err != nil {
			w.t.Fatal(err)
		}
		left += len(found)
	}
	return left
}

// FuzzForms: whatever is sent to the paths that tell forms apart, nothing fails on our side, and nothing is
// deleted unless the answer says so.
func FuzzForms(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"userId":"alice"}`, `{"userId":"alice","operation":"delete"}`, `{"id":"` + sessionOne + `"}`,
		`{"tokenId":"` + sessionOne + `"}`, `{"applicationsId":"web"}`, `{"userId":"alice","applicationsId":"web"}`,
		`{"TokenString":"srt_"}`, `{"refreshToken":"srt_AAAA","userId":"alice"}`, `[1]`, `{"userId":null}`,
	} {
		f.Add(seed, "", "", sessionOne, byte(0))
		f.Add(seed, "DELETE", "refreshToken=a; refresh_token=b", "%2e%2e", byte(1))
		f.Add(seed, "", "accessToken=x", "%zz", byte(2))
	}
	w := newWorld(f, io.Discard)
	caller := w.as(bearerKey("all"), demo)
	f.Fuzz(func(t *testing.T, body, override, cookie, path string, kind byte) {
		e := events.APIGatewayProxyRequest{HTTPMethod: http.MethodPost, Body: body, MultiValueHeaders: map[string][]string{
			"authorization": {bearerKey("all")}, "x-stencil-tenantid": {demo}, "cookie": {cookie},
		}}
		if override != "" {
			e.MultiValueHeaders["x-http-method-override"] = []string{override}
		}
		op := "refresh"
		if kind%3 > 0 {
			op, e.RequestContext.Authorizer = "documented-forms", caller
			e.PathParameters = map[string]string{"tokenId": path}
		}
		if kind%3 == 2 {
			e.HTTPMethod = http.MethodDelete
		}
		w.t = t
		before := w.sessionsLeft()
		answer, body2 := w.call(op, e)
		if answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode < http.StatusOK {
			t.Fatalf("%d %s", answer.StatusCode, answer.Body)
		}
		if answer.StatusCode != http.StatusOK && (w.sessionsLeft() != before || body2.Success || string(body2.Data) != "null") {
			t.Fatalf("%d, yet something happened: %s", answer.StatusCode, answer.Body)
		}
		if w.sessionsLeft() < before || op == "documented-forms" {
			w.putSessions() // for the next input
		}
	})
}

// FuzzHeaders: odd headers are refused or read, and never let in a credential that was not presented whole.
func FuzzHeaders(f *testing.F) {
	f.Add("Bearer x", "demo", "", byte(0))
	f.Add("bearer  sak_00000000000000000000000000000000_x", "demo", "demo", byte(3))
	f.Add(bearerKey("read"), demo, demo, byte(1))
	w := newWorld(f, io.Discard)
	good := []string{"read", "all", "issue", "revoke"}
	f.Fuzz(func(t *testing.T, authorization, tenant, misspelt string, doubled byte) {
		h := authorizer.Headers{Multi: map[string][]string{"AUTHORIZATION": {authorization}, "X-STENCIL-TENANTID": {tenant}}}
		if misspelt != "" {
			h.Multi["x-stencil-tenanid"] = []string{misspelt}
		}
		if doubled%4 == 3 {
			h.Multi["authorization"] = []string{authorization}
		}
		p, err := w.authorizer.Authenticate(t.Context(), h)
		if err != nil {
			return
		}
		credential, _ := authorizer.Bearer(authorization)
		known := slices.ContainsFunc(good, func(name string) bool { return credential == apiKey(name).Text().Reveal() })
		if !known || p.Tenant != demo || doubled%4 == 3 || (misspelt != "" && misspelt != demo) {
			t.Fatalf("let in %+v", p)
		}
	})
}
