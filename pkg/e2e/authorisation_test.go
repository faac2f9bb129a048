package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// operation is one way to ask for an operation, with what the contract says of its credential.
type operation struct {
	permission   string // of the API key that may
	owner        bool   // the owner, or that user, may
	foreign      int    // what another user of the tenant gets
	success      int
	method, path string
	body         string
}

const (
	mayIssue  = "ISSUE_API_KEY"
	mayRead   = "READ_API_KEY"
	mayUpdate = "UPDATE_API_KEY"
	mayRevoke = "REVOKE_API_KEY"

	mayRevokeAll = "REVOKE_ALL_API_KEY"
)

// operations is every form of every operation that needs a credential.
func operations() []operation {
	const refresh = "/jwt/refresh"
	return []operation{
		{mayIssue, false, 403, 201, "POST", "/jwt/issue", `{"userId":"{user}","applicationId":"{web}"}`},
		{mayRead, true, 404, 200, "GET", refresh + "/{id}", ``},
		{mayRead, true, 404, 200, "POST", refresh + "/{id}", ``},
		{mayRead, true, 404, 200, "POST", refresh, `{"id":"{id}"}`},
		{mayRead, true, 403, 200, "GET", refresh + "?userId={user}", ``},
		{mayRead, true, 403, 200, "POST", refresh, `{"userId":"{user}"}`},
		{mayUpdate, true, 404, 200, "PATCH", refresh + "/{id}", `{"device":{"name":"Phone"}}`},
		{mayUpdate, false, 403, 200, "PATCH", refresh + "/{id}", `{"claims":{"plan":"pro"}}`},
		{mayUpdate, false, 403, 200, "PATCH", "/jwt/users/{user}/refresh", `{"device":{"name":"Phone"}}`},
		{mayRevoke, true, 404, 200, "DELETE", refresh + "/{id}", ``},
		{mayRevoke, true, 404, 200, "POST", refresh, `{"tokenId":"{id}"}`},
		{mayRevoke, true, 404, 200, "DELETE", refresh, `{"tokenId":"{id}"}`},
		{mayRevoke, true, 404, 200, "DELETE", refresh + "?tokenId={id}", ``},
		{mayRevoke, true, 404, 200, "POST", "/jwt/revoke", `{"token":"{token}"}`},
		{mayRevoke, true, 404, 200, "POST", refresh, `{"TokenString":"{token}"}`},
		{mayRevoke, true, 404, 200, "DELETE", refresh, `{"token":"{token}"}`},
		{mayRevoke, true, 403, 200, "DELETE", "/jwt/users/{user}/refresh", ``},
		{mayRevoke, true, 403, 200, "POST", refresh, `{"userId":"{user}","operation":"delete"}`},
		{mayRevoke, true, 403, 200, "DELETE", refresh, `{"userId":"{user}"}`},
		{mayRevoke, true, 403, 200, "DELETE", refresh + "?userId={user}", ``},
		{mayRevoke, true, 403, 200, "DELETE", "/jwt/users/{user}/applications/{web}/refresh", ``},
		{mayRevoke, true, 403, 200, "POST", refresh, `{"userId":"{user}","applicationsId":"{web}"}`},
		{mayRevoke, true, 403, 200, "DELETE", refresh, `{"userId":"{user}","applicationId":"{web}"}`},
		{mayRevokeAll, false, 403, 200, "DELETE", "/jwt/applications/{web}/refresh", ``},
		{mayRevokeAll, false, 403, 200, "DELETE", refresh, `{"applicationId":"{web}"}`},
		{mayRevokeAll, false, 403, 200, "POST", refresh + "/{id}", `{"applicationsId":"{web}"}`},
	}
}

func (o operation) String() string { return o.method + " " + o.path + " " + o.body }

// wide says that success would hit the sessions of other tests.
func (o operation) wide() bool { return o.permission == mayRevokeAll }

// atFunction says that the operation's own function checks the headers, not the authorizer.
func (o operation) atFunction() bool { return o.method == "POST" && o.path == "/jwt/refresh" }

func (o operation) call(w fixture, h http.Header) call {
	return call{o.method, w.fill(o.path), h, w.fill(o.body)}
}

// deny asks for every operation with a header and wants a status of each and nothing changed.
func deny(t *testing.T, w fixture, name string, h http.Header, want func(o operation) int) {
	t.Helper()
	for _, o := range operations() {
		home.do(t, o.call(w, h)).check(t, want(o), name)
	}
	home.wantAlive(t, w.sessions...)
}

func always(status int) func(operation) int { return func(operation) int { return status } }

func TestABadCredentialIs401OnEveryOperation(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	x, n := w.sessions[0], home.demo
	bad := map[string]http.Header{
		"no headers": {}, "no credential": {"X-Stencil-TenantId": {n.id}},
		"the bare token":              {"Authorization": {x.access}, "X-Stencil-TenantId": {n.id}},
		"the bare key":                {"Authorization": {n.key}, "X-Stencil-TenantId": {n.id}},
		"Basic":                       {"Authorization": {"Basic " + n.key}, "X-Stencil-TenantId": {n.id}},
		"DPoP":                        {"Authorization": {"DPoP " + x.access}, "X-Stencil-TenantId": {n.id}},
		"Bearer alone":                {"Authorization": {"Bearer"}, "X-Stencil-TenantId": {n.id}},
		"two credentials in one line": {"Authorization": {"Bearer " + n.key + ", Bearer " + n.key}, "X-Stencil-TenantId": {n.id}},
		"another word behind it":      {"Authorization": {"Bearer " + n.key + " x"}, "X-Stencil-TenantId": {n.id}},
		"the refresh token":           n.as(x.refresh), "garbage": n.as("x"), "sak_": n.as("sak_"), "sak__": n.as("sak__"),
		"a key cut short": n.as(n.key[:len(n.key)-1]), "a longer key": n.as(n.key + "A"), "a padded key": n.as(n.key + "="),
		"a key with another secret": n.as(n.key[:len(n.key)-43] + strings.Repeat("A", 43)), "an upper-case key": n.as(strings.ToUpper(n.key)),
		"the key id of another key":    n.as(n.key[:len(n.key)-43] + home.other.key[len(home.other.key)-43:]),
		"an unknown key id":            n.as("sak_" + strings.Repeat("0", 32) + n.key[len(n.key)-44:]),
		"a bad key and another tenant": home.other.as(n.key[:len(n.key)-1]), "a bad token and no tenant": {"Authorization": {"Bearer x"}},
	}
	for name, h := range bad {
		deny(t, w, name, h, always(401))
	}
	for name, access := range forgeries(t, x.access) {
		deny(t, w, name, n.as(access), always(401))
	}
}

func TestTheAccessTokenOfAnEndedOrRefreshedSessionIsNoCredential(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	superseded := home.issue(t, w.sessions[0].user, home.demo.web)
	home.do(t, call{"DELETE", "/jwt/refresh/" + home.rotate(t, superseded).id, home.demo.admin(), ""}).want(t, 200)
	rotated := home.issue(t, w.sessions[0].user, home.demo.web)
	sevenGAPI("/User/RefreshToken").rotate(t, rotated)
	for name, x := range map[string]session{"deleted": w.gone, "deleted after a refresh": superseded, "superseded": rotated} {
		deny(t, w, name, x.owner(), always(401))
	}
	if !testing.Short() {
		short := home.issue(t, w.sessions[0].user, home.shortApp())
		sleepUntil(accessExpiry(t, short.access))
		deny(t, w, "expired", short.owner(), always(401))
	}
}

func TestTheTenantHeaderMustBeThereOnceAndBeTheCredentials(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	x, n := w.sessions[0], home.demo
	const right, misspelt = "X-Stencil-TenantId", "x-stencil-tenanid"
	twice := func(o operation) int {
		if o.atFunction() {
			return 400
		}
		return 401
	}
	for _, credential := range []string{n.key, x.access} {
		auth := http.Header{"Authorization": {"Bearer " + credential}}
		deny(t, w, "no tenant header", auth, always(401))
		deny(t, w, "an empty tenant header", with(auth, right, ""), always(401))
		deny(t, w, "another tenant", with(auth, right, home.other.id), always(403))
		deny(t, w, "another tenant, misspelt", with(auth, misspelt, home.other.id), always(403))
		deny(t, w, "an unknown tenant", with(auth, right, "nothing"), always(403))
		deny(t, w, "another case of the tenant", with(auth, right, strings.ToUpper(n.id)), always(403))
		deny(t, w, "both with different values", with(with(auth, right, n.id), misspelt, home.other.id), twice)
		deny(t, w, "the tenant header twice", with(with(auth, right, n.id), right, n.id), twice)
		deny(t, w, "the tenant header twice, different", with(with(auth, right, n.id), right, home.other.id), twice)
		deny(t, w, "the misspelt one twice", with(with(auth, misspelt, n.id), misspelt, n.id), twice)
		deny(t, w, "Authorization twice", with(n.as(credential), "Authorization", "Bearer "+credential), twice)
	}
	deny(t, w, "the key of another tenant", n.as(home.other.key), always(403))
	theirs := home.issueIn(t, home.other, x.user)
	deny(t, w, "the token of another tenant", n.as(theirs.access), always(403))
}

func TestOnePermissionAllowsItsOperationsAndNoOther(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	for _, o := range operations() {
		for _, key := range []string{mayIssue, mayRead, mayRevoke} {
			if key == o.permission {
				continue
			}
			home.do(t, o.call(w, home.demo.as(home.creds[key]))).check(t, 403, key)
		}
	}
	home.wantAlive(t, w.sessions...)
}

func TestAnotherUserOfTheTenantMayNothing(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	deny(t, w, "another user", w.sessions[3].owner(), func(o operation) int { return o.foreign })
}

func TestTheOwnerMayReadAndDeleteButNeitherIssueNorEndAnApplication(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	for _, o := range operations() {
		if !o.owner {
			home.do(t, o.call(w, w.sessions[0].owner())).want(t, 403)
		}
	}
	home.wantAlive(t, w.sessions...)
}

func TestEveryOperationSucceedsInEveryWayInWhichItIsAllowed(t *testing.T) {
	t.Parallel()
	for _, o := range operations() {
		if o.wide() {
			continue // see TestDeletingAnApplication...
		}
		t.Run(o.String(), func(t *testing.T) {
			t.Parallel()
			n, key := home.demo, home.creds[o.permission]
			allowed := map[string]func(w fixture) http.Header{
				"its key":      func(fixture) http.Header { return n.as(key) },
				"the full key": func(fixture) http.Header { return n.admin() },
				"any scheme": func(fixture) http.Header {
					return http.Header{"Authorization": {"bEARER " + key}, "x-stencil-tenantid": {n.id}}
				},
				"the misspelt": func(fixture) http.Header {
					return http.Header{"Authorization": {"Bearer " + key}, "x-stencil-tenanid": {n.id}}
				},
				"both, equal": func(fixture) http.Header { return with(n.as(key), "X-Stencil-TenanId", n.id) },
				"shouted names": func(fixture) http.Header {
					return http.Header{"AUTHORIZATION": {"Bearer " + key}, "X-STENCIL-TENANTID": {n.id}}
				},
			}
			if o.owner {
				allowed["the owner"] = func(w fixture) http.Header { return w.sessions[0].owner() }
				allowed["the owner elsewhere"] = func(w fixture) http.Header { return w.sessions[2].owner() }
			}
			for name, header := range allowed {
				w := newFixture(t)
				home.do(t, o.call(w, header(w))).check(t, o.success, name)
			}
		})
	}
}

// "credential, tenant, permission for the resolved operation, then the rest of the input, then existence. On POST
// /jwt/refresh the form is resolved first."
func TestChecksRunInTheirOrder(t *testing.T) {
	t.Parallel()
	n := home.demo
	nobody, read, issue := http.Header{}, n.as(home.creds[mayRead]), n.as(home.creds[mayIssue])
	const unknown = "/jwt/refresh/01890000-0000-7000-8000-000000000000"
	cases := []struct {
		header http.Header
		method string
		path   string
		body   string
		status int
	}{
		{nobody, "POST", "/jwt/issue", `{"x":1}`, 401},
		{read, "POST", "/jwt/issue", `{"x":1}`, 403},
		{home.other.as(n.key), "POST", "/jwt/issue", `{"x":1}`, 403},
		{n.admin(), "POST", "/jwt/issue", `{"userId":"u","applicationId":"nothing","x":1}`, 400},
		{nobody, "GET", "/jwt/refresh?limit=0", ``, 401},
		{issue, "GET", "/jwt/refresh?limit=0&userId=u", ``, 403},
		{issue, "GET", unknown, ``, 403},
		{read, "DELETE", unknown, ``, 403},
		{read, "DELETE", "/jwt/refresh/no-uuid", ``, 403},
		{read, "DELETE", "/jwt/applications/nothing/refresh", ``, 403},
		{read, "DELETE", "/jwt/applications/nothing/refresh?x=1", ``, 403},
		{read, "DELETE", "/jwt/users/u/applications/nothing/refresh", ``, 403},
		{n.admin(), "DELETE", "/jwt/users/u/applications/nothing/refresh?x=1", ``, 400},
		{n.admin(), "DELETE", unknown + "?x=1", ``, 400},
		{read, "POST", "/jwt/revoke", `{"token":"srt_x"}`, 403},
		{nobody, "POST", "/jwt/refresh", `{"userId":"u","tokenId":"x"}`, 400},
		{nobody, "POST", "/jwt/refresh", `{"applicationsId":"web"}`, 400},
		{nobody, "POST", "/jwt/refresh", `{}`, 400},
		{nobody, "POST", "/jwt/refresh", `{"tokenId":"x"}`, 401},
		{issue, "POST", "/jwt/refresh", `{"tokenId":"x"}`, 403},
		{nobody, "DELETE", "/jwt/refresh", `{}`, 401},
		{nobody, "POST", unknown, `{"tokenId":"x"}`, 401},
	}
	for i, c := range cases {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			home.do(t, call{c.method, c.path, c.header, c.body}).want(t, c.status)
		})
	}
}
