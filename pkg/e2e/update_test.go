package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func (s *service) patch(t testing.TB, x session, body string) answer {
	t.Helper()
	return s.do(t, call{"PATCH", "/jwt/refresh/" + x.id, home.demo.admin(), body})
}

// supersede ends all access tokens handed out before, at once. The refresh token works on, and what has changed is in the
// next access token.
func TestAnUpdateShowsInTheNextAccessTokenAndSupersedesAtOnce(t *testing.T) {
	t.Parallel()
	for _, app := range []string{home.demo.web, home.serviceApp()} {
		x := home.issue(t, fresh(), app)
		home.patch(t, x, `{"claims":{"plan":"pro","trial":true},"scope":"read"}`).want(t, 200)
		own := call{method: "GET", path: "/jwt/refresh/" + x.id, header: x.owner()}
		home.do(t, own).want(t, 200)
		r := checkResource(t, home.patch(t, x, `{"claims":{"trial":null},"supersede":true}`).want(t, 200).body["data"])
		equal(t, "claims", fmt.Sprint(r["claims"]), "map[plan:pro]")
		home.do(t, own).want(t, 401)
		next := home.do(t, call{method: "POST", path: "/jwt/refresh", body: x.body()}).want(t, 200)
		payload := parseJWT(t, next.data("accessToken")).claims
		if payload["plan"] != "pro" || payload["trial"] != nil || payload["scope"] != "read" || payload["sv"] != 1.0 {
			t.Errorf("got %v, want the new claims, scope and version", payload)
		}
		x.access = next.data("accessToken")
		own.header = x.owner()
		seen := checkResource(t, home.do(t, own).want(t, 200).body["data"])
		if seen["current"] != true || seen["claims"] != nil || seen["lastSeen"].(map[string]any)["ip"] != "127.0.0.1" {
			t.Errorf("got %v, want the current session, last seen on this machine, without claims", seen)
		}
	}
}

// absoluteExpiresAt only shortens.
func TestAnUpdateShortensASession(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	own := home.resource(t, x).want(t, 200).data("absoluteExpiresAt")
	end := timeOf(t, own)
	for at, status := range map[time.Time]int{end.Add(time.Millisecond): 400, end: 200, time.Now().Add(-time.Second): 400} {
		body := fmt.Sprintf(`{"absoluteExpiresAt":%q}`, at.Format(time.RFC3339Nano))
		home.patch(t, x, body).check(t, status)
	}
	earlier := end.Add(-time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	equal(t, "the end", home.patch(t, x, `{"absoluteExpiresAt":"`+earlier+`"}`).want(t, 200).data("absoluteExpiresAt"), earlier)
	home.patch(t, x, `{"absoluteExpiresAt":"`+own+`"}`).want(t, 400).wantFields(t, "absoluteExpiresAt")
}

func TestAnUpdateThatIsMalformedChangesNothing(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	before := home.resource(t, x).want(t, 200).raw
	for body, fields := range map[string][]string{
		``: {"claims"}, `{}`: {"claims"}, `{"supersede":false}`: {"claims"}, `{"reason":"x"}`: {"claims"},
		`{"claims":null}`: {"claims"}, `{"claims":{}}`: {"claims"}, `{"claims":[]}`: {"claims"}, `{"claims":{"sub":"x"}}`: {"claims.sub"},
		`{"claims":{"a":"` + strings.Repeat("x", 2100) + `"}}`: {"claims"},
		`{"device":{}}`: {"device"}, `{"device":null}`: {"device"}, `{"device":{"name":" "}}`: {"device.name"},
		`{"device":{"name":1}}`: {"device.name"}, `{"device":{"type":"mobile"}}`: {"device.type"},
		`{"scope":" "}`: {"scope"}, `{"scope":"a  b"}`: {"scope"}, `{"scope":1}`: {"scope"},
		`{"supersede":null}`: {"supersede"}, `{"supersede":"true"}`: {"supersede"},
		`{"absoluteExpiresAt":null}`: {"absoluteExpiresAt"}, `{"absoluteExpiresAt":1}`: {"absoluteExpiresAt"},
		`{"absoluteExpiresAt":"tomorrow"}`: {"absoluteExpiresAt"},
		`{"scope":"a","reason":"UPPER"}`:   {"reason"}, `{"scope":"a","applicationId":"web"}`: {"applicationId"}, `{"scope":"a","colour":1}`: {"colour"},
	} {
		home.patch(t, x, body).check(t, 400).wantFields(t, fields...)
	}
	home.do(t, call{"PATCH", "/jwt/refresh/" + x.id + "?reason=x", home.demo.admin(), `{"scope":"a"}`}).check(t, 400).wantFields(t, "reason")
	if after := home.resource(t, x).want(t, 200).raw; after != before {
		t.Errorf("got %s, want %s as before", after, before)
	}
	home.patch(t, session{id: "unknown"}, `{"scope":"a"}`).check(t, 404)
}

// The owner may change the name of the device, and nothing else.
func TestAnOwnerRenamesTheDevice(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	patch := func(body string) answer {
		return home.do(t, call{"PATCH", "/jwt/refresh/" + x.id, x.owner(), body})
	}
	r := patch(`{"device":{"name":"My phone"},"reason":"renamed"}`).want(t, 200).body["data"].(map[string]any)
	equal(t, "device", fmt.Sprint(r["device"]), "map[name:My phone]")
	for _, more := range []string{`"scope":null`, `"claims":{"a":1}`, `"supersede":false`, `"absoluteExpiresAt":"x"`} {
		patch(`{"device":{"name":"Other"},`+more+`}`).check(t, 403)
	}
	patch(`{"device":{"name":"Other"},"colour":"red"}`).check(t, 400)
	home.do(t, call{"PATCH", "/jwt/users/" + escape(x.user) + "/refresh", x.owner(), `{"device":{"name":"Other"}}`}).check(t, 403)
	entries, _ := history(t, x.user, home.demo.admin())
	equal(t, "the latest entry", entries[0], "updated 1 renamed user:"+x.id)
	equal(t, "long names", home.do(t, call{"PATCH", "/jwt/refresh/" + x.id, x.owner(), `{"device":{"name":"` + strings.Repeat("ä", 40) + `"}}`}).
		want(t, 200).body["data"].(map[string]any)["device"].(map[string]any)["name"], any(strings.Repeat("ä", 32)))
}

func TestAnUpdateByUserReachesAllSessionsOnce(t *testing.T) {
	t.Parallel()
	user := fresh()
	a, b := home.issue(t, user, home.demo.web), home.issue(t, user, home.serviceApp())
	patch := func(body string) answer {
		return home.do(t, call{"PATCH", "/jwt/users/" + escape(user) + "/refresh", home.demo.admin(), body})
	}
	for _, c := range []struct{ body, want string }{
		{`{"claims":{"plan":"pro"},"applicationsId":"` + home.demo.web + `"}`, "1 [" + a.id + "]"},
		{`{"claims":{"plan":"pro"}}`, "1 [" + b.id + "]"},
		{`{"claims":{"plan":"pro"}}`, "0 []"},
		{`{"supersede":true}`, "2 [" + b.id + " " + a.id + "]"},
	} {
		data := patch(c.body).want(t, 200).body["data"].(map[string]any)
		equal(t, c.body, fmt.Sprint(data["updated"], " ", data["ids"]), c.want)
		equal(t, "remaining", data["remaining"], 0.0)
	}
	patch(`{"scope":"a","applicationId":"nothing"}`).check(t, 404)
	entries, _ := history(t, user, home.demo.admin())
	equal(t, "the latest entry", strings.Join(strings.Fields(entries[0])[:2], " "), "updated 2")
}

// The lives of a session may be shorter than the application's, and not longer.
func TestLivesAtIssue(t *testing.T) {
	t.Parallel()
	issue := func(lives string) answer {
		body := `{"userId":"` + fresh() + `","applicationId":"` + home.demo.web + `",` + lives + `}`
		return home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body})
	}
	x := issue(`"refreshIdleSeconds":60,"refreshAbsoluteSeconds":3600`).want(t, 201)
	r := home.resource(t, session{tenant: home.demo.id, id: x.data("refreshTokenId")}).want(t, 200)
	created := timeOf(t, r.data("createdAt"))
	equal(t, "idle life", timeOf(t, r.data("expiresAt")).Sub(created), time.Minute)
	equal(t, "absolute life", timeOf(t, r.data("absoluteExpiresAt")).Sub(created), time.Hour)
	issue(`"refreshIdleSeconds":2592000,"refreshAbsoluteSeconds":15552000`).check(t, 201)
	issue(`"refreshIdleSeconds":2592001,"refreshAbsoluteSeconds":15552001`).check(t, 400).
		wantFields(t, "refreshIdleSeconds", "refreshAbsoluteSeconds")
	issue(`"refreshAbsoluteSeconds":1`).check(t, 400).wantFields(t, "refreshAbsoluteSeconds")
	for _, bad := range []string{"0", "-1", "1.5", `"60"`, "null", "true", "99999999999999999999"} {
		issue(`"refreshIdleSeconds":`+bad).check(t, 400).wantFields(t, "refreshIdleSeconds")
	}
}
