package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// KirjaSwappi: POST /api/v1/authenticate/refresh, by its section of the contract.

const marketplacePath = "/api/v1/authenticate/refresh"

func marketplaceAPI() published {
	return published{
		name: "KirjaSwappi", path: marketplacePath, refused: 401,
		request: func(x session) call {
			return call{"POST", marketplacePath, nil, jsonOf(map[string]string{"refreshToken": x.refresh})}
		},
		tokens: func(a answer) (string, string) { return a.text("jwtToken"), a.text("refreshToken") },
		check:  checkMarketplace,
	}
}

func checkMarketplace(t testing.TB, a answer) {
	t.Helper()
	if a.status == http.StatusOK {
		if a.text("refreshToken") == "" {
			wantKeys(t, a.body, "jwtToken") // "exactly for a reusable session"
		} else {
			wantKeys(t, a.body, "jwtToken", "refreshToken") // "a rotating session adds"
		}
		return
	}
	body := wantKeys(t, wantKeys(t, a.body, "error")["error"], "code", "message", "target", "details")
	if code, _ := body["code"].(string); code == "" || body["message"] == "" || body["target"] != marketplacePath {
		t.Errorf("%s: {code, message, target: <path>, details}", a)
	}
	details, isArray := body["details"].([]any)
	if !isArray {
		t.Errorf("%s: details is an array", a)
	}
	for _, detail := range details {
		for name, value := range wantKeys(t, detail, "code", "message", "target") {
			if text, _ := value.(string); text == "" {
				t.Errorf("%s: %s of a detail is no text", a, name)
			}
		}
	}
	codes := map[int][]string{
		400: {"invalidJsonPayload", "validationFailed"}, 401: {"invalidRefreshToken"}, 404: {"applicationNotFound"}, 500: {"internalServerError"},
	}
	for _, code := range codes[a.status] {
		if body["code"] == code {
			return
		}
	}
	if codes[a.status] != nil {
		t.Errorf("%s: code %v", a, body["code"])
	}
}

func marketplace(t *testing.T, header http.Header, body string) answer {
	t.Helper()
	return marketplaceAPI().ask(t, call{"POST", marketplacePath, header, body})
}

// marketplaceError is the error's code and the targets of its details.
func marketplaceError(a answer) (code string, targets []string) {
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

func TestMarketplaceAnswersTheJWTAloneForAReusableSession(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.serviceApp())
	wantKeys(t, marketplace(t, nil, x.registryBody()).want(t, 200).body, "jwtToken")
	x = home.issue(t, fresh(), home.demo.web)
	wantKeys(t, marketplace(t, nil, x.registryBody()).want(t, 200).body, "jwtToken", "refreshToken")
}

func TestMarketplaceIgnoresAuthorization(t *testing.T) {
	t.Parallel()
	for _, authorization := range [][]string{{"Bearer garbage"}, {"Bearer " + home.demo.key}, {"x"}, {"Bearer a", "Bearer b"}, {""}} {
		x := home.issue(t, fresh(), home.demo.web)
		marketplace(t, http.Header{"Authorization": authorization}, x.registryBody()).want(t, 200)
	}
}

func TestMarketplaceTellsMalformedJSONFromFieldsAtFault(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, body := range []string{`not JSON`, `{`, `{"refreshToken":`, `{"refreshToken":"` + x.refresh + `"} x`, "{\"refreshToken\":\"\xff\"}", form("refreshToken", x.refresh)} {
		if code, _ := marketplaceError(marketplace(t, nil, body).want(t, 400)); code != "invalidJsonPayload" {
			t.Errorf("%q is %s; want invalidJsonPayload", body, code)
		}
	}
	for body, target := range map[string]string{
		``: "refreshToken", `{}`: "refreshToken", `{"refreshToken":null}`: "refreshToken", `{"refreshToken":""}`: "refreshToken",
		`{"refreshToken":" "}`: "refreshToken", `{"refreshToken":7}`: "refreshToken", `{"refreshToken":["x"]}`: "refreshToken",
		`{"refreshToken":"` + x.refresh + `","userId":"x"}`: "userId", `{"jwtToken":"x"}`: "jwtToken",
		`{"refreshToken":"` + x.refresh + `","refreshToken":"` + x.refresh + `"}`: "refreshToken",
	} {
		a := marketplace(t, nil, body).want(t, 400)
		code, targets := marketplaceError(a)
		if code != "validationFailed" || !strings.Contains(strings.Join(targets, " "), target) {
			t.Errorf("%s: want validationFailed with details about %s", a, target)
		}
	}
	a := marketplace(t, nil, `{"x":1,"y":2}`).want(t, 400)
	if _, targets := marketplaceError(a); !sameSet(targets, []string{"x", "y", "refreshToken"}) {
		t.Errorf("%s: All fields at fault are listed", a)
	}
	home.wantAlive(t, x)
}
