package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// session is an issued session as its holder knows it.
type session struct {
	tenant, user, app string
	id                string
	refresh, access   string
}

var users atomic.Int64

// fresh is a user id that no other test uses.
func fresh() string { return fmt.Sprintf("user-%d", users.Add(1)) }

// as is the header of a caller with a credential.
func (n tenant) as(credential string) http.Header {
	return http.Header{"Authorization": {"Bearer " + credential}, "X-Stencil-TenantId": {n.id}}
}

// admin is the header of the tenant's key with all permissions.
func (n tenant) admin() http.Header { return n.as(n.key) }

// owner is the header of a session's user.
func (x session) owner() http.Header { return tenant{id: x.tenant}.as(x.access) }

// with adds a header line.
func with(h http.Header, name, value string) http.Header {
	h = h.Clone()
	if h == nil {
		h = http.Header{}
	}
	h[name] = append(h[name], value)
	return h
}

func (s *service) serviceApp() string { return s.creds["SERVICE_APPLICATION_ID"] }
func (s *service) shortApp() string   { return s.creds["SHORT_APPLICATION_ID"] }

// issue starts a session in tenant demo.
func (s *service) issue(t testing.TB, user, app string) session {
	t.Helper()
	return s.issueIn(t, s.demo, user, app)
}

func (s *service) issueIn(t testing.TB, n tenant, user, app string) session {
	t.Helper()
	body := jsonOf(map[string]any{"userId": user, "applicationId": app})
	a := s.do(t, call{"POST", "/jwt/issue", n.admin(), body}).want(t, http.StatusCreated)
	return session{
		tenant: n.id, user: user, app: app,
		id: a.data("refreshTokenId"), refresh: a.data("refreshToken"), access: a.data("accessToken"),
	}
}

// present refreshes with a token in the body and nothing else.
func (s *service) present(t testing.TB, refresh string) answer {
	t.Helper()
	return s.do(t, call{"POST", "/jwt/refresh", nil, jsonOf(map[string]any{"refreshToken": refresh})})
}

// rotate refreshes a session and returns it as it is then.
func (s *service) rotate(t testing.TB, x session) session {
	t.Helper()
	a := s.present(t, x.refresh).want(t, http.StatusOK)
	x.refresh, x.access = a.data("refreshToken"), a.data("accessToken")
	return x
}

func (s *service) tenantOf(x session) tenant {
	if x.tenant == s.other.id {
		return s.other
	}
	return s.demo
}

// resource reads a session by its id.
func (s *service) resource(t testing.TB, x session) answer {
	t.Helper()
	return s.do(t, call{"GET", "/jwt/refresh/" + x.id, s.tenantOf(x).admin(), ""})
}

// list reads a user's sessions in tenant demo; more is further query.
func (s *service) list(t testing.TB, user, more string) answer {
	t.Helper()
	return s.do(t, call{"GET", "/jwt/refresh?userId=" + url.QueryEscape(user) + more, s.demo.admin(), ""})
}

// wantAlive says that sessions live as they were issued: not deleted and not rotated.
func (s *service) wantAlive(t testing.TB, sessions ...session) {
	t.Helper()
	for _, x := range sessions {
		a := s.resource(t, x)
		if data, _ := a.body["data"].(map[string]any); a.status != 200 || data["generation"] != 0.0 {
			t.Errorf("session of %q in %s does not live as it was issued: %s", x.user, x.app, a)
		}
	}
}

// wantDead says that sessions are gone for readers, for their refresh token and for their access token.
func (s *service) wantDead(t testing.TB, sessions ...session) {
	t.Helper()
	for _, x := range sessions {
		if a := s.resource(t, x); a.status != 404 {
			t.Errorf("a deleted session can be read: %s", a)
		}
		if a := s.present(t, x.refresh); a.status != 400 {
			t.Errorf("no refresh that starts later succeeds: %s", a)
		}
		if a := s.do(t, call{"GET", "/jwt/refresh/" + x.id, x.owner(), ""}); a.status != 401 {
			t.Errorf("no access token of the deleted session passes the authorizer: %s", a)
		}
	}
}

var (
	uuid7   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
)

// checkResource holds a token resource against the contract's twelve keys.
func checkResource(t testing.TB, resource any) map[string]any {
	t.Helper()
	r := wantKeys(t, resource, "id", "tenantId", "userId", "applicationId", "usage", "generation", "scope", "device",
		"createdAt", "lastRefreshedAt", "expiresAt", "absoluteExpiresAt")
	if id, _ := r["id"].(string); !uuid7.MatchString(id) {
		t.Errorf("id %q is no UUIDv7", id)
	}
	for _, name := range []string{"createdAt", "lastRefreshedAt", "expiresAt", "absoluteExpiresAt"} {
		text, _ := r[name].(string)
		if (r[name] != nil || name != "lastRefreshedAt") && !instant.MatchString(text) {
			t.Errorf("%s is %v: want RFC 3339 UTC", name, r[name])
		}
	}
	if usage := r["usage"]; usage != "oneTime" && usage != "reusable" {
		t.Errorf("`usage` is `oneTime` or `reusable`; got %v", usage)
	}
	return r
}

// checkGrant holds the data of issue and refresh against the contract.
func checkGrant(t testing.TB, a answer) map[string]any {
	t.Helper()
	g := wantKeys(t, a.body["data"], "accessToken", "tokenType", "expiresIn", "refreshToken", "refreshTokenId",
		"refreshTokenExpiresAt")
	if g["tokenType"] != "Bearer" {
		t.Errorf("tokenType %v", g["tokenType"])
	}
	if text := a.data("refreshToken"); !strings.HasPrefix(text, "srt_") || len(text) > 255 {
		t.Errorf("a refresh token is srt_ and at most 255 characters in all; got %d", len(text))
	}
	if seconds, _ := g["expiresIn"].(float64); seconds != float64(int(seconds)) {
		t.Errorf("`expiresIn` is in whole seconds; got %v", g["expiresIn"])
	}
	if !uuid7.MatchString(a.data("refreshTokenId")) || !instant.MatchString(a.data("refreshTokenExpiresAt")) {
		t.Errorf("id %q, expiry %q", a.data("refreshTokenId"), a.data("refreshTokenExpiresAt"))
	}
	return g
}

// wantBulk holds the answer of a bulk delete against the sessions it must have ended.
func wantBulk(t testing.TB, a answer, ended ...session) {
	t.Helper()
	data := wantKeys(t, a.want(t, 200).body["data"], "deleted", "ids")
	var got []string
	array, _ := data["ids"].([]any)
	for _, id := range array {
		got = append(got, fmt.Sprint(id))
	}
	want := idsOf(ended)
	slices.Sort(got)
	slices.Sort(want)
	if data["ids"] == nil || !slices.Equal(got, want) || data["deleted"] != float64(len(want)) {
		t.Errorf("%s: want exactly %d sessions deleted: %q", a, len(want), want)
	}
}

func idsOf(sessions []session) []string {
	var ids []string
	for _, x := range sessions {
		ids = append(ids, x.id)
	}
	return ids
}

// timeOf reads a time of the contract.
func timeOf(t testing.TB, value any) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, fmt.Sprint(value))
	if err != nil {
		t.Fatal(err)
	}
	return at
}
