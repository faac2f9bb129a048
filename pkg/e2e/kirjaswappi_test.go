package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// KirjaSwappi: POST /api/v1/authenticate/refresh, by its section of the contract.

const kirjaSwappiPath = "/api/v1/authenticate/refresh"

func kirjaSwappiAPI() published {
	return published{
		name: "KirjaSwappi", path: kirjaSwappiPath, refused: 401,
		request: func(x session) call { return call{"POST", kirjaSwappiPath, nil, x.body()} },
		tokens:  func(a answer) (string, string) { return a.text("jwtToken"), a.text("refreshToken") },
		check:   checkKirjaSwappi,
	}
}

func checkKirjaSwappi(t testing.TB, a answer) {
	t.Helper()
	if a.status == http.StatusOK {
		keys := []string{"jwtToken"}
		if a.text("refreshToken") != "" { // of a rotating session
			keys = append(keys, "refreshToken")
		}
		wantKeys(t, a.body, keys...)
		return
	}
	body := wantKeys(t, wantKeys(t, a.body, "error")["error"], "code", "message", "target", "details")
	codes := map[int][]string{
		400: {"invalidJsonPayload", "validationFailed"}, 401: {"invalidRefreshToken"}, 404: {"applicationNotFound"}, 500: {"internalServerError"},
	}[a.status]
	code, _ := body["code"].(string)
	if code == "" || body["message"] == "" || body["target"] != kirjaSwappiPath || codes != nil && !slices.Contains(codes, code) {
		t.Errorf("%s: want {code, message, target, details} with target %s and a code of %q", a, kirjaSwappiPath, codes)
	}
	details, isArray := body["details"].([]any)
	if !isArray {
		t.Errorf("%s: want an array of details", a)
	}
	for _, detail := range details {
		for name, value := range wantKeys(t, detail, "code", "message", "target") {
			if text, _ := value.(string); text == "" {
				t.Errorf("%s: %s of a detail: got %v, want a text", a, name, value)
			}
		}
	}
}

func kirjaSwappi(t *testing.T, header http.Header, body string) answer {
	t.Helper()
	return kirjaSwappiAPI().ask(t, call{"POST", kirjaSwappiPath, header, body})
}

// kirjaSwappiError is the error's code and the targets of its details.
func kirjaSwappiError(a answer) (code string, targets []string) {
	e, _ := a.body["error"].(map[string]any)
	code, _ = e["code"].(string)
	details, _ := e["details"].([]any)
	for _, detail := range details {
		d, _ := detail.(map[string]any)
		target, _ := d["target"].(string)
		targets = append(targets, target)
	}
	return code, targets
}

func TestKirjaSwappiAnswersTheJWTAloneForAReusableSession(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.serviceApp())
	wantKeys(t, kirjaSwappi(t, nil, x.body()).want(t, 200).body, "jwtToken")
	x = home.issue(t, fresh(), home.demo.web)
	wantKeys(t, kirjaSwappi(t, nil, x.body()).want(t, 200).body, "jwtToken", "refreshToken")
}

func TestKirjaSwappiIgnoresAuthorization(t *testing.T) {
	t.Parallel()
	for _, authorization := range [][]string{{"Bearer garbage"}, {"Bearer " + home.demo.key}, {"x"}, {"Bearer a", "Bearer b"}, {""}} {
		x := home.issue(t, fresh(), home.demo.web)
		kirjaSwappi(t, http.Header{"Authorization": authorization}, x.body()).want(t, 200)
	}
}

func TestKirjaSwappiTellsMalformedJSONFromFieldsAtFault(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, body := range []string{`not JSON`, `{`, `{"refreshToken":`, x.body() + " x", "{\"refreshToken\":\"\xff\"}", form("refreshToken", x.refresh)} {
		if code, _ := kirjaSwappiError(kirjaSwappi(t, nil, body).want(t, 400)); code != "invalidJsonPayload" {
			t.Errorf("%q: got %s, want invalidJsonPayload", body, code)
		}
	}
	for body, target := range map[string]string{
		``: "refreshToken", `{}`: "refreshToken", `{"refreshToken":null}`: "refreshToken", `{"refreshToken":""}`: "refreshToken",
		`{"refreshToken":" "}`: "refreshToken", `{"refreshToken":7}`: "refreshToken", `{"refreshToken":["x"]}`: "refreshToken",
		`{"refreshToken":"` + x.refresh + `","userId":"x"}`: "userId", `{"jwtToken":"x"}`: "jwtToken",
		`{"refreshToken":"` + x.refresh + `","refreshToken":"` + x.refresh + `"}`: "refreshToken",
	} {
		a := kirjaSwappi(t, nil, body).want(t, 400)
		code, targets := kirjaSwappiError(a)
		if code != "validationFailed" || !strings.Contains(strings.Join(targets, " "), target) {
			t.Errorf("%s: want validationFailed with details about %s", a, target)
		}
	}
	a := kirjaSwappi(t, nil, `{"x":1,"y":2}`).want(t, 400)
	if _, targets := kirjaSwappiError(a); !sameSet(targets, []string{"x", "y", "refreshToken"}) {
		t.Errorf("%s: want details about x, y and refreshToken", a)
	}
	home.wantAlive(t, x)
}
