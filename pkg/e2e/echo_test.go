package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Messages and fields name keys that a caller chose. They must not repeat a token that went astray, nor carry a
// character that a terminal or a log viewer obeys.
func TestNoAnswerRepeatsATokenOrAnInvisibleCharacter(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	keys := []string{
		x.refresh, "x" + x.refresh, x.access, home.demo.key, "Bearer " + x.access, strings.Repeat("x", 100) + x.refresh, strings.ToUpper(x.refresh),
		"a\u0000b", "a\u001b[31m", "a\r\nSet-Cookie: a=b", "a\u0085", "a\u202eb", "a\u200b", "\u2066a", "<script>", strings.Repeat("\u00e9", 200),
	}
	for _, key := range keys {
		object, query := jsonOf(map[string]string{key: "x"}), url.QueryEscape(key)+"=x"
		plain := with(home.demo.admin(), "Content-Type", "application/x-www-form-urlencoded")
		for _, c := range []call{
			{"POST", "/jwt/refresh", nil, object},
			{"POST", "/jwt/refresh", nil, `{` + jsonOf(key) + `:1,` + jsonOf(key) + `:2}`},
			{"POST", "/jwt/refresh?" + query, nil, ""},
			{"POST", "/jwt/logout", nil, object},
			{"POST", "/jwt/issue", home.demo.admin(), object},
			{"POST", "/jwt/issue", home.demo.admin(), `{"userId":"u","applicationId":"web","device":` + object + `}`},
			{"POST", "/jwt/issue?" + query + "&" + query, home.demo.admin(), ""},
			{"POST", "/jwt/revoke", home.demo.admin(), object},
			{"POST", "/jwt/revoke", plain, query},
			{"POST", "/jwt/revoke", plain, query + "&" + query},
			{"DELETE", "/jwt/refresh", home.demo.admin(), object},
			{"DELETE", "/jwt/refresh?" + query, home.demo.admin(), ""},
			{"GET", "/jwt/refresh?userId=u&" + query, home.demo.admin(), ""},
			{"DELETE", "/jwt/users/u/refresh?" + query, home.demo.admin(), ""},
			{"POST", "/user/refreshToken", http.Header{"Authorization": {x.access}}, object},
			{"POST", "/api/v1/authenticate/refresh", nil, object},
			{"POST", "/oauth2/token", plain, query + "&" + query},
			{"POST", "/oauth2/token?" + query, plain, "a=b"},
		} {
			a := home.do(t, c)
			if a.status < 400 || a.status > 499 {
				t.Errorf("%s: got %d, want the key refused", a, a.status)
			}
			wantNothingRepeated(t, a, x.refresh, x.access, home.demo.key)
		}
	}
	home.wantAlive(t, x)
}

func wantNothingRepeated(t testing.TB, a answer, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(strings.ToLower(a.raw), strings.ToLower(secret[len(secret)-24:])) {
			t.Errorf("%s %s -> %d: the answer repeats a secret", a.call.method, a.call.path, a.status)
		}
	}
	for _, c := range strings.TrimSuffix(a.raw, "\n") {
		if !unicode.IsGraphic(c) {
			t.Errorf("%s: the answer has the character %U", a, c)
		}
	}
	for _, fault := range a.faults() {
		if field, _ := fault["field"].(string); utf8.RuneCountInString(field) > 64 || strings.ContainsFunc(field, unicode.IsControl) {
			t.Errorf("%s: field: got %q, want at most 64 visible characters", a, field)
		}
	}
}

func TestAByteOrderMarkIsNamed(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, p := range interfaces() {
		c := p.request(x)
		c.body = "\ufeff" + c.body
		if a := p.ask(t, c).want(t, 400); !strings.Contains(a.raw, "byte order mark") {
			t.Errorf("%s: %s: want the byte order mark named", p.name, a)
		}
	}
	for _, path := range []string{"/jwt/issue", "/jwt/revoke", "/jwt/logout"} {
		a := home.do(t, call{"POST", path, home.demo.admin(), "\ufeff{}"}).want(t, 400)
		if !strings.Contains(a.text("message"), "byte order mark") {
			t.Errorf("%s: want the byte order mark named", a)
		}
	}
	home.wantAlive(t, x)
}

func TestAContentEncodingOtherThanIdentityIsA415(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, encoding := range []string{"gzip", "br", "deflate", "identity, gzip", "x"} {
		for _, p := range interfaces() {
			c := p.request(x)
			c.header = with(c.header, "Content-Encoding", encoding)
			if a := p.ask(t, c).want(t, http.StatusUnsupportedMediaType); !strings.Contains(a.raw, "Content-Encoding") {
				t.Errorf("%s: %s: want the header named", p.name, a)
			}
		}
		header := with(home.demo.admin(), "Content-Encoding", encoding)
		for _, c := range []call{
			{"POST", "/jwt/issue", header, `{"userId":"u","applicationId":"web"}`},
			{"POST", "/jwt/revoke", header, jsonOf(map[string]string{"token": x.refresh})},
			{"POST", "/jwt/logout", header, jsonOf(map[string]string{"refreshToken": x.refresh})},
			{"DELETE", "/jwt/refresh", header, jsonOf(map[string]string{"tokenId": x.id})},
			{"POST", "/oauth2/revoke", with(header, "Content-Type", "application/x-www-form-urlencoded"), form("token", x.refresh)},
		} {
			home.do(t, c).check(t, http.StatusUnsupportedMediaType)
		}
	}
	home.wantAlive(t, x)
	for _, encoding := range []string{"identity", "Identity", ""} {
		header := with(home.demo.admin(), "Content-Encoding", encoding)
		home.do(t, call{"POST", "/jwt/refresh", header, jsonOf(map[string]string{"userId": x.user})}).want(t, 200)
	}
}
