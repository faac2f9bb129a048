package e2e

import (
	"net/http"
	"testing"
	"time"
)

// Settings that became stricter reach living sessions: in refresh, list, retrieval, introspection and authorizer.
func TestStricterSettingsReachLivingSessions(t *testing.T) {
	t.Parallel()
	long(t)
	put := func(settings ...string) {
		t.Helper()
		args := []string{"app", "put", "tighter"}
		for _, s := range settings {
			args = append(args, "--set", s)
		}
		home.rtctl(t, args...)
	}
	put("accessTokenSeconds=900", "refreshAbsoluteSeconds=86400", "refreshIdleSeconds=86400")
	x := home.issue(t, fresh(), "tighter")
	created := timeOf(t, home.resource(t, x).want(t, 200).data("createdAt"))
	end := created.Add(time.Hour)

	put("accessTokenSeconds=60", "refreshAbsoluteSeconds=3600")
	equal(t, "retrieved", timeOf(t, home.resource(t, x).want(t, 200).data("absoluteExpiresAt")), end)
	listed := home.list(t, x.user, "").want(t, 200).body["data"].([]any)[0].(map[string]any)
	equal(t, "listed", timeOf(t, listed["absoluteExpiresAt"]), end)
	equal(t, "listed", timeOf(t, listed["expiresAt"]), end)
	equal(t, "introspected", introspect(t, reader(), "token", x.refresh).want(t, 200).body["exp"], any(float64(end.Unix())))
	issued, _ := parseJWT(t, x.access).claims["iat"].(float64)
	equal(t, "introspected, the access token of before", introspect(t, reader(), "token", x.access).want(t, 200).body["exp"], any(issued+60))
	a := home.present(t, x.refresh).want(t, 200)
	equal(t, "refreshed", timeOf(t, a.data("refreshTokenExpiresAt")), end)
	claims := parseJWT(t, a.data("accessToken")).claims
	equal(t, "refreshed, the access token", claims["exp"].(float64)-claims["iat"].(float64), 60.0)

	put("refreshAbsoluteSeconds=2")
	sleepUntil(created.Add(2 * time.Second))
	home.read(t, x).check(t, http.StatusUnauthorized) // by the authorizer
	x.refresh = a.data("refreshToken")
	for range 2 { // expired, and never a reuse
		home.present(t, x.refresh).check(t, http.StatusBadRequest)
	}
	home.resource(t, x).check(t, http.StatusNotFound)
	equal(t, "listed", len(home.list(t, x.user, "").want(t, 200).ids(t)), 0)
	wantInactive(t, introspect(t, reader(), "token", x.refresh))
	wantInactive(t, introspect(t, reader(), "token", x.access))
}
