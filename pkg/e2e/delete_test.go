package e2e

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

func TestDeletesAreExact(t *testing.T) {
	t.Parallel()
	user := fresh()
	web1, web2 := home.issue(t, user, home.demo.web), home.issue(t, user, home.demo.web)
	service, short := home.issue(t, user, home.serviceApp()), home.issue(t, user, home.demo.web)
	neighbour := home.issue(t, user+"0", home.demo.web)
	namesake := home.issueIn(t, home.other, user)
	rest := []session{neighbour, namesake}

	home.do(t, call{"DELETE", "/jwt/refresh/" + web1.id, home.demo.admin(), ""}).want(t, 200)
	home.wantDead(t, web1)
	home.wantAlive(t, append(rest, web2, service, short)...)

	path := "/jwt/users/" + user + "/applications/" + home.demo.web + "/refresh"
	wantBulk(t, home.do(t, call{"DELETE", path, home.demo.admin(), ""}), web2, short)
	home.wantDead(t, web2, short)
	home.wantAlive(t, append(rest, service)...)

	wantBulk(t, home.do(t, call{"DELETE", "/jwt/users/" + user + "/refresh", home.demo.admin(), ""}), service)
	home.wantDead(t, service)
	home.wantAlive(t, rest...)
}

func TestDeletingAgainIs404ForOneTokenAndEmptyForMany(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	one := []call{
		{"DELETE", "/jwt/refresh/" + x.id, home.demo.admin(), ""},
		{"POST", "/jwt/revoke", home.demo.admin(), jsonOf(map[string]string{"token": x.refresh})},
		{"POST", "/jwt/refresh", home.demo.admin(), jsonOf(map[string]string{"tokenId": x.id})},
		{"DELETE", "/jwt/refresh", home.demo.admin(), jsonOf(map[string]string{"token": x.refresh})},
	}
	home.do(t, one[0]).want(t, 200)
	for _, c := range one {
		home.do(t, c).want(t, 404) // "deleting one token that is not there is 404"
	}
	for _, path := range []string{"/refresh", "/applications/" + home.demo.web + "/refresh"} {
		c := call{"DELETE", "/jwt/users/" + x.user + path, home.demo.admin(), ""}
		wantBulk(t, home.do(t, c)) // "A bulk delete that finds nothing is 200 with `deleted: 0`"
		wantBulk(t, home.do(t, c))
	}
}

func TestADeleteThatNamesAnUnknownApplicationIs404(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	const law = "a delete that names one is 404"
	for _, r := range []row{
		{law, "DELETE", "/jwt/users/{user}/applications/nothing/refresh", nil, ``, refuses(404)},
		{law, "DELETE", "/jwt/applications/nothing/refresh", nil, ``, refuses(404)},
		{law, "DELETE", "/jwt/refresh", nil, `{"applicationId":"nothing"}`, refuses(404)},
		{law, "DELETE", "/jwt/refresh?userId={user}&applicationId=nothing", nil, ``, refuses(404)},
		{law, "POST", "/jwt/refresh", nil, `{"userId":"{user}","applicationsId":"nothing"}`, refuses(404)},
	} {
		r.run(t, w)
	}
	for _, close := range []string{"WEB", "web ", " web", "web%00", "web/", "we", "web#", "...", "%2E"} {
		path := "/jwt/users/" + w.sessions[0].user + "/applications/" + escape(close) + "/refresh"
		home.do(t, call{"DELETE", path, home.demo.admin(), ""}).check(t, 404)
	}
	home.wantAlive(t, w.sessions...)
}

func TestAnyGenerationOfATokenDeletesItsSession(t *testing.T) {
	t.Parallel()
	first := home.issue(t, fresh(), home.demo.web)
	second := home.rotate(t, first)
	third := home.rotate(t, second)
	a := home.do(t, call{"POST", "/jwt/revoke", home.demo.admin(), jsonOf(map[string]string{"TokenString": first.refresh})}).want(t, 200)
	data := checkResource(t, a.body["data"])
	equal(t, "id", data["id"], any(first.id))
	equal(t, "generation", data["generation"], 2.0)
	home.wantDead(t, third)
	home.present(t, second.refresh).want(t, 400)
}

func TestTheOwnerDeletesHisOwn(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	y, z := home.issue(t, x.user, home.serviceApp()), home.issue(t, x.user, home.demo.web)
	home.do(t, call{"DELETE", "/jwt/refresh/" + y.id, x.owner(), ""}).want(t, 200)
	home.wantDead(t, y)
	home.do(t, call{"POST", "/jwt/revoke", x.owner(), jsonOf(map[string]string{"token": z.refresh})}).want(t, 200)
	home.wantDead(t, z)
	wantBulk(t, home.do(t, call{"DELETE", "/jwt/users/" + x.user + "/refresh", x.owner(), ""}), x)
	home.wantDead(t, x)
}

func TestOfConcurrentDeletesOfOneSessionExactlyOneIs200(t *testing.T) {
	t.Parallel()
	for range 5 {
		x := home.issue(t, fresh(), home.demo.web)
		ways := []call{
			{"DELETE", "/jwt/refresh/" + x.id, home.demo.admin(), ""},
			{"POST", "/jwt/revoke", home.demo.admin(), jsonOf(map[string]string{"token": x.refresh})},
		}
		statuses := map[int]int{}
		for _, a := range home.atOnce(t, 32, func(i int) call { return ways[i%len(ways)] }) {
			statuses[a.status]++
		}
		if statuses[200] != 1 || statuses[404]+statuses[503] != 31 {
			t.Errorf("got the statuses %v, want 200 once and else 404", statuses)
		}
	}
}

// A client refreshes without a pause while its session is deleted.
func TestNoRefreshOutlivesADelete(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"id", "user", "user and application"} {
		x := home.issue(t, fresh(), home.demo.web)
		latest := x
		var deleted atomic.Bool
		var refreshing sync.WaitGroup
		refreshing.Go(func() {
			for {
				after := deleted.Load()
				a, err := home.send(call{"POST", "/jwt/refresh", nil, latest.body()})
				if err != nil || a.status != http.StatusOK {
					return
				}
				if after {
					t.Errorf("delete by %s: got 200 for a refresh that started after its answer, want 400", way)
					return
				}
				latest.refresh, latest.access = a.data("refreshToken"), a.data("accessToken")
			}
		})
		path := map[string]string{
			"id": "/jwt/refresh/" + x.id, "user": "/jwt/users/" + x.user + "/refresh",
			"user and application": "/jwt/users/" + x.user + "/applications/" + x.app + "/refresh",
		}[way]
		home.do(t, call{"DELETE", path, home.demo.admin(), ""}).want(t, 200)
		deleted.Store(true)
		refreshing.Wait()
		home.wantDead(t, latest)
		equal(t, "the list", home.list(t, x.user, "").want(t, 200).ids(t), []string{})
	}
}

func TestManySessionsAreDeletedAtOnce(t *testing.T) {
	t.Parallel()
	user := fresh()
	var issued []session
	for range 60 { // more than two batches of DynamoDB
		issued = append(issued, home.issue(t, user, home.demo.web), home.issue(t, user, home.serviceApp()))
	}
	wantBulk(t, home.do(t, call{"DELETE", "/jwt/users/" + user + "/refresh", home.demo.admin(), ""}), issued...)
	equal(t, "the list", home.list(t, user, "").want(t, 200).ids(t), []string{})
}
