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

func TestAKnownPathListsItsMethods(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"PUT", "/jwt/refresh", "DELETE, GET, POST"},
		{"PUT", "/jwt/refresh/", "DELETE, GET, POST"},
		{"GET", "/jwt/issue", "POST"},
		{"DELETE", "/jwt/revoke", "POST"},
		{"GET", "/jwt/logout", "POST"},
		{"GET", "/jwt/applications/web/refresh", "DELETE"},
		{"GET", "/oauth2/token", "POST"},
		{"DELETE", "/User/RefreshToken", "POST"},
		{"POST", "/.well-known/jwks.json", "GET"},
		{"POST", "/jwt/nothing", ""},
		{"GET", "/jwt", ""},
	} {
		a := home.do(t, call{c[0], c[1], nil, ""}).want(t, 404)
		_, got, _ := strings.Cut(strings.TrimSuffix(a.text("message"), "."), "This path takes: ")
		equal(t, c[0]+" "+c[1], got, c[2])
	}
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

// interfaces_test.go compares the other refusals with that of a deleted one.
func TestARefusedRefreshTokenIsNoFieldsFault(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	home.do(t, call{"DELETE", "/jwt/refresh/" + x.id, home.demo.admin(), ""}).want(t, 200)
	for _, text := range []string{x.refresh, x.refresh[:len(x.refresh)-4] + "AAAA", "srt_nonsense"} {
		equal(t, "body", home.present(t, text).want(t, 400).raw,
			`{"success":false,"message":"The refresh token is not valid.","data":null,"code":"invalid_refresh_token"}`+"\n")
	}
}

func TestWhitespaceAroundARefreshTokenIsNamed(t *testing.T) {
	t.Parallel()
	for _, p := range interfaces() {
		x := home.issue(t, fresh(), home.demo.web)
		for _, text := range []string{x.refresh + "\n", x.refresh + "\r\n", " " + x.refresh, "\t" + x.refresh, x.refresh + "\u00a0", "nonsense "} {
			y := x
			y.refresh = text
			if a := p.ask(t, p.request(y)).want(t, p.refused); !strings.Contains(a.raw, "whitespace") || len(a.faults()) > 0 {
				t.Errorf("%s: want the whitespace named, and no field", a)
			}
		}
		a := home.do(t, call{"POST", "/jwt/revoke", home.demo.admin(), jsonOf(map[string]string{"token": x.refresh + "\n"})}).want(t, 404)
		if !strings.Contains(a.text("message"), "whitespace") {
			t.Errorf("%s: want the whitespace named", a)
		}
		home.wantAlive(t, x)
	}
}

func TestA401NamesBothHeadersAndSaysThatACredentialMayHaveExpired(t *testing.T) {
	t.Parallel()
	for _, c := range []call{
		{"GET", "/jwt/refresh?userId=u", nil, ""},
		{"GET", "/jwt/refresh?userId=u", home.demo.as("sak_x_y"), ""},
		{"POST", "/jwt/refresh", nil, `{"userId":"u"}`},
		{"POST", "/jwt/refresh", home.demo.as("sak_x_y"), `{"id":"u"}`},
	} {
		a := home.do(t, c).want(t, 401)
		for _, word := range []string{"Authorization", "X-Stencil-TenantId", "expired"} {
			if !strings.Contains(a.text("message"), word) {
				t.Errorf("%s: want %s named", a, word)
			}
		}
	}
}

func TestA403NamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	reader := home.demo.as(home.creds[mayRead])
	cases := []struct {
		call call
		says []string
	}{
		{call{"POST", "/jwt/issue", reader, `{}`}, []string{"API key", "tokens:issue"}},
		{call{"DELETE", "/jwt/refresh/x", reader, ""}, []string{"API key", "tokens:revoke."}},
		{call{"DELETE", "/jwt/applications/web/refresh", reader, ""}, []string{"tokens:revoke-all"}},
		{call{"POST", "/jwt/refresh", reader, `{"tokenId":"x"}`}, []string{"tokens:revoke."}},
		{call{"POST", "/jwt/issue", x.owner(), `{}`}, []string{"API key", "tokens:issue", "access token"}},
		{call{"DELETE", "/jwt/applications/web/refresh", x.owner(), ""}, []string{"API key", "tokens:revoke-all", "access token"}},
		{call{"GET", "/jwt/refresh?userId=other", x.owner(), ""}, []string{"own user", "tokens:read"}},
		{call{"DELETE", "/jwt/users/other/refresh", x.owner(), ""}, []string{"own user", "tokens:revoke."}},
		{call{"GET", "/jwt/refresh?userId=u", home.other.as(home.demo.key), ""}, []string{"X-Stencil-TenantId", "another tenant"}},
		{call{"POST", "/jwt/refresh", home.other.as(home.demo.key), `{"userId":"u"}`}, []string{"X-Stencil-TenantId", "another tenant"}},
		{
			call{"POST", "/jwt/refresh", http.Header{"X-Stencil-Tenantid": {home.other.id}}, jsonOf(map[string]string{"refreshToken": x.refresh})},
			[]string{"X-Stencil-TenantId", "another tenant", "refresh token"},
		},
	}
	for _, c := range cases {
		a := home.do(t, c.call).check(t, 403)
		for _, word := range c.says {
			if !strings.Contains(a.text("message"), word) {
				t.Errorf("%s: want %s named", a, word)
			}
		}
	}
	a := home.do(t, call{"POST", "/oauth2/introspect", with(x.owner(), "Content-Type", "application/x-www-form-urlencoded"), "token=x"}).want(t, 403)
	if !strings.Contains(a.raw, "tokens:") {
		t.Errorf("%s: want the permission named", a)
	}
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
