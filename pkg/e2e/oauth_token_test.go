package e2e

import (
	"encoding/base64"
	"net/http"
	"slices"
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

// checkOAuth holds a token answer against section 5.1 and an error of any endpoint against section 5.2.
func checkOAuth(t testing.TB, a answer) {
	t.Helper()
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") || a.header.Get("Pragma") != "no-cache" {
		t.Errorf("%s: `Pragma: no-cache` beside `no-store`, as JSON; got %q, %q", a, a.header["Pragma"], a.header["Content-Type"])
	}
	if a.status != http.StatusOK {
		body := wantKeys(t, a.body, "error", "error_description")
		if body["error"] == "" || a.text("error_description") == "" || strings.ContainsAny(a.text("error_description"), "\"\\") {
			t.Errorf("%s: Errors `{error, error_description}`", a)
		}
		return
	}
	keys := []string{"access_token", "token_type", "expires_in", "refresh_token"}
	if a.body["scope"] != nil {
		keys = append(keys, "scope")
	}
	body := wantKeys(t, a.body, keys...)
	seconds, _ := body["expires_in"].(float64)
	if body["token_type"] != "Bearer" || seconds <= 0 || seconds != float64(int(seconds)) || a.text("refresh_token") == "" {
		t.Errorf("%s: section 5.1", a)
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
		t.Fatalf("%s; want %s", a, code)
	}
	return a
}

// issueScoped starts a session with a scope.
func issueScoped(t *testing.T, scope string) session {
	t.Helper()
	user := fresh()
	body := jsonOf(map[string]string{"userId": user, "applicationId": home.demo.web, "scope": scope})
	a := home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body}).want(t, 201)
	return session{tenant: home.demo.id, user: user, app: home.demo.web, id: a.data("refreshTokenId"), refresh: a.data("refreshToken"), access: a.data("accessToken")}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestOAuthGrantTypeIsRequiredAndRefreshToken(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, kind := range []string{"authorization_code", "password", "client_credentials", "Refresh_Token", "refresh_token "} {
		grant(t, isForm(), "grant_type", kind, "refresh_token", x.refresh).wantError(t, 400, "unsupported_grant_type")
	}
	grant(t, isForm(), "refresh_token", x.refresh).wantError(t, 400, "invalid_request")
	grant(t, isForm(), "grant_type", "", "refresh_token", x.refresh).wantError(t, 400, "invalid_request")
	grant(t, isForm(), "grant_type", "refresh_token").wantError(t, 400, "invalid_request")
	grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", "").wantError(t, 400, "invalid_request")
	grant(t, isForm()).wantError(t, 400, "invalid_request")
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

func TestOAuthTakesFormDataOnly(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	asForm := form("grant_type", "refresh_token", "refresh_token", x.refresh)
	asJSON := jsonOf(map[string]string{"grant_type": "refresh_token", "refresh_token": x.refresh})
	for _, c := range []call{
		{"POST", tokenPath, nil, asJSON},
		{"POST", tokenPath, isForm(), asJSON},
		{"POST", tokenPath, http.Header{"Content-Type": {"text/plain"}}, asForm},
		{"POST", tokenPath, http.Header{"Content-Type": {"application/json"}}, asForm},
		{"POST", tokenPath, http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, asForm},
		{"POST", tokenPath, http.Header{"Content-Type": {""}}, asForm},
		{"POST", tokenPath, isForm(), asForm + "&x=%zz"},
		{"POST", tokenPath, isForm(), asForm + "&x=%ff"},
		{"POST", tokenPath, isForm(), ""},
		{"POST", tokenPath + "?" + asForm, isForm(), ""},
		{"POST", tokenPath + "?client_id=" + home.demo.web, isForm(), asForm},
	} {
		oauthAPI().ask(t, c).wantError(t, 400, "invalid_request")
	}
	home.wantAlive(t, x)
	for _, media := range []string{"application/x-www-form-urlencoded; charset=utf-8", "Application/X-WWW-Form-URLEncoded"} {
		oauthAPI().ask(t, call{"POST", tokenPath, http.Header{"Content-Type": {media}}, asForm}).want(t, 200)
	}
}

func TestOAuthParametersAreThereAtMostOnce(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	good := []string{"grant_type", "refresh_token", "refresh_token", x.refresh}
	for _, doubled := range [][]string{
		{"grant_type", "refresh_token"},
		{"refresh_token", x.refresh},
		{"scope", "a", "scope", "a"},
		{"client_id", "web", "client_id", "web"},
		{"unknown", "1", "unknown", "2"},
	} {
		grant(t, isForm(), slices.Concat(good, doubled)...).wantError(t, 400, "invalid_request")
	}
	home.wantAlive(t, x)
}

func TestOAuthIgnoresUnknownParametersAndThoseWithoutAValue(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh, "unknown", "1", "redirect_uri", "https://x.example",
		"scope", "", "client_id", "", "client_secret", "").want(t, 200)
	c := oauthAPI().request(x)
	c.body += "&scope&client_id&&"
	oauthAPI().ask(t, c).want(t, 200)
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
			t.Errorf("%s: a malformed scope (RFC 6749 section 3.3)", a)
		}
	}
	home.wantAlive(t, x) // a refused scope rotates nothing
	for _, scope := range []string{"read", "write read", "read write admin"} {
		a := grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh, "scope", scope).want(t, 200)
		if claim := parseJWT(t, a.text("access_token")).claims["scope"]; a.body["scope"] != scope || claim != scope {
			t.Errorf("asked for %q: answered %v, the token has %v", scope, a.body["scope"], claim)
		}
		x.refresh = a.text("refresh_token")
	}
	// "the new refresh token scope is identical": narrowing is of the access token, not of the session.
	a := grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh).want(t, 200)
	if claim := parseJWT(t, a.text("access_token")).claims["scope"]; claim != "read write admin" || a.body["scope"] != claim {
		t.Errorf("without scope it is what was granted; got %v in the token, %v beside it", claim, a.body["scope"])
	}
	if data := checkResource(t, home.resource(t, x).want(t, 200).body["data"]); data["scope"] != "read write admin" {
		t.Errorf("the session's scope became %v", data["scope"])
	}
}

func TestOAuthSessionWithoutScopeGrantsNone(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh, "scope", "read").wantError(t, 400, "invalid_scope")
	home.wantAlive(t, x)
	if a := grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh).want(t, 200); a.body["scope"] != nil {
		t.Errorf("%s: a scope that nobody granted", a)
	}
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
			t.Errorf("%s: challenge %q", a, challenge)
		}
	}
	home.wantAlive(t, x)
}

func TestOAuthAccessTokenBesideTheGrantMustBeOfTheSession(t *testing.T) {
	t.Parallel()
	x, other := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
	for _, credential := range []string{other.access, "garbage", home.demo.key} {
		if a := grant(t, isForm("Authorization", "Bearer "+credential), "grant_type", "refresh_token", "refresh_token", x.refresh); a.status != 400 && a.status != 401 {
			t.Errorf("%s: it must verify and belong to the same session", a)
		}
	}
	home.wantAlive(t, x)
	grant(t, isForm("Authorization", "Bearer "+x.access), "grant_type", "refresh_token", "refresh_token", x.refresh).want(t, 200)
}
