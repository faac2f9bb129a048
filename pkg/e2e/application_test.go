package e2e

import (
	"net/http"
	"sync"
	"testing"
)

// Deleting by application hits every session of web, those of other tests included: these tests do not run in
// parallel, so they are over before any parallel one goes on.

func TestDeletingAnApplicationEndsAllItsSessionsAndNoOther(t *testing.T) {
	const canonical = "DELETE /jwt/applications/{applicationId}/refresh"
	const anchored = "POST /jwt/refresh/{tokenId} {applicationsId}: delete by application"
	const form = "DELETE /jwt/refresh {applicationId}"
	override := []string{"X-HTTP-Method-Override", "DELETE"}
	last := 0.0
	for _, r := range []row{
		{canonical, "DELETE", "/jwt/applications/{web}/refresh", nil, ``, deletesWeb},
		{"A trailing slash means nothing", "DELETE", "/jwt/applications/{web}/refresh/", nil, ``, deletesWeb},
		{anchored, "POST", "/jwt/refresh/{id}", nil, `{"applicationsId":"{web}"}`, deletesWeb},
		{anchored, "POST", "/jwt/refresh/{id}/", nil, `{"applicationId":"{web}"}`, deletesWeb},
		{form, "DELETE", "/jwt/refresh", nil, `{"applicationId":"{web}"}`, deletesWeb},
		{form, "DELETE", "/jwt/refresh", nil, `{"applicationsId":"{web}"}`, deletesWeb},
		{form, "DELETE", "/jwt/refresh?applicationId={web}", nil, ``, deletesWeb},
		{form, "DELETE", "/jwt/refresh?applicationsId={web}", nil, ``, deletesWeb},
		{"as the DELETE form", "POST", "/jwt/refresh", override, `{"applicationsId":"{web}"}`, deletesWeb},
	} {
		t.Run(r.method+" "+r.path+" "+r.body, func(t *testing.T) {
			w := newFixture(t)
			namesake := home.issueIn(t, home.other, w.sessions[0].user)
			rotated := home.rotate(t, home.issue(t, w.sessions[0].user, home.demo.web))
			r.run(t, w)
			home.wantDead(t, rotated)
			home.wantAlive(t, namesake)
			home.wantAlive(t, home.issue(t, w.sessions[0].user, home.demo.web)) // "none issued after is hit"
		})
	}
	for range 3 {
		a := home.do(t, call{"DELETE", "/jwt/applications/" + home.demo.web + "/refresh", home.demo.as(home.creds[mayRevokeAll]), ""}).want(t, 200)
		data := wantKeys(t, a.body["data"], "applicationId", "epoch")
		epoch, _ := data["epoch"].(float64)
		if last > 0 {
			equal(t, "epoch", epoch, last+1)
		}
		last = epoch
	}
}

func TestAnAnchorMustBeALiveTokenOfThatApplication(t *testing.T) {
	const law = "it must be a live token of that application in the caller's tenant, else 404 (unknown) or 400 (other application), nothing deleted"
	const unknown = "/jwt/refresh/01890000-0000-7000-8000-000000000000"
	w := newFixture(t)
	theirs := home.issueIn(t, home.other, fresh())
	for _, r := range []row{
		{law, "POST", unknown, nil, `{"applicationsId":"{web}"}`, refuses(404)},
		{law, "POST", "/jwt/refresh/no-uuid", nil, `{"applicationsId":"{web}"}`, refuses(404)},
		{law, "POST", "/jwt/refresh/{gone}", nil, `{"applicationsId":"{web}"}`, refuses(404)},
		{law, "POST", "/jwt/refresh/" + theirs.id, nil, `{"applicationsId":"{web}"}`, refuses(404)},
		{law, "POST", "/jwt/refresh/{serviceId}", nil, `{"applicationsId":"{web}"}`, refuses(400)},
		{law, "POST", "/jwt/refresh/{id}", nil, `{"applicationsId":"{service}"}`, refuses(400)},
		{law, "POST", "/jwt/refresh/{id}?x=1", nil, `{"applicationsId":"{web}"}`, refuses(400, "x")},
		{law, "POST", "/jwt/refresh/{id}", nil, `{"applicationsId":"{web}","applicationId":"{service}"}`, refuses(400)},
		{law, "POST", "/jwt/refresh/{id}", nil, `{"applicationsId":"{web}","userId":"{user}"}`, refuses(400)},
	} {
		r.run(t, w)
	}
	home.wantAlive(t, theirs)
}

func TestSessionsOfAnOlderEpochNeitherShowNorShortenAPage(t *testing.T) {
	user := fresh()
	var service []session
	for i := range 6 {
		home.issue(t, user, home.demo.web)
		if i%2 == 0 {
			service = append([]session{home.issue(t, user, home.serviceApp())}, service...)
		}
	}
	home.do(t, call{"DELETE", "/jwt/applications/" + home.demo.web + "/refresh", home.demo.admin(), ""}).want(t, 200)
	newest := home.issue(t, user, home.demo.web)
	equal(t, "pages of 2", pages(t, user, "", 2), idsOf(append([]session{newest}, service...)))
	equal(t, "pages of 1 in web", pages(t, user, "&applicationId="+home.demo.web, 1), []string{newest.id})
	wantBulk(t, home.do(t, call{"DELETE", "/jwt/users/" + user + "/refresh", home.demo.admin(), ""}), append(service, newest)...)
}

// Clients issue and refresh without a pause while the application is deleted.
func TestNoSessionSurvivesADeleteByApplication(t *testing.T) {
	var mu sync.Mutex
	var before []session // answered before the delete was sent
	var workers sync.WaitGroup
	sent := make(chan struct{})
	for range 4 {
		workers.Go(func() {
			user := fresh()
			for range 200 {
				body := jsonOf(map[string]string{"userId": user, "applicationId": home.demo.web})
				a, err := home.send(call{"POST", "/jwt/issue", home.demo.admin(), body})
				if err != nil || a.status != http.StatusCreated {
					t.Errorf("issue: got %d %v, want 201", a.status, err)
					return
				}
				b, err := home.send(call{"POST", "/jwt/refresh", nil, jsonOf(map[string]string{"refreshToken": a.data("refreshToken")})})
				select {
				case <-sent:
					return
				default:
				}
				if err != nil || b.status != http.StatusOK {
					t.Errorf("refresh: got %d %v, want 200", b.status, err)
					return
				}
				mu.Lock()
				before = append(before, session{
					tenant: home.demo.id, user: user, app: home.demo.web,
					id: b.data("refreshTokenId"), refresh: b.data("refreshToken"), access: b.data("accessToken"),
				})
				enough := len(before) == 40
				mu.Unlock()
				if enough {
					close(sent)
				}
			}
		})
	}
	<-sent
	home.do(t, call{"DELETE", "/jwt/applications/" + home.demo.web + "/refresh", home.demo.admin(), ""}).want(t, 200)
	workers.Wait()
	home.wantDead(t, before...)
}
