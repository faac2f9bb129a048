package e2e

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// RFC 6749 sections 5 and 6: POST /oauth2/token.

const (
	tokenPath      = "/oauth2/token"
	revokePath     = "/oauth2/revoke"
	introspectPath = "/oauth2/introspect"
)

func oauthAPI() published {
	return published{
		name: "oauth", path: tokenPath, refused: 400,
		request: func(x session) call {
			return call{"POST", tokenPath, isForm(), form("grant_type", "refresh_token", "refresh_token", x.refresh)}
		},
		tokens: func(a answer) (string, string) { return a.text("access_token"), a.text("refresh_token") },
		check:  checkOAuth,
	}
}

// checkOAuth compares a token answer with section 5.1 and an error of any endpoint with section 5.2.
func checkOAuth(t testing.TB, a answer) {
	t.Helper()
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") || a.header.Get("Pragma") != "no-cache" {
		t.Errorf("%s: got Pragma %q and Content-Type %q, want no-cache and JSON", a, a.header["Pragma"], a.header["Content-Type"])
	}
	if a.status != http.StatusOK {
		body := wantKeys(t, a.body, "error", "error_description")
		if body["error"] == "" || a.text("error_description") == "" || strings.ContainsAny(a.text("error_description"), "\"\\") {
			t.Errorf("%s: want {error, error_description} without quotes", a)
		}
		return
	}
	keys := []string{"access_token", "token_type", "expires_in", "refresh_token", "refresh_token_timeout", "authorization_expires_in"}
	if a.body["scope"] != nil {
		keys = append(keys, "scope")
	}
	body := wantKeys(t, a.body, keys...)
	seconds, _ := body["expires_in"].(float64)
	if body["token_type"] != "Bearer" || seconds <= 0 || seconds != float64(int(seconds)) || a.text("refresh_token") == "" {
		t.Errorf("%s: want an answer by section 5.1", a)
	}
}

// grant posts a form to the token endpoint.
func grant(t *testing.T, header http.Header, pairs ...string) answer {
	t.Helper()
	return oauthAPI().ask(t, call{"POST", tokenPath, header, form(pairs...)})
}

// wantError ends the test unless it is this error of OAuth.
func (a answer) wantError(t testing.TB, status int, code string) answer {
	t.Helper()
	if a.want(t, status); a.text("error") != code {
		t.Fatalf("%s; want the error %s", a, code)
	}
	return a
}

// issueScoped starts a session with a scope.
func issueScoped(t *testing.T, scope string) session {
	t.Helper()
	return home.issueWith(t, home.demo, map[string]any{"userId": fresh(), "applicationId": home.demo.web, "scope": scope})
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestOAuthGrantsRefreshTokensOnly(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, kind := range []string{"authorization_code", "password", "client_credentials", "Refresh_Token", "refresh_token "} {
		grant(t, isForm(), "grant_type", kind, "refresh_token", x.refresh).wantError(t, 400, "unsupported_grant_type")
	}
	home.wantAlive(t, x)
}

func TestOAuthTokenThatIsNotValidIsInvalidGrant(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, text := range []string{"garbage", " ", x.refresh + "A", x.access, home.demo.key, strings.Repeat("x", 5000)} {
		grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", text).wantError(t, 400, "invalid_grant")
	}
	home.wantAlive(t, x)
}

func TestOAuthScopeNarrowsAndNeverWidens(t *testing.T) {
	t.Parallel()
	x := issueScoped(t, "read write admin")
	good := []string{"grant_type", "refresh_token", "refresh_token", x.refresh}
	for _, wider := range []string{"delete", "read delete", "READ", "read,write", "rea", "read write admin delete", "*"} {
		grant(t, isForm(), append(good, "scope", wider)...).wantError(t, 400, "invalid_scope")
	}
	for _, malformed := range []string{" ", "read  write", " read", "read ", "read\twrite", "read\n", `re"ad`, "réad"} {
		a := grant(t, isForm(), append(good, "scope", malformed)...)
		if a.want(t, 400); a.text("error") != "invalid_scope" && a.text("error") != "invalid_request" {
			t.Errorf("%s: want invalid_scope or invalid_request (RFC 6749 section 3.3)", a)
		}
	}
	home.wantAlive(t, x) // a refused scope rotates nothing
	for _, scope := range []string{"read", "write read", "read write admin"} {
		a := grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh, "scope", scope).want(t, 200)
		wantScope(t, a, scope)
		x.refresh = a.text("refresh_token")
	}
	// "the new refresh token scope is identical": narrowing is of the access token, not of the session.
	a := grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh).want(t, 200)
	wantScope(t, a, "read write admin")
	equal(t, "the session's scope", home.resource(t, x).want(t, 200).data("scope"), "read write admin")
}

func wantScope(t *testing.T, a answer, scope string) {
	t.Helper()
	equal(t, "scope", a.text("scope"), scope)
	equal(t, "the token's scope", parseJWT(t, a.text("access_token")).claims["scope"], any(scope))
}

func TestOAuthSessionWithoutScopeGrantsNone(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh, "scope", "read").wantError(t, 400, "invalid_scope")
	home.wantAlive(t, x)
	equal(t, "scope", grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh).want(t, 200).body["scope"], nil)
}

func TestOAuthClientIsTheApplication(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	good := []string{"grant_type", "refresh_token", "refresh_token", x.refresh}
	for _, foreign := range []string{home.serviceApp(), "nothing", strings.ToUpper(home.demo.web)} {
		grant(t, isForm(), append(good, "client_id", foreign)...).wantError(t, 400, "invalid_grant")
		grant(t, isForm("Authorization", basic(foreign, "")), good...).wantError(t, 400, "invalid_grant")
	}
	grant(t, isForm("Authorization", basic(home.serviceApp(), "")), append(good, "client_id", home.demo.web)...).wantError(t, 400, "invalid_request")
	home.wantAlive(t, x)
	grant(t, isForm(), append(good, "client_id", home.demo.web)...).want(t, 200)
	grant(t, isForm("Authorization", basic(home.demo.web, "")), good...).want(t, 200)
	grant(t, isForm("Authorization", strings.Replace(basic(home.demo.web, "secret"), "Basic", "basic", 1)), good...).want(t, 200)
	grant(t, isForm("Authorization", basic(home.demo.web, "")), append(good, "client_id", home.demo.web)...).want(t, 200)
}

func TestOAuthClientThatCannotBeReadIsInvalidClient(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, authorization := range []string{"Basic", "Basic ", "Basic !", "Basic " + base64.StdEncoding.EncodeToString([]byte("web")), basic("%zz", "")} {
		a := grant(t, isForm("Authorization", authorization), "grant_type", "refresh_token", "refresh_token", x.refresh).wantError(t, 401, "invalid_client")
		// Section 5.2: "matching the authentication scheme used by the client"
		if challenge := a.header.Get("X-Amzn-Remapped-Www-Authenticate"); !strings.HasPrefix(challenge, "Basic") {
			t.Errorf("%s: challenge: got %q, want Basic", a, challenge)
		}
	}
	home.wantAlive(t, x)
}

func TestOAuthAccessTokenBesideTheGrantMustBeOfTheSession(t *testing.T) {
	t.Parallel()
	x, other := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
	for _, credential := range []string{other.access, "garbage", x.refresh} {
		grant(t, isForm("Authorization", "Bearer "+credential), "grant_type", "refresh_token", "refresh_token", x.refresh).
			wantError(t, 401, "invalid_client")
	}
	home.wantAlive(t, x)
	grant(t, isForm("Authorization", "Bearer "+x.access), "grant_type", "refresh_token", "refresh_token", x.refresh).want(t, 200)
	grant(t, isForm("Authorization", "Bearer "+home.demo.key), "grant_type", "refresh_token", "refresh_token", x.refresh).want(t, 200)
}

// draft-ietf-oauth-refresh-token-expiration: the token ends after thirty idle days, the session after 180 whatever happens.
func TestOAuthAnswerSaysWhenTheRefreshTokenEnds(t *testing.T) {
	t.Parallel()
	const hour, day = 3600.0, 24 * 3600.0
	for _, c := range []struct {
		app            string
		idle, absolute float64
	}{{home.demo.web, 30 * day, 180 * day}, {home.creds["SHORT_APPLICATION_ID"], 4, 8}} {
		a := grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", home.issue(t, fresh(), c.app).refresh).want(t, 200)
		for name, most := range map[string]float64{"refresh_token_timeout": c.idle, "authorization_expires_in": c.absolute} {
			if got, _ := a.body[name].(float64); got > most || got < most-hour {
				t.Errorf("%s of %s: got %v, want at most %v and little less", name, c.app, a.body[name], most)
			}
		}
	}
}
