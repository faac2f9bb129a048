package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/leaks"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// refresh is a refresh with a token in the body.
func refresh(token string, header ...string) service.Request {
	return service.Request{Method: "POST", Header: header, Body: `{"refreshToken":"` + token + `"}`}
}

// isForm is the header of form data.
var isForm = []string{"Content-Type", "application/x-www-form-urlencoded"}

// logged reads a log of one line and empties it.
func logged(t *testing.T, log *bytes.Buffer) map[string]any {
	t.Helper()
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("the log: got %v, want one line of JSON\n%s", err, log)
	}
	log.Reset()
	return line
}

// The four refusals read the same to the caller, and the log tells them apart.
func TestOneLineNamesTheOutcomeOfARefreshAndTheTenantOfAGenuineToken(t *testing.T) {
	var log bytes.Buffer
	s := service.New(t, &log)
	nowhere := fixture.KeyOf(fixture.SessionBob)
	nowhere.Application = "nowhere"
	unknown := fixture.Must(s.Refresh(nowhere, 0).Encode(s.TokenKey())).Reveal()
	forged := []byte(s.RefreshText(fixture.SessionOne, 0))
	forged[20] ^= 1
	for _, c := range []struct{ token, outcome, level, tenant string }{
		{s.RefreshText(fixture.SessionOne, 0), "rotated", "INFO", fixture.Demo},
		{s.RefreshText(fixture.SessionOne, 0), "retry", "INFO", fixture.Demo},
		{s.RefreshText(fixture.SessionSvc, 0), "extended", "INFO", fixture.Demo},
		{s.RefreshText(fixture.SessionTwo, 0), "reuse", "WARN", fixture.Demo},
		{s.RefreshText(fixture.SessionTwo, 2), "unknown", "INFO", fixture.Demo}, // the reuse has ended it
		{s.RefreshText(fixture.SessionOld, 0), "expired", "INFO", fixture.Demo},
		{unknown, "application gone", "INFO", fixture.Demo},
		{string(forged), "forged", "INFO", ""},
		{"", "bad request", "INFO", ""},
	} {
		s.Call(t, api.Refresh, refresh(c.token))
		line := logged(t, &log)
		for name, want := range map[string]any{
			"op": "refresh", "outcome": c.outcome, "level": c.level, "tenant": c.tenant,
			"apiRequestId": "11111111-2222-3333-4444-555555555555",
		} {
			if line[name] != want {
				t.Errorf("%s: %s: got %v, want %v", c.outcome, name, line[name], want)
			}
		}
		if ms, ok := line["ms"].(float64); !ok || ms < 0 || (line["security"] == true) != (c.outcome == "reuse") {
			t.Errorf("%s: got the line %v, want ms, and security with a reuse only", c.outcome, line)
		}
	}
}

// A request may carry a credential in any header, query or body, and an answer in its body.
func TestNoLineContainsACredential(t *testing.T) {
	var log bytes.Buffer
	s := service.New(t, &log)
	current := s.RefreshText(fixture.SessionOne, 0)
	secrets := []string{current, s.Sign(s.Access(fixture.SessionOne)), fixture.KeyText("all")}
	seen := secrets
	all := requests(t, s)
	log.Reset()
	for op, r := range all {
		for _, secret := range secrets {
			odd := r
			odd.Header = nil
			for _, name := range []string{"Authorization", "Cookie", "X-Stencil-TenantId", "Origin", "User-Agent", "X-HTTP-Method-Override"} {
				odd.Header = append(odd.Header, name, secret)
			}
			odd.Query = []string{"token", secret, secret, secret}
			odd.Body = strings.ReplaceAll(r.Body, current, secret) + secret
			seen = append(seen, s.Call(t, op, odd).Body)
		}
		seen = append(seen, s.Call(t, op, r).Body)
	}
	if err := leaks.Find(log.String(), seen...); err != nil {
		t.Error(err)
	}
	if got := strings.Count(log.String(), "\n"); got != 4*len(all) {
		t.Errorf("got %d lines, want %d", got, 4*len(all))
	}
}

func TestAClientsMistakeIsABadRequestInTheLog(t *testing.T) {
	var log bytes.Buffer
	s := service.New(t, &log)
	for _, op := range []api.Operation{api.OauthToken, api.OauthRevoke} {
		s.Call(t, op, service.Request{Method: "POST", Body: "{}", Header: []string{"Content-Type", "application/json"}})
		if got := logged(t, &log)["outcome"]; got != "bad request" {
			t.Errorf("%s: outcome: got %v, want bad request", op, got)
		}
	}
}

// Cookies beside a token in the body may be another session's: what does not fit counts as absent.
func TestTheBodyWinsOverCookies(t *testing.T) {
	for name, c := range map[string]struct {
		cookies func(s *service.Service) string
		want    int
	}{
		"another session's pair": {func(s *service.Service) string {
			return "refreshToken=" + s.RefreshText(fixture.SessionBob, 0) + "; accessToken=" + s.AccessText(fixture.SessionBob, s.Now)
		}, http.StatusOK},
		"another session's access cookie alone": {func(s *service.Service) string {
			return "accessToken=" + s.AccessText(fixture.SessionBob, s.Now)
		}, http.StatusOK},
		"its own access cookie": {func(s *service.Service) string {
			return "access_token=" + s.Sign(s.Access(fixture.SessionOne))
		}, http.StatusOK},
	} {
		s := service.New(t, io.Discard)
		answer := s.Call(t, api.Refresh, refresh(s.RefreshText(fixture.SessionOne, 0), "Cookie", c.cookies(s)))
		if cookies := answer.MultiValueHeaders["Set-Cookie"]; answer.StatusCode != c.want || cookies != nil {
			t.Errorf("%s: got %d %s and the cookies %q, want %d and none", name, answer.StatusCode, answer.Body, cookies, c.want)
		}
	}
}

// The largest claims that issue takes make an access token that the authorizer takes.
func TestTheLargestClaimsMakeAGoodToken(t *testing.T) {
	s := service.New(t, io.Discard)
	caller := s.Caller(t, fixture.KeyText("all"), fixture.Demo)
	const frame = len(`{"x":""}`)
	for name, c := range map[string]struct {
		value string
		want  int
	}{
		"2048 plain bytes":                        {strings.Repeat("a", 2048-frame), http.StatusCreated},
		"2049 plain bytes":                        {strings.Repeat("a", 2049-frame), http.StatusBadRequest},
		"340 bytes that are escaped, six for one": {strings.Repeat("<", 340), http.StatusCreated},
		"341 bytes that are escaped, six for one": {strings.Repeat("<", 341), http.StatusBadRequest},
	} {
		answer := s.Call(t, api.Issue, service.Request{
			Method: "POST", Caller: caller, Body: `{"userId":"carol","applicationId":"web","claims":{"x":"` + c.value + `"}}`,
		})
		if answer.StatusCode != c.want {
			t.Errorf("%s: got %d, want %d", name, answer.StatusCode, c.want)
		}
		if answer.StatusCode == http.StatusCreated {
			var body struct{ Data struct{ AccessToken string } }
			if err := json.Unmarshal([]byte(answer.Body), &body); err != nil {
				t.Fatal(err)
			}
			s.Caller(t, body.Data.AccessToken, fixture.Demo) // fails the test unless the authorizer lets it in
		}
	}
}

// An answer must not be many times the size of the request that caused it.
func TestTheErrorsOfOneAnswerAreBounded(t *testing.T) {
	body := "{"
	for i := range 2000 {
		body += `"` + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + `":0,`
	}
	body = body[:min(len(body), 16000)]
	body = body[:strings.LastIndexByte(body, ',')] + "}"
	answer := service.New(t, io.Discard).Call(t, api.Refresh, service.Request{Method: "POST", Body: body})
	var envelope struct{ Errors []session.FieldError }
	if err := json.Unmarshal([]byte(answer.Body), &envelope); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusBadRequest || len(envelope.Errors) == 0 || len(answer.Body) > 2*len(body) {
		t.Errorf("got %d with %d bytes for %d, want 400 with at most twice as many", answer.StatusCode, len(answer.Body), len(body))
	}
}
