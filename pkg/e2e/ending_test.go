package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// endOthers are the requests that end a user's sessions but for one.
func endOthers(user, kept string) map[string]call {
	escaped := escape(user)
	body := fmt.Sprintf(`"userId":%q,"exceptTokenId":%q,"reason":"password_change"`, user, kept)
	return map[string]call{
		"canonical": {method: "DELETE", path: "/jwt/users/" + escaped + "/refresh?reason=password_change&exceptTokenId=" + kept},
		"of an application": {
			method: "DELETE",
			path:   "/jwt/users/" + escaped + "/applications/" + home.demo.web + "/refresh?reason=password_change&exceptTokenId=" + kept,
		},
		"DELETE with a body":     {method: "DELETE", path: "/jwt/refresh", body: "{" + body + "}"},
		"DELETE with a query":    {method: "DELETE", path: "/jwt/refresh?userId=" + escaped + "&reason=x&exceptTokenId=" + kept},
		"POST with an operation": {method: "POST", path: "/jwt/refresh", body: `{"operation":"delete",` + body + "}"},
		"POST of both":           {method: "POST", path: "/jwt/refresh", body: `{"applicationsId":"` + home.demo.web + `",` + body + "}"},
	}
}

func TestADeletionByUserSparesTheSessionThatItNames(t *testing.T) {
	t.Parallel()
	for name := range endOthers("", "") {
		user := fresh()
		a, b, c := home.issue(t, user, home.demo.web), home.issue(t, user, home.demo.web), home.issue(t, fresh(), home.demo.web)
		for _, unknown := range []string{c.id, "not-a-uuid"} {
			call := endOthers(user, unknown)[name]
			call.header = home.demo.admin()
			home.do(t, call).check(t, 404, name)
		}
		equal(t, name+": after an unknown one", home.list(t, user, "").want(t, 200).ids(t), idsOf([]session{b, a}))
		call := endOthers(user, a.id)[name]
		call.header = home.demo.admin()
		got := home.do(t, call).check(t, 200, name)
		equal(t, name+": data", fmt.Sprint(got.body["data"]), fmt.Sprintf("map[deleted:1 ids:[%s] kept:[%s]]", b.id, a.id))
		equal(t, name+": what stays", home.list(t, user, "").want(t, 200).ids(t), []string{a.id})
	}
}

func TestExceptCurrentIsTheSessionOfTheAccessToken(t *testing.T) {
	t.Parallel()
	user := fresh()
	home.issue(t, user, home.demo.web)
	own := home.issue(t, user, home.demo.web)
	path := "/jwt/users/" + escape(user) + "/refresh?"
	for _, bad := range []string{"except=other", "except=current&exceptTokenId=" + own.id, "except=current&except=current"} {
		home.do(t, call{method: "DELETE", path: path + bad, header: own.owner()}).check(t, 400, bad)
	}
	home.do(t, call{method: "DELETE", path: path + "except=current", header: home.demo.admin()}).check(t, 400).wantFields(t, "except")
	home.do(t, call{method: "DELETE", path: path + "except=current", header: own.owner()}).check(t, 200)
	equal(t, "what stays", home.list(t, user, "").want(t, 200).ids(t), []string{own.id})
}

func TestAReasonIsShortAndPlain(t *testing.T) {
	t.Parallel()
	user := fresh()
	s := home.issue(t, user, home.demo.web)
	for _, reason := range []string{"", "Logout", "a b", "ä", strings.Repeat("a", 33), "a%0A"} {
		home.do(t, call{method: "DELETE", path: "/jwt/refresh/" + s.id + "?reason=" + escape(reason), header: home.demo.admin()}).
			check(t, 400, reason).wantFields(t, "reason")
	}
	for name, c := range map[string]call{
		"a refresh":            {method: "POST", path: "/jwt/refresh", body: `{"refreshToken":"x","reason":"x"}`},
		"a retrieval":          {method: "POST", path: "/jwt/refresh", body: `{"id":"` + s.id + `","reason":"x"}`},
		"a retrieval by path":  {method: "POST", path: "/jwt/refresh/" + s.id, body: `{"reason":"x"}`},
		"a list":               {method: "POST", path: "/jwt/refresh", body: `{"userId":"u","reason":"x"}`},
		"a retrieval by query": {method: "GET", path: "/jwt/refresh/" + s.id + "?reason=x"},
	} {
		c.header = home.demo.admin()
		home.do(t, c).check(t, 400, name).wantFields(t, "reason")
	}
	for name, c := range map[string]call{
		"by id":          {method: "DELETE", path: "/jwt/refresh/" + s.id + "?exceptTokenId=" + s.id},
		"by id, form":    {method: "POST", path: "/jwt/refresh", body: `{"tokenId":"` + s.id + `","exceptTokenId":"` + s.id + `"}`},
		"by application": {method: "DELETE", path: "/jwt/refresh", body: `{"applicationId":"web","exceptTokenId":"` + s.id + `"}`},
		"a list":         {method: "POST", path: "/jwt/refresh", body: `{"userId":"u","exceptTokenId":"` + s.id + `"}`},
	} {
		c.header = home.demo.admin()
		home.do(t, c).check(t, 400, name).wantFields(t, "exceptTokenId")
	}
	equal(t, "what stays", home.list(t, user, "").want(t, 200).ids(t), []string{s.id})
	override := home.demo.admin()
	override.Set("X-HTTP-Method-Override", "DELETE")
	home.do(t, call{method: "POST", path: "/jwt/refresh/" + s.id, body: `{"reason":"a-z_0"}`, header: override}).check(t, http.StatusOK)
}
