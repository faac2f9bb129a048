package lambda_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
)

// taking are the functions that take refresh tokens, each with a request that presents one, beside an access token where
// there must be one.
func taking(t *testing.T) map[string]func(text, access string) request {
	t.Helper()
	admin := service.New(t, io.Discard).Caller(t, fixture.KeyText("all"), fixture.Demo)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	return map[string]func(text, access string) request{
		"refresh": func(text, _ string) request {
			return request{Method: "POST", Route: routeRefresh, Header: []string{"Cookie", "refreshToken=" + text}}
		},
		"user-refresh-token": func(text, access string) request {
			return request{Method: "POST", Route: "/User/RefreshToken", Header: []string{"Authorization", access}, Body: `{"refreshToken":"` + text + `"}`}
		},
		"authenticate-refresh": func(text, _ string) request {
			return request{Method: "POST", Route: "/api/v1/authenticate/refresh", Body: `{"refreshToken":"` + text + `"}`}
		},
		"oauth-token": func(text, _ string) request {
			return request{Method: "POST", Route: "/oauth2/token", Header: form, Body: "grant_type=refresh_token&refresh_token=" + text}
		},
		"oauth-revoke": func(text, _ string) request {
			return request{Method: "POST", Route: "/oauth2/revoke", Header: form, Body: "token=" + text}
		},
		"logout": func(text, _ string) request {
			return request{Method: "POST", Route: "/jwt/logout", Body: `{"refreshToken":"` + text + `"}`}
		},
		"delete-by-string": func(text, _ string) request {
			return request{Method: "POST", Route: "/jwt/revoke", Caller: admin, Body: `{"token":"` + text + `"}`}
		},
		"documented-forms": func(text, _ string) request {
			return request{Method: "DELETE", Route: routeRefresh, Caller: admin, Body: `{"TokenString":"` + text + `"}`}
		},
	}
}

// present invokes the function, and returns the status of the answer and the requests to DynamoDB.
func (r *replay) present(q request) (status int, calls float64) {
	r.t.Helper()
	event, err := json.Marshal(q.Event())
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := r.Invoke(r.t.Context(), event, timeout)
	var answer struct{ StatusCode int }
	if err == nil {
		err = json.Unmarshal(out.Payload, &answer)
	}
	lines := r.lines()
	if err != nil || len(lines) != 1 {
		r.t.Fatalf("got %s, %v and %d lines, want an answer and a line", out.Payload, err, len(lines))
	}
	calls, _ = lines[0]["dynamodbCalls"].(float64)
	return answer.StatusCode, calls
}

// importing is the function import-sessions; it imports a new token of a user.
func (p *account) importing() func() (text string) {
	p.t.Helper()
	process := p.start("import-sessions")
	return func() string {
		p.t.Helper()
		text := "old~" + rand.Text()
		hash := sha256.Sum256([]byte(text))
		out, err := process.Invoke(p.t.Context(), []byte(`{"tenantId":"demo","applicationId":"web","sessions":[{"userId":"jane","tokenSha256":"`+
			hex.EncodeToString(hash[:])+`"}]}`), timeout)
		if err != nil || string(out.Payload) != `{"imported":1,"skipped":[]}` {
			p.t.Fatalf("import-sessions: got %s, %v, want one imported", out.Payload, err)
		}
		if strings.Contains(process.Stdout(), hex.EncodeToString(hash[:])) {
			p.t.Error("import-sessions: got the hash of a token in the log, want no secret")
		}
		return text
	}
}

// Law 10: where a deployment accepts imports, a foreign token costs one read before what a native one costs, and any other
// string costs that read. Elsewhere neither costs a read.
func TestAForeignTokenCostsOneReadWhereItIsAccepted(t *testing.T) {
	account := newAccount(t).withTable()
	imported := account.importing()
	for op, request := range taking(t) {
		t.Run(op, func(t *testing.T) {
			for _, c := range []struct {
				name, accept, pattern string
				accepted, garbage     float64 // reads
			}{
				{"on", "true", "", 1, 1},
				{"on for others", "true", "older.*", 0, 0},
				{"off", "false", "", 0, 0},
			} {
				p := account.within(t)
				p.Set("ACCEPT_IMPORTED", c.accept)
				p.Set("IMPORTED_TOKEN_PATTERN", c.pattern)
				r := &replay{account: p, Process: p.start(op)}
				text, access := imported(), p.AccessText(fixture.SessionTwo, fixture.Noon())
				if _, calls := r.present(request("garbage", access)); calls != c.garbage {
					t.Errorf("%s: garbage: got %v requests, want %v", c.name, calls, c.garbage)
				}
				_, cost := r.present(request(p.RefreshText(fixture.SessionTwo, 2), access))
				status, calls := r.present(request(text, access))
				if want := cost + c.accepted; c.accepted > 0 && (status != 200 || calls != want) || c.accepted == 0 && calls != 0 {
					t.Errorf("%s: got %d after %v requests, want 200 after %v, or none", c.name, status, calls, want)
				}
				if strings.Contains(r.Stdout(), text) {
					t.Errorf("%s: got the token in the log, want no secret", c.name)
				}
				p.reset(t)
			}
		})
	}
}

// A request of many cookies costs no more reads than a browser's.
func TestManyCookiesCostFewReads(t *testing.T) {
	account := newAccount(t).withTable()
	account.Set("ACCEPT_IMPORTED", "true")
	var cookies strings.Builder
	for n := range 200 {
		fmt.Fprintf(&cookies, "refreshToken=a%d; refresh_token=b%d; ", n, n)
	}
	for op, route := range map[string]string{"refresh": routeRefresh, "logout": "/jwt/logout"} {
		r := &replay{account: account, Process: account.start(op)}
		_, calls := r.present(request{Method: "POST", Route: route, Header: []string{"Cookie", cookies.String()}})
		if calls < 1 || calls > 9 {
			t.Errorf("%s: got %v requests for 400 cookies, want 9 at most", op, calls)
		}
	}
}
