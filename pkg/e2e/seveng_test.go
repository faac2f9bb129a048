package e2e

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

// 7G: POST /User/RefreshToken, by its section of the contract.

func sevenGAPI(path string) published {
	return published{
		name: "7G " + path[1:5], path: path, refused: 401,
		request: func(x session) call {
			return call{"POST", path, http.Header{"Authorization": {"Bearer " + x.access}}, x.body()}
		},
		tokens: func(a answer) (string, string) { return a.text("accessToken"), a.text("refreshToken") },
		check:  checkSevenG,
	}
}

func checkSevenG(t testing.TB, a answer) {
	t.Helper()
	if a.status == http.StatusOK {
		wantKeys(t, a.body, "accessToken", "refreshToken")
		if text := a.text("refreshToken"); !strings.HasPrefix(text, "srt_") || len(text) > 255 || strings.Count(a.text("accessToken"), ".") != 2 {
			t.Errorf("%s: want an access token and a refresh token of at most 255 characters", a)
		}
		return
	}
	body := wantKeys(t, a.body, "result", "message", "recordCount", "data")
	if body["result"] != false || body["recordCount"] != 0.0 || body["data"] != nil || a.text("message") == "" {
		t.Errorf(`%s: want {"result":false,"message","recordCount":0,"data":null}`, a)
	}
}

// sevenG sends a refresh with an Authorization header, none where it is "", and further pairs of name and value.
func sevenG(t *testing.T, authorization, body string, more ...string) answer {
	t.Helper()
	h := with(nil, more...)
	if authorization != "" {
		h.Set("Authorization", authorization)
	}
	return sevenGAPI("/User/RefreshToken").ask(t, call{"POST", "/User/RefreshToken", h, body})
}

func TestSevenGTakesBearerOrTheBareToken(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER ", ""} {
		x := home.issue(t, fresh(), home.demo.web)
		sevenG(t, scheme+x.access, x.body()).want(t, 200)
	}
}

func TestSevenGRequiresAnAccessTokenInTheHeader(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, authorization := range []string{
		"", "Bearer", "Bearer garbage", "garbage", "Basic " + x.access, "Bearer " + home.demo.key, home.demo.key, "Bearer " + x.refresh, x.refresh,
		"Bearer " + x.access + " x", "Bearer " + x.access[:len(x.access)-4], forge(t, x.access, map[string]any{"sub": x.user}), unsigned(t, x.access),
	} {
		a := sevenG(t, authorization, x.body()).want(t, 401)
		if challenge := a.header.Get("X-Amzn-Remapped-Www-Authenticate"); !strings.HasPrefix(challenge, "Bearer") {
			t.Errorf("%s: challenge: got %q, want Bearer", a, challenge)
		}
	}
	sevenG(t, "", x.body(), "Authorization", "Bearer "+x.access, "Authorization", "Bearer "+x.access).want(t, 401)
	sevenG(t, "", jsonOf(map[string]string{"refreshToken": x.refresh, "accessToken": x.access})).want(t, 401)
	sevenG(t, "", x.body(), "Cookie", "accessToken="+x.access).want(t, 401)
	home.wantAlive(t, x)
}

func TestSevenGTakesAnExpiredAccessToken(t *testing.T) {
	t.Parallel()
	withExpiredAccess(t, func(x session) error {
		return errors.Join(home.read(t, x).is(401), sevenG(t, "Bearer "+x.access, x.body()).is(200))
	})
}

func TestSevenGRefusesTheAccessTokenOfAnotherSession(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, other := range []session{
		home.issue(t, x.user, home.demo.web), home.issue(t, x.user, home.serviceApp()), home.issue(t, fresh(), home.demo.web),
		home.issueIn(t, home.other, x.user),
	} {
		sevenG(t, "Bearer "+other.access, x.body()).want(t, 401)
	}
	home.wantAlive(t, x)
}

func TestSevenGTakesVersion2Only(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, version := range []string{"1.0", "2", "2.0.0", "2.1", "v2.0", "x"} {
		sevenG(t, "Bearer "+x.access, x.body(), "Version", version).want(t, 400)
	}
	sevenG(t, "Bearer "+x.access, x.body(), "Version", "2.0", "Version", "1.0").want(t, 400)
	home.wantAlive(t, x)
	sevenG(t, "Bearer "+x.access, x.body(), "version", "2.0").want(t, 200)
}

func TestSevenGTakesARefreshTokenOfAtMost255Characters(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, body := range []string{
		``, `{}`, `not JSON`, `[]`, `"x"`, `{"refreshToken":null}`, `{"refreshToken":1}`, `{"refreshToken":""}`, `{"refreshToken":" "}`,
		`{"refreshToken":"` + x.refresh + `","refreshToken":"` + x.refresh + `"}`, `{"refreshToken":"` + x.refresh + `","userId":"x"}`,
		`{"RefreshToken":"` + x.refresh + `"}`, `{"refreshToken":"\ud800"}`, "{\"refreshToken\":\"\xff\"}", x.body() + "x",
		`{"refreshToken":"` + strings.Repeat("a", 256) + `"}`, `{"refreshToken":"` + strings.Repeat("é", 256) + `"}`,
		form("refreshToken", x.refresh),
	} {
		sevenG(t, "Bearer "+x.access, body).want(t, 400)
	}
	for _, longest := range []string{strings.Repeat("a", 255), strings.Repeat("é", 255), strings.Repeat("😀", 255)} {
		sevenG(t, "Bearer "+x.access, session{refresh: longest}.body()).want(t, 401)
	}
	home.wantAlive(t, x)
	// A JSON object is read whatever the content type.
	sevenG(t, x.access, x.body(), "Content-Type", "application/x-www-form-urlencoded").want(t, 200)
}

func TestSevenGChecksTheCredentialFirst(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `{}`, `not JSON`, `{"x":1}`} {
		sevenG(t, "", body, "Version", "1.0").want(t, 401)
	}
}

func TestSevenGPathsAreTheTwoDocumentedOnes(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/user/RefreshToken", "/User/refreshToken", "/user/refreshtoken", "/User", "/user/refreshToken/x"} {
		home.do(t, call{"POST", path, nil, "{}"}).want(t, 404)
	}
}
