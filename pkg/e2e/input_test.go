package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestABodyIsAtMost16384Bytes(t *testing.T) {
	t.Parallel()
	const largest = 16_384
	cases := []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/jwt/refresh", `{"userId":"{user}"}`, 200},
		{"POST", "/jwt/refresh", `{"refreshToken":"{token}"}`, 200},
		{"POST", "/jwt/refresh/{id}", `{}`, 200},
		{"DELETE", "/jwt/refresh", `{"tokenId":"{id}"}`, 200},
		{"POST", "/jwt/revoke", `{"token":"{token}"}`, 200},
		{"POST", "/jwt/issue", `{"userId":"{user}","applicationId":"{web}"}`, 201},
	}
	for _, c := range cases {
		t.Run(c.method+" "+c.path+" "+c.body, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			body := w.fill(c.body)
			body += strings.Repeat(" ", largest-len(body))
			header := home.demo.admin()
			if strings.Contains(c.body, "refreshToken") {
				header = nil
			}
			home.do(t, call{c.method, w.fill(c.path), header, body + " "}).want(t, http.StatusRequestEntityTooLarge)
			home.wantAlive(t, w.sessions...)
			home.do(t, call{c.method, w.fill(c.path), header, body}).want(t, c.status)
		})
	}
}

func TestAJSONObjectIsReadWhateverTheContentType(t *testing.T) {
	t.Parallel()
	types := []string{
		"application/json", "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded",
		"application/octet-stream", "nonsense", "",
	}
	for _, kind := range types {
		header := with(home.demo.admin(), "Content-Type", kind)
		x := home.issue(t, fresh(), home.demo.web)
		listed := home.do(t, call{"POST", "/jwt/refresh", header, `{"userId":"` + x.user + `"}`}).want(t, 200)
		equal(t, "the list by "+kind, listed.ids(t), []string{x.id})
		home.do(t, call{"POST", "/jwt/refresh", http.Header{"Content-Type": {kind}}, `{"refreshToken":"` + x.refresh + `"}`}).want(t, 200)
		home.do(t, call{"DELETE", "/jwt/refresh", header, `{"tokenId":"` + x.id + `"}`}).want(t, 200)
		again := home.issue(t, x.user, home.demo.web)
		home.do(t, call{"POST", "/jwt/revoke", header, `{"token":"` + again.refresh + `"}`}).want(t, 200)
	}
}

func TestFormDataIsReadOnRevokeAndNowhereElseUnderJWT(t *testing.T) {
	t.Parallel()
	const law = "`application/x-www-form-urlencoded` with real form data is read on `/jwt/revoke` and `/oauth2/*`"
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	runRows(t, []row{
		{law, "POST", "/jwt/refresh", form, `refreshToken={token}`, refuses(400)},
		{law, "POST", "/jwt/refresh", form, `userId={user}`, refuses(400)},
		{law, "DELETE", "/jwt/refresh", form, `userId={user}`, refuses(400)},
		{law, "POST", "/jwt/issue", form, `userId={user}&applicationId={web}`, refuses(400)},
		{"duplicated key", "POST", "/jwt/revoke", form, `token={token}&token={token}`, refuses(400, "token")},
		{"unknown key", "POST", "/jwt/revoke", form, `token={token}&x=1`, refuses(400, "x")},
		{"blank key", "POST", "/jwt/revoke", form, `token=`, refuses(400, "token")},
		{"one of them", "POST", "/jwt/revoke", form, `token={token}&refreshToken={access}`, refuses(400)},
	})
}

func TestWhatIsNoStrictJSONObjectIsRefused(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"an array": `["{user}"]`, "a string": `"{user}"`, "a number": `1`, "null": `null`, "true": `true`,
		"cut off": `{"userId":"{user}"`, "two objects": `{"userId":"{user}"}{}`, "trailing text": `{"userId":"{user}"} x`,
		"a trailing comma": `{"userId":"{user}",}`, "single quotes": `{'userId':'{user}'}`, "a comment": `{"userId":"{user}"/**/}`,
		"JSON must be valid UTF-8":         "{\"userId\":\"{user}\xff\"}",
		"an overlong encoding":             "{\"userId\":\"\xc0\xaf\"}",
		"an encoded surrogate":             "{\"userId\":\"\xed\xa0\x80\"}",
		"without a lone high surrogate":    `{"userId":"\ud800"}`,
		"without a lone low surrogate":     `{"userId":"\udc00x"}`,
		"a surrogate pair the wrong way":   `{"userId":"\udc00\ud800"}`,
		"a lone surrogate in a key":        `{"userId":"{user}","\ud800":"x"}`,
		"doubled keys":                     `{"userId":"{user}","userId":"{user}"}`,
		"doubled keys, one of them spelt":  `{"userId":"{user}","user\u0049d":"{stranger}"}`,
		"doubled keys among the unknown":   `{"x":"1","x":"2"}`,
		"a bare control character":         "{\"userId\":\"a\nb\"}",
		"a NUL after the object":           "{\"userId\":\"{user}\"}\x00",
		"deep nesting":                     `{"userId":` + strings.Repeat(`[`, 8000) + strings.Repeat(`]`, 8000) + `}`,
		"an object that is never finished": strings.Repeat(`{"a":`, 3000),
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			for _, r := range []row{
				{name, "POST", "/jwt/refresh", nil, body, refuses(400)},
				{name, "DELETE", "/jwt/refresh", nil, body, refuses(400)},
				{name, "POST", "/jwt/issue", nil, body, refuses(400)},
				{name, "POST", "/jwt/revoke", nil, strings.ReplaceAll(body, "userId", "token"), refuses(400)},
			} {
				r.run(t, w)
			}
		})
	}
}

func TestASurrogatePairIsOneCharacter(t *testing.T) {
	t.Parallel()
	user := fresh() + "\U0001F600"
	x := home.issue(t, user, home.demo.web)
	body := `{"userId":"` + strings.TrimSuffix(user, "\U0001F600") + `\ud83d\ude00"}`
	equal(t, "the list", home.do(t, call{"POST", "/jwt/refresh", home.demo.admin(), body}).want(t, 200).ids(t), []string{x.id})
}

// idCalls asks for an id in every place that takes one, by the status of an id that is allowed and unknown.
func idCalls(id string) map[int][]call {
	h, query, path := home.demo.admin(), url.QueryEscape(id), escape(id)
	body := func(name string) string { return jsonOf(map[string]string{name: id}) }
	return map[int][]call{
		200: {
			{"GET", "/jwt/refresh?userId=" + query, h, ""},
			{"GET", "/jwt/refresh?userId=u&applicationId=" + query, h, ""},
			{"POST", "/jwt/refresh", h, body("userId")},
			{"DELETE", "/jwt/users/" + path + "/refresh", h, ""},
			{"DELETE", "/jwt/refresh", h, body("userId")},
			{"DELETE", "/jwt/refresh?userId=" + query, h, ""},
		},
		404: {
			{"DELETE", "/jwt/applications/" + path + "/refresh", h, ""},
			{"DELETE", "/jwt/users/u/applications/" + path + "/refresh", h, ""},
			{"DELETE", "/jwt/refresh", h, body("applicationId")},
			{"GET", "/jwt/refresh/" + path, h, ""},
			{"DELETE", "/jwt/refresh/" + path, h, ""},
			{"POST", "/jwt/refresh", h, body("tokenId")},
			{"POST", "/jwt/refresh", h, body("id")},
		},
	}
}

func TestIdsAre1To128BytesOfUTF8WithoutControlCharacters(t *testing.T) {
	t.Parallel()
	for allowed, ids := range map[bool][]string{
		true: {"x", strings.Repeat("x", 128), strings.Repeat("é", 64), "a b", " x ", "\U0001F600", "a/b#c?d&e=f%g+h", "...", "null"},
		false: {
			strings.Repeat("x", 129), strings.Repeat("é", 65), strings.Repeat("x", 2000), "a\x00b", "a\nb", "\x1f", "a\x7f", "a\u0085b", " ", "\t",
			".", "..",
		},
	} {
		for _, id := range ids {
			for status, calls := range idCalls(id) {
				if !allowed {
					status = 400
				}
				for _, c := range calls {
					home.do(t, c).check(t, status)
				}
			}
		}
	}
}

func TestBytesThatAreNoUTF8AreNoId(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"/jwt/users/a%FF/refresh", "/jwt/applications/%C0%AF/refresh", "/jwt/users/u/applications/%ED%A0%80/refresh",
	} {
		home.do(t, call{"DELETE", path, home.demo.admin(), ""}).want(t, 400)
	}
	home.do(t, call{"GET", "/jwt/refresh/%FF", home.demo.admin(), ""}).want(t, 400)
	// Whoever mends such an id writes U+FFFD, so no id has it.
	for _, c := range []call{
		{"GET", "/jwt/refresh?userId=a%FF", home.demo.admin(), ""},
		{"DELETE", "/jwt/refresh?userId=a%EF%BF%BD", home.demo.admin(), ""},
		{"DELETE", "/jwt/users/a%EF%BF%BD/refresh", home.demo.admin(), ""},
		{"GET", "/jwt/refresh/a%EF%BF%BD", home.demo.admin(), ""},
		{"POST", "/jwt/refresh", home.demo.admin(), `{"userId":"a\ufffd"}`},
		{"DELETE", "/jwt/refresh", home.demo.admin(), `{"applicationId":"a\ufffd"}`},
	} {
		home.do(t, c).check(t, 400)
	}
}

func TestWhatIsLiteralInAPathStaysAsItIs(t *testing.T) {
	t.Parallel()
	mark := fresh()
	for _, id := range []string{"a+b", "a:b@c", "a=b&c", "$,;!*'()", "~a-b_c.d"} {
		plus, blank := home.issue(t, mark+id, home.demo.web), home.issue(t, mark+strings.ReplaceAll(id, "+", " ")+"0", home.demo.web)
		wantBulk(t, home.do(t, call{"DELETE", "/jwt/users/" + plus.user + "/refresh", home.demo.admin(), ""}), plus)
		home.wantAlive(t, blank)
	}
}

// escape percent-encodes every byte of an id but letters and digits.
func escape(id string) string {
	var b strings.Builder
	for i := range len(id) {
		c := id[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// Each of many look-alikes sees and ends a session of its own.
func TestIdsAreComparedByteByByte(t *testing.T) {
	t.Parallel()
	mark := fresh()
	ids := []string{
		"a", "A", "a ", " a", "a/b", "a%2Fb", "a%252Fb", "a+b", "a b", "a%20b", "\u00e9", "e\u0301", "\ufb01", "fi", "\u212a", "K", "k", "ss", "\u00df",
		"a#b", "a%23b", "a\\u0062", "a\"b", "#APP#web", "..", ".", "%2E%2E", "*", "a&userId=b", "a=b", "a;b", "a?b", "\u200ba", "\ufeffa",
	}
	sessions := map[string]session{}
	for _, id := range ids {
		sessions[id] = home.issue(t, mark+id, home.demo.web)
	}
	for _, id := range ids {
		x := sessions[id]
		byBody := home.do(t, call{"POST", "/jwt/refresh", home.demo.admin(), jsonOf(map[string]string{"userId": x.user})})
		for _, a := range []answer{home.list(t, x.user, ""), byBody} {
			equal(t, "the list of "+id, a.want(t, 200).ids(t), []string{x.id})
		}
		equal(t, "userId", home.resource(t, x).want(t, 200).data("userId"), x.user)
	}
	for _, id := range ids { // a deletion that reaches another's session is seen by that one's own
		a := home.do(t, call{"DELETE", "/jwt/users/" + escape(mark+id) + "/refresh", home.demo.admin(), ""})
		wantBulk(t, a, sessions[id])
	}
}
