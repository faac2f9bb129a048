package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// One whole exchange per operation and outcome, as files to read: what varies from run to run is a placeholder.
// `go test ./pkg/e2e -run Golden -update` rewrites them.

// exchange is one request of a golden file.
type exchange struct {
	method, path string
	header       []string
	body         string
}

func goldens() map[string][]exchange {
	const revokeOne = `{"TokenString":"{token}"}`
	admin := []string{"Authorization", "Bearer {key}", "X-Stencil-TenantId", "demo"}
	reader := []string{"Authorization", "Bearer {read}", "X-Stencil-TenantId", "demo"}
	return map[string][]exchange{
		"issue": {
			{"POST", "/jwt/issue", admin, `{"userId":"{stranger}","applicationId":"web"}`},
			{"POST", "/jwt/issue", admin, `{"userId":"","tenant":"demo"}`},
			{"POST", "/jwt/issue", admin, `{"userId":"ada","applicationId":"nothing"}`},
			{"POST", "/jwt/issue", reader, `{"userId":"ada","applicationId":"web"}`},
			{"POST", "/jwt/issue", nil, `{}`},
			{"POST", "/jwt/issue", admin, `not JSON`},
			{"POST", "/jwt/issue", admin, strings.Repeat(" ", 16_385)},
			{"OPTIONS", "/jwt/issue", []string{"Origin", "http://localhost:5173", "Access-Control-Request-Method", "POST"}, ``},
		},
		"refresh": {
			{"POST", "/jwt/refresh", nil, `{"refreshToken":"{token}"}`},
			{"POST", "/jwt/refresh", []string{"Cookie", "refreshToken={token}"}, ``},
			{"POST", "/jwt/refresh", []string{"Cookie", "refreshToken={token}", "Sec-Fetch-Site", "cross-site"}, ``},
			{"POST", "/jwt/refresh", []string{"Origin", "http://localhost:5173"}, `{"refreshToken":"{token}","cookies":true}`},
			{"POST", "/jwt/refresh", []string{"Cookie", "refresh_token=garbage; access_token=garbage"}, ``},
			{"POST", "/jwt/refresh", []string{"Cookie", "refreshToken={token}; refresh_token={serviceToken}"}, ``},
			{"POST", "/jwt/refresh", nil, `{"refreshToken":"garbage"}`},
			{"POST", "/jwt/refresh", nil, `{}`},
			{"POST", "/jwt/refresh", nil, `{"applicationsId":"web"}`},
			{"POST", "/jwt/refresh", nil, `{"refreshToken":"{token}","userId":"{user}"}`},
			{"POST", "/jwt/refresh", []string{"Authorization", "Bearer garbage"}, `{"refreshToken":"{token}"}`},
		},
		"retrieve-by-id": {
			{"GET", "/jwt/refresh/{id}", admin, ``},
			{"GET", "/jwt/refresh/unknown", admin, ``},
			{"GET", "/jwt/refresh/{id}", []string{"Authorization", "Bearer {issue}", "X-Stencil-TenantId", "demo"}, ``},
		},
		"retrieve-by-user": {
			{"GET", "/jwt/refresh?userId={user}", reader, ``},
			{"GET", "/jwt/refresh?userId={user}&limit=1", reader, ``},
			{"GET", "/jwt/refresh?userId=nobody", reader, ``},
			{"GET", "/jwt/refresh?userId={user}&limit=0&cursor=x&page=2", reader, ``},
			{"POST", "/jwt/refresh", reader, `{"userId":"{stranger}"}`},
		},
		"retrieve-history": {
			{"GET", "/jwt/users/{user}/history", reader, ``},
			{"GET", "/jwt/users/{user}/history?limit=1", reader, ``},
			{"GET", "/jwt/users/nobody/history", reader, ``},
			{"GET", "/jwt/users/{user}/history?limit=0&cursor=x&page=2", reader, ``},
		},
		"update-by-id": {
			{"PATCH", "/jwt/refresh/{id}", []string{"Authorization", "Bearer {access}", "X-Stencil-TenantId", "demo"}, `{"device":{"name":null}}`},
			{"PATCH", "/jwt/refresh/{id}", []string{"Authorization", "Bearer {access}", "X-Stencil-TenantId", "demo"}, `{"scope":"admin"}`},
			{"PATCH", "/jwt/refresh/{id}", admin, `{"claims":{"plan":"pro","seat":{"floor":2}},"scope":"read","device":{"name":"Phone"},"supersede":true,"reason":"plan_change"}`},
			{"PATCH", "/jwt/refresh/{id}", admin, `{"claims":{"plan":null},"scope":null}`},
			{"PATCH", "/jwt/refresh/{id}", reader, `{"scope":"read"}`},
			{"PATCH", "/jwt/refresh/{id}", admin, `{"claims":{"sub":"x"},"absoluteExpiresAt":"2001-01-01T00:00:00Z","device":{},"scope":" ","supersede":1,"applicationId":"web"}`},
			{"PATCH", "/jwt/refresh/{id}", admin, `{"supersede":false,"reason":"nothing"}`},
			{"PATCH", "/jwt/refresh/unknown", admin, `{"scope":"read"}`},
		},
		"update-by-user": {
			{"PATCH", "/jwt/users/{user}/refresh", admin, `{"claims":{"plan":"pro"},"applicationId":"service"}`},
			{"PATCH", "/jwt/users/{user}/refresh", admin, `{"claims":{"plan":"pro"},"applicationId":"service"}`},
			{"PATCH", "/jwt/users/nobody/refresh", admin, `{"supersede":true}`},
			{"PATCH", "/jwt/users/{user}/refresh", admin, `{"supersede":true,"applicationId":"nothing"}`},
			{"PATCH", "/jwt/users/{user}/refresh", []string{"Authorization", "Bearer {access}", "X-Stencil-TenantId", "demo"}, `{"device":{"name":"Phone"}}`},
			{"PATCH", "/jwt/users/{user}/refresh", admin, `{}`},
		},
		"delete-by-id": {
			{"DELETE", "/jwt/refresh/{id}", admin, ``},
			{"DELETE", "/jwt/refresh/{id}", admin, ``},
			{"DELETE", "/jwt/refresh/{secondId}", reader, ``},
		},
		"delete-by-string": {
			{"POST", "/jwt/revoke", admin, revokeOne},
			{"POST", "/jwt/revoke", admin, revokeOne},
			{"POST", "/jwt/revoke", admin, `{}`},
		},
		"logout": {
			{"POST", "/jwt/logout", []string{"Cookie", "refreshToken={token}", "Sec-Fetch-Site", "cross-site"}, ``},
			{"POST", "/jwt/logout", []string{"Cookie", "refreshToken={token}", "Sec-Fetch-Site", "same-origin"}, ``},
			{"POST", "/jwt/logout", nil, `{"refreshToken":"{token}"}`},
			{"POST", "/jwt/logout", nil, `{"token":"{token}"}`},
		},
		"delete-by-user": {
			{"DELETE", "/jwt/users/{user}/refresh", admin, ``},
			{"DELETE", "/jwt/users/{user}/refresh", admin, ``},
			{"DELETE", "/jwt/users/{user}/refresh?applicationId=web", admin, ``},
		},
		"delete-by-application": {
			{"DELETE", "/jwt/applications/nothing/refresh", admin, ``},
			{"DELETE", "/jwt/applications/web/refresh", []string{"Authorization", "Bearer {access}", "X-Stencil-TenantId", "demo"}, ``},
			{"DELETE", "/jwt/applications/web/refresh", []string{"Authorization", "Bearer {key}", "X-Stencil-TenantId", "other"}, ``},
			{"POST", "/jwt/refresh/{serviceId}", admin, `{"applicationsId":"web"}`},
		},
		"delete-by-user-and-application": {
			{"DELETE", "/jwt/users/{user}/applications/web/refresh", admin, ``},
			{"DELETE", "/jwt/users/{user}/applications/nothing/refresh", admin, ``},
		},
		"documented-forms": {
			{"DELETE", "/jwt/refresh", admin, `{"tokenId":"{id}"}`},
			{"DELETE", "/jwt/refresh?userId={user}", admin, `{"userId":"{user}"}`},
			{"DELETE", "/jwt/refresh", admin, ``},
			{"POST", "/jwt/refresh/{secondId}", admin, `{"tokenId":"{secondId}"}`},
			{"POST", "/jwt/refresh/{secondId}", append([]string{"X-HTTP-Method-Override", "PUT"}, admin...), ``},
		},
		"jwks":          {{"GET", "/.well-known/jwks.json", nil, ``}},
		"unknown-route": {{"GET", "/jwt/nothing", nil, ``}, {"PUT", "/jwt/refresh", nil, ``}},
	}
}

func TestGoldenExchanges(t *testing.T) {
	t.Parallel()
	all := goldens()
	maps.Copy(all, othersGoldens())
	for name, exchanges := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			mask := newMask(w)
			var got strings.Builder
			for _, e := range exchanges {
				got.WriteString(mask.write(t, e))
			}
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("%s: got (-update writes it)\n%s\nwant\n%s", file, got.String(), want)
			}
		})
	}
}

// mask replaces what varies.
type mask struct {
	w       fixture
	fill    *strings.Replacer
	mask    *strings.Replacer
	pattern []pattern
}

type pattern struct {
	find *regexp.Regexp
	with string
}

func newMask(w fixture) mask {
	keys := []string{"{key}", home.demo.key, "{read}", home.creds[mayRead], "{issue}", home.creds[mayIssue]}
	known := []string{
		w.sessions[0].id, "<id>", w.sessions[1].id, "<second id>", w.sessions[2].id, "<service id>", w.sessions[3].user, "<stranger>", w.sessions[0].user, "<user>",
	}
	m := mask{w: w, fill: strings.NewReplacer(keys...), mask: strings.NewReplacer(known...)}
	for find, with := range map[string]string{
		`srt_[A-Za-z0-9_-]+`: "<refresh token>", `eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`: "<access token>",
		`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`: "<uuid>", `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`: "<time>",
		`"expiresIn": \d+`: `"expiresIn": <seconds>`, `Max-Age=[1-9]\d*`: "Max-Age=<seconds>", `"(kid|x|y)": "[^"]+"`: `"$1": "<$1>"`,
		`"(expires_in|refresh_token_timeout|authorization_expires_in)": \d+`: `"$1": <seconds>`, `"(exp|iat|nbf)": \d+`: `"$1": <numeric date>`, regexp.QuoteMeta(home.creds["BASE_URL"]): "<issuer>",
		`"nextCursor": "[^"]+"`: `"nextCursor": "<cursor>"`, `"key:[0-9a-f]{32}"`: `"key:<key id>"`, ` {100,}`: "<more than 16 KB of blanks>",
	} {
		m.pattern = append(m.pattern, pattern{regexp.MustCompile(find), with})
	}
	return m
}

// write makes a request and writes both sides of it down.
func (m mask) write(t testing.TB, e exchange) string {
	t.Helper()
	header := http.Header{}
	for i := 0; i < len(e.header); i += 2 {
		header = with(header, e.header[i], m.fill.Replace(m.w.fill(e.header[i+1])))
	}
	a := home.do(t, call{e.method, m.w.fill(e.path), header, m.w.fill(e.body)})
	var b strings.Builder
	fmt.Fprintf(&b, "> %s %s\n", e.method, e.path)
	for i := 0; i < len(e.header); i += 2 {
		fmt.Fprintf(&b, "> %s: %s\n", e.header[i], e.header[i+1])
	}
	fmt.Fprintf(&b, "> %s\n< %d\n", e.body, a.status)
	var lines []string
	for name, values := range a.header {
		if slices.Contains([]string{"Date", "Content-Length", "Connection", "X-Amz-Apigw-Id", "X-Amzn-Requestid", "X-Amzn-Trace-Id"}, name) {
			continue
		}
		for _, value := range values {
			lines = append(lines, fmt.Sprintf("< %s: %s\n", name, value))
		}
	}
	slices.Sort(lines)
	b.WriteString(strings.Join(lines, ""))
	var indented bytes.Buffer
	if json.Indent(&indented, []byte(a.raw), "", "  ") != nil {
		indented.Reset()
		indented.WriteString(a.raw)
	}
	b.WriteString(indented.String() + "\n\n")
	return m.apply(b.String())
}

func (m mask) apply(text string) string {
	text = m.mask.Replace(text)
	for _, p := range m.pattern {
		text = p.find.ReplaceAllString(text, p.with)
	}
	return text
}
