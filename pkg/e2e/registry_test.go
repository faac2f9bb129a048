package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// 7G: POST /User/RefreshToken, by its section of the contract.

func registryAPI(path string) published {
	return published{
		name: "7G " + path[1:5], path: path, refused: 401,
		request: func(x session) call {
			return call{"POST", path, http.Header{"Authorization": {"Bearer " + x.access}}, jsonOf(map[string]string{"refreshToken": x.refresh})}
		},
		tokens: func(a answer) (string, string) { return a.text("accessToken"), a.text("refreshToken") },
		check:  checkRegistry,
	}
}

func checkRegistry(t testing.TB, a answer) {
	t.Helper()
	if a.status == http.StatusOK {
		wantKeys(t, a.body, "accessToken", "refreshToken") // "200 is exactly"
		if !strings.HasPrefix(a.text("refreshToken"), "srt_") || len(a.text("refreshToken")) > 255 || strings.Count(a.text("accessToken"), ".") != 2 {
			t.Errorf("%s: the tokens are none", a)
		}
		return
	}
	body := wantKeys(t, a.body, "result", "message", "recordCount", "data")
	if body["result"] != false || body["recordCount"] != 0.0 || body["data"] != nil || a.text("message") == "" {
		t.Errorf(`%s: Errors carry {"result":false,"message","recordCount":0,"data":null}`, a)
	}
}

// registry sends a 7G refresh with an Authorization header, none when it is "".
func registry(t *testing.T, authorization, body string, more ...string) answer {
	t.Helper()
	h := http.Header{}
	if authorization != "" {
		h.Set("Authorization", authorization)
	}
	for i := 0; i < len(more); i += 2 {
		h = with(h, more[i], more[i+1])
	}
	return registryAPI("/User/RefreshToken").ask(t, call{"POST", "/User/RefreshToken", h, body})
}

func (x session) registryBody() string { return jsonOf(map[string]string{"refreshToken": x.refresh}) }

func TestRegistryTakesBearerOrTheBareToken(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER ", ""} {
		x := home.issue(t, fresh(), home.demo.web)
		registry(t, scheme+x.access, x.registryBody()).want(t, 200)
	}
}

func TestRegistryRequiresAnAccessToken(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, authorization := range []string{
		"", "Bearer", "Bearer garbage", "garbage", "Basic " + x.access, "Bearer " + home.demo.key, home.demo.key, "Bearer " + x.refresh, x.refresh,
		"Bearer " + x.access + " x", "Bearer " + x.access[:len(x.access)-4], forge(t, x.access, map[string]any{"sub": x.user}), unsigned(t, x.access),
	} {
		a := registry(t, authorization, x.registryBody()).want(t, 401)
		if challenge := a.header.Get("X-Amzn-Remapped-Www-Authenticate"); !strings.HasPrefix(challenge, "Bearer") {
			t.Errorf("%s: 401 has `WWW-Authenticate: Bearer`; got %q", a, challenge)
		}
	}
	twice := http.Header{"Authorization": {"Bearer " + x.access, "Bearer " + x.access}}
	registryAPI("/User/RefreshToken").ask(t, call{"POST", "/User/RefreshToken", twice, x.registryBody()}).want(t, 401)
	// The access token in the body or in a cookie is no substitute.
	registry(t, "", jsonOf(map[string]string{"refreshToken": x.refresh, "accessToken": x.access})).want(t, 401)
	registry(t, "", x.registryBody(), "Cookie", "accessToken="+x.access).want(t, 401)
	home.wantAlive(t, x)
}

func TestRegistryTakesAnExpiredAccessToken(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.shortApp())
	time.Sleep(2500 * time.Millisecond)
	home.do(t, call{"GET", "/jwt/refresh/" + x.id, x.owner(), ""}).want(t, 401)
	registry(t, "Bearer "+x.access, x.registryBody()).want(t, 200)
}

func TestRegistryRefusesTheAccessTokenOfAnotherSession(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	others := []session{
		home.issue(t, x.user, home.demo.web), home.issue(t, x.user, home.serviceApp()), home.issue(t, fresh(), home.demo.web),
		home.issueIn(t, home.other, x.user, home.other.web),
	}
	for _, other := range others {
		registry(t, "Bearer "+other.access, x.registryBody()).want(t, 401)
	}
	home.wantAlive(t, x)
}

func TestRegistryTakesVersion2Only(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, version := range []string{"1.0", "2", "2.0.0", "2.1", "v2.0", "x"} {
		registry(t, "Bearer "+x.access, x.registryBody(), "Version", version).want(t, 400)
	}
	registry(t, "Bearer "+x.access, x.registryBody(), "Version", "2.0", "Version", "1.0").want(t, 400)
	home.wantAlive(t, x)
	registry(t, "Bearer "+x.access, x.registryBody(), "version", "2.0").want(t, 200)
}

func TestRegistryBodyIsTheRefreshTokenOfAtMost255Characters(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, body := range []string{
		``, `{}`, `not JSON`, `[]`, `"x"`, `{"refreshToken":null}`, `{"refreshToken":1}`, `{"refreshToken":""}`, `{"refreshToken":" "}`,
		`{"refreshToken":"` + x.refresh + `","refreshToken":"` + x.refresh + `"}`, `{"refreshToken":"` + x.refresh + `","userId":"x"}`,
		`{"RefreshToken":"` + x.refresh + `"}`, `{"refreshToken":"\ud800"}`, "{\"refreshToken\":\"\xff\"}", x.registryBody() + "x",
		`{"refreshToken":"` + strings.Repeat("a", 256) + `"}`, `{"refreshToken":"` + strings.Repeat("é", 256) + `"}`,
		form("refreshToken", x.refresh),
	} {
		registry(t, "Bearer "+x.access, body).want(t, 400)
	}
	for _, longest := range []string{strings.Repeat("a", 255), strings.Repeat("é", 255), strings.Repeat("😀", 255)} {
		registry(t, "Bearer "+x.access, jsonOf(map[string]string{"refreshToken": longest})).want(t, 401) // a token, though none of ours
	}
	home.wantAlive(t, x)
	registryAPI("/User/RefreshToken").ask(t, call{"POST", "/User/RefreshToken", http.Header{
		"Authorization": {x.access}, "Content-Type": {"application/x-www-form-urlencoded"},
	}, x.registryBody()}).want(t, 200) // "A JSON object is read whatever the content type"
}

func TestRegistryChecksTheCredentialFirst(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `{}`, `not JSON`, `{"x":1}`} {
		registry(t, "", body, "Version", "1.0").want(t, 401)
	}
}

func TestRegistryPathsAreTheTwoDocumentedOnes(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/user/RefreshToken", "/User/refreshToken", "/user/refreshtoken", "/User", "/user/refreshToken/x"} {
		home.do(t, call{"POST", path, nil, "{}"}).want(t, 404)
	}
}
