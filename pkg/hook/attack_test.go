package hook_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/hook"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// attacked is the service with a hook that answers what a test wants; "" hangs.
type attacked struct {
	*service.Service
	*testing.T

	log    *bytes.Buffer
	answer atomic.Value // a string
}

func newAttacked(t *testing.T, refuse bool) *attacked {
	t.Helper()
	a := &attacked{T: t, log: &bytes.Buffer{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer := a.answer.Load().(string)
		if answer == "" {
			<-r.Context().Done()
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	a.Service = service.New(t, a.log)
	a.Parts.Hook = session.Hook{Ask: hook.URL(server.URL), Refuse: refuse}
	a.wait(patience)
	return a
}

// patience lets a hook answer on a busy machine too.
const patience = 5 * time.Minute

// wait sets how long the hook has for its answers.
func (a *attacked) wait(within time.Duration) {
	a.Parts.Hook.Within = within
	a.Handlers = a.Parts.All()
}

func (a *attacked) issue() events.APIGatewayProxyResponse {
	a.Helper()
	return a.Call(a.T, api.Issue, service.Request{
		Method: http.MethodPost, Route: "/jwt/issue", Body: `{"userId":"jane","applicationId":"web"}`,
		Caller: a.Caller(a.T, fixture.KeyText("all"), "demo"),
	})
}

// tokens of a new session.
func (a *attacked) tokens() (access, refresh string) {
	a.Helper()
	a.answer.Store("{}")
	answer := a.issue()
	var body struct {
		Data struct{ AccessToken, RefreshToken string }
	}
	if err := json.Unmarshal([]byte(answer.Body), &body); err != nil || answer.StatusCode != http.StatusCreated {
		a.Fatalf("issue: got %d %s, %v, want 201", answer.StatusCode, answer.Body, err)
	}
	return body.Data.AccessToken, body.Data.RefreshToken
}

// interfaces are the four refreshes, each with its status for a refused token.
var interfaces = []struct {
	op      api.Operation
	refused int
	request func(access, refresh string) service.Request
}{
	{api.Refresh, 400, func(_, refresh string) service.Request {
		return service.Request{Method: "POST", Route: "/jwt/refresh", Header: []string{"Cookie", "refreshToken=" + refresh}}
	}},
	{api.OauthToken, 400, func(_, refresh string) service.Request {
		return service.Request{
			Method: "POST", Route: "/oauth2/token", Body: "grant_type=refresh_token&refresh_token=" + refresh,
			Header: []string{"Content-Type", "application/x-www-form-urlencoded"},
		}
	}},
	{api.UserRefreshToken, 401, func(access, refresh string) service.Request {
		return service.Request{
			Method: "POST", Route: "/User/RefreshToken", Body: `{"refreshToken":"` + refresh + `"}`,
			Header: []string{"Authorization", access},
		}
	}},
	{api.AuthenticateRefresh, 401, func(_, refresh string) service.Request {
		return service.Request{
			Method: "POST", Route: "/api/v1/authenticate/refresh", Body: `{"refreshToken":"` + refresh + `"}`,
		}
	}},
}

func failures() map[string]string {
	return map[string]string{
		"hangs":                       "",
		"answers garbage":             "<html>",
		"answers 16 KB and one byte":  "{" + strings.Repeat(" ", hook.MaxAnswer-1) + "}",
		"sets a reserved claim":       `{"claims":{"sub":"root"}}`,
		"sets more claims than allow": `{"claims":{"x":"` + strings.Repeat("x", session.MaxClaims) + `"}}`,
	}
}

// A failed hook rotates nothing where the deployment refuses: the same token refreshes afterwards, as if never presented.
func TestWhereItRefusesAFailedHookIs503AndRotatesNothing(t *testing.T) {
	for name, answer := range failures() {
		for _, i := range interfaces {
			if name == "hangs" && i.op != api.Refresh {
				continue // each takes a second
			}
			a := newAttacked(t, true)
			access, refresh := a.tokens()
			a.answer.Store(answer)
			if name == "hangs" {
				a.wait(0) // as deployed
			}
			got := a.Call(t, i.op, i.request(access, refresh))
			if got.StatusCode != http.StatusServiceUnavailable || got.MultiValueHeaders["Set-Cookie"] != nil {
				t.Errorf("%s, %s: got %d %s, want 503 and no cookie", name, i.op, got.StatusCode, got.Body)
			}
			if !strings.Contains(a.log.String(), `"hook":"failed"`) {
				t.Errorf("%s, %s: got the log %s, want the failed hook in it", name, i.op, a.log)
			}
			a.log.Reset()
			a.answer.Store("{}")
			a.wait(patience)
			got = a.Call(t, i.op, i.request(access, refresh))
			if got.StatusCode != http.StatusOK || !strings.Contains(a.log.String(), `"outcome":"rotated"`) {
				t.Errorf("%s, %s: then got %d and %s, want 200 and a rotation", name, i.op, got.StatusCode, a.log)
			}
		}
	}
}

func TestWhereItKeepsAFailedHookIsLoggedAsAWarning(t *testing.T) {
	for name, answer := range failures() {
		a := newAttacked(t, false)
		_, refresh := a.tokens()
		a.log.Reset()
		a.answer.Store(answer)
		if name == "hangs" {
			a.wait(0) // as deployed
		}
		got := a.Call(t, api.Refresh, interfaces[0].request("", refresh))
		line := a.log.String()
		if got.StatusCode != http.StatusOK || !strings.Contains(line, `"level":"WARN"`) ||
			!strings.Contains(line, `"outcome":"rotated"`) || !strings.Contains(line, `"hook":"failed"`) {
			t.Errorf("%s: got %d and the line %s, want 200 and a warning", name, got.StatusCode, line)
		}
		if strings.Contains(line, "html") || strings.Contains(line, "root") {
			t.Errorf("%s: got the line %s, want none of the answer in it", name, line)
		}
	}
}

// The caller sees a refused token, and nothing of the hook.
func TestADeniedRefreshReadsLikeEveryRefusedToken(t *testing.T) {
	for _, i := range interfaces {
		a := newAttacked(t, true)
		access, refresh := a.tokens()
		a.answer.Store(`{"deny":true,"reason":"suspended"}`)
		denied := a.Call(t, i.op, i.request(access, refresh))
		a.answer.Store(`{}`)
		gone := a.Call(t, i.op, i.request(access, refresh))
		if denied.StatusCode != i.refused || denied.Body != gone.Body || gone.StatusCode != i.refused {
			t.Errorf("%s: got %d %s, then %d %s, want %d twice", i.op, denied.StatusCode, denied.Body, gone.StatusCode, gone.Body, i.refused)
		}
		cookies := strings.Join(denied.MultiValueHeaders["Set-Cookie"], "; ")
		if i.op == api.Refresh && !strings.Contains(cookies, "refreshToken=; ") {
			t.Errorf("got the cookies %q, want the refresh cookie cleared", cookies)
		}
		if !strings.Contains(a.log.String(), `"outcome":"denied"`) {
			t.Errorf("%s: got the log %s, want the outcome denied", i.op, a.log)
		}
	}
}

func TestADeniedIssueIs403AndAFailedOne503(t *testing.T) {
	a := newAttacked(t, true)
	for answer, want := range map[string]int{`{"deny":true}`: http.StatusForbidden, `[]`: http.StatusServiceUnavailable, `{}`: http.StatusCreated} {
		a.answer.Store(answer)
		if got := a.issue(); got.StatusCode != want {
			t.Errorf("%s: got %d %s, want %d", answer, got.StatusCode, got.Body, want)
		}
	}
}
