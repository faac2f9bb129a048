package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// do compares every answer with the envelope; these tests go through the kinds of answers.

func TestUnknownRoutesAndMethodsAre404(t *testing.T) {
	t.Parallel()
	const id = "01890000-0000-7000-8000-000000000000"
	cases := [][2]string{
		{"GET", "/jwt/"},
		{"GET", "/jwt/nothing"},
		{"POST", "/jwt/refresh/a/b"},
		{"GET", "/jwt/users/u"},
		{"GET", "/jwt/users/u/refresh/x"},
		{"GET", "/jwt/issue"},
		{"PUT", "/jwt/refresh"},
		{"PATCH", "/jwt/refresh"},
		{"PUT", "/jwt/refresh/" + id},
		{"GET", "/jwt/revoke"},
		{"DELETE", "/jwt/revoke"},
		{"GET", "/jwt/users/u/refresh"},
		{"POST", "/jwt/users/u/refresh"},
		{"GET", "/jwt/applications/web/refresh"},
		{"POST", "/jwt/users/u/applications/web/refresh"},
		{"HEAD", "/jwt/refresh"},
		{"HEAD", "/jwt/refresh/" + id},
		{"HEAD", "/jwt/issue"},
		{"TRACE", "/jwt/refresh"},
		{"PROPFIND", "/jwt/refresh"},
		{"GET", "/JWT/refresh"},
		{"POST", "/jwt/Refresh"},
	}
	for _, c := range cases {
		for _, header := range []http.Header{nil, home.demo.admin()} {
			home.do(t, call{c[0], c[1], header, ""}).check(t, 404)
		}
	}
	for _, path := range []string{"/", "/nothing", "/.well-known/nothing", "/favicon.ico", "/jwt"} {
		home.do(t, call{"GET", path, nil, ""}).want(t, 404)
	}
	home.do(t, call{"POST", "/.well-known/jwks.json", nil, ""}).want(t, 404)
}

func TestAnswersRaisedByTheGatewayHaveTheEnvelopeToo(t *testing.T) {
	t.Parallel()
	for _, c := range []call{
		{"GET", "/jwt/refresh?userId=u", nil, ""},
		{"GET", "/jwt/unknown", nil, ""},
		{"POST", "/jwt/issue", home.demo.as("sak_x"), "{}"},
		{"POST", "/jwt/issue", home.other.as(home.demo.key), "{}"},
		{"POST", "/jwt/issue", home.demo.admin(), strings.Repeat(" ", 20_000)},
	} {
		checkEnvelope(t, home.do(t, c))
	}
}

func TestTheGatewaysOwn401ChallengesByItsOwnNameAndAFunctionsIsRenamed(t *testing.T) {
	t.Parallel()
	a := home.do(t, call{"GET", "/jwt/refresh?userId=u", nil, ""}).want(t, 401)
	if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("WWW-Authenticate: got %q, want Bearer", got)
	}
	a = home.do(t, call{"POST", "/jwt/refresh", nil, `{"userId":"u"}`}).want(t, 401)
	if got := a.header.Get("X-Amzn-Remapped-Www-Authenticate"); !strings.HasPrefix(got, "Bearer") || a.header.Get("WWW-Authenticate") != "" {
		t.Errorf("x-amzn-Remapped-WWW-Authenticate: got %q, want Bearer there alone", got)
	}
}

func TestAllFieldsAtFaultAreListed(t *testing.T) {
	t.Parallel()
	cases := []struct {
		method, path, body string
		fields             []string
	}{
		{"POST", "/jwt/issue", `{}`, []string{"userId", "applicationId"}},
		{"POST", "/jwt/issue", ``, []string{"userId", "applicationId"}},
		{"POST", "/jwt/issue", `{"userId":"","applicationId":null,"x":1,"y":2}`, []string{"userId", "applicationId", "x", "y"}},
		{"POST", "/jwt/issue", `{"userId":"u","applicationId":"web","claims":1,"scope":2}`, []string{"claims", "scope"}},
		{"POST", "/jwt/refresh", `{"userId":1,"x":"1"}`, []string{"userId", "x"}},
		{"DELETE", "/jwt/refresh", `{"userId":" ","applicationId":null}`, []string{"userId", "applicationId"}},
		{"GET", "/jwt/refresh?userId=u&limit=0&cursor=%20&x=1", ``, []string{"limit", "cursor", "x"}},
		{"DELETE", "/jwt/users/u/refresh?x=1&y=2", ``, []string{"x", "y"}},
	}
	for _, c := range cases {
		home.do(t, call{c.method, c.path, home.demo.admin(), c.body}).want(t, 400).wantFields(t, c.fields...)
	}
}

func TestARefusedRefreshTokenIsNoFieldsFault(t *testing.T) {
	t.Parallel()
	equal(t, "errors", len(home.present(t, "srt_nonsense").want(t, 400).faults()), 0)
}

func TestATokenIdThatIsNoUUIDIsUnknown(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, id := range []string{
		"x", "0", strings.ToUpper(x.id), strings.ReplaceAll(x.id, "-", ""), "{" + x.id + "}", x.id + " ", " " + x.id, "urn:uuid:" + x.id, x.id + "0",
		x.id[:35], strings.Repeat("a", 128), "00000000-0000-0000-0000-000000000000", "é",
	} {
		for _, c := range []call{
			{"GET", "/jwt/refresh/" + escape(id), home.demo.admin(), ""},
			{"DELETE", "/jwt/refresh/" + escape(id), home.demo.admin(), ""},
			{"POST", "/jwt/refresh", home.demo.admin(), jsonOf(map[string]string{"tokenId": id})},
			{"POST", "/jwt/refresh", home.demo.admin(), jsonOf(map[string]string{"id": id})},
			{"DELETE", "/jwt/refresh", home.demo.admin(), jsonOf(map[string]string{"tokenId": id})},
		} {
			home.do(t, c).want(t, 404)
		}
	}
	home.wantAlive(t, x)
}
