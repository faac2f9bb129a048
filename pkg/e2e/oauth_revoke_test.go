package e2e

import (
	"errors"
	"testing"
)

// RFC 7009: POST /oauth2/revoke.

// revoke posts a form to the revocation endpoint.
func revoke(t *testing.T, pairs ...string) answer {
	t.Helper()
	return postForm(t, call{"POST", revokePath, isForm(), form(pairs...)})
}

// postForm makes a call to an OAuth endpoint and compares its errors with section 5.2.
func postForm(t *testing.T, c call) answer {
	t.Helper()
	a := home.do(t, c)
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Pragma") != "no-cache" {
		t.Errorf("%s: got %q, want no-store and no-cache", a, a.header)
	}
	if a.status != 200 {
		checkOAuth(t, a)
	}
	return a
}

func TestRevokingAnyTokenOfASessionEndsIt(t *testing.T) {
	t.Parallel()
	tokens := map[string]func(first, now session) string{
		"the refresh token":                  func(_, now session) string { return now.refresh },
		"the access token":                   func(_, now session) string { return now.access },
		"a refresh token of generation 0":    func(first, _ session) string { return first.refresh },
		"an access token of before":          func(first, _ session) string { return first.access },
		"a refresh token, hinted as another": func(_, now session) string { return now.refresh },
	}
	for name, pick := range tokens {
		first := home.issue(t, fresh(), home.demo.web)
		bystander := home.issue(t, first.user, home.demo.web)
		now := home.rotate(t, home.rotate(t, first))
		pairs := []string{"token", pick(first, now)}
		if name == "a refresh token, hinted as another" {
			pairs = append(pairs, "token_type_hint", "access_token")
		}
		revoke(t, pairs...).want(t, 200)
		home.wantDead(t, now)
		home.wantAlive(t, bystander)
		revoke(t, pairs...).want(t, 200) // what is over is a success too
	}
	reusable := home.issue(t, fresh(), home.serviceApp())
	revoke(t, "token", reusable.refresh, "token_type_hint", "refresh_token").want(t, 200)
	home.wantDead(t, reusable)
}

func TestRevokingAnExpiredAccessTokenEndsItsSession(t *testing.T) {
	t.Parallel()
	withExpiredAccess(t, func(x session) error {
		return errors.Join(home.resource(t, x).is(200), revoke(t, "token", x.access).is(200), home.resource(t, x).is(404))
	})
}

func TestRevokingAnUnknownTokenIs200(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, text := range []string{"garbage", " ", x.refresh + "A", x.refresh[:40], x.access[:len(x.access)-4], home.demo.key, unsigned(t, x.access), forge(t, x.access, map[string]any{"sub": "x"})} {
		revoke(t, "token", text).want(t, 200)
		revoke(t, "token", text, "token_type_hint", "nonsense", "client_id", "nothing").want(t, 200)
	}
	home.wantAlive(t, x)
	home.do(t, call{"GET", "/jwt/refresh?userId=u", home.demo.admin(), ""}).want(t, 200) // the key lives, too
}

func TestRevokingForAForeignClientIsInvalidGrantAndRevokesNothing(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, text := range []string{x.refresh, x.access} {
		revoke(t, "token", text, "client_id", home.serviceApp()).wantError(t, 400, "invalid_grant")
		postForm(t, call{"POST", revokePath, isForm("Authorization", basic("nothing", "")), form("token", text)}).wantError(t, 400, "invalid_grant")
	}
	home.wantAlive(t, x)
	revoke(t, "token", x.refresh, "client_id", home.demo.web).want(t, 200)
	home.wantDead(t, x)
}

func TestPreflightsOfRevokeAndIntrospectAndMetadata(t *testing.T) {
	t.Parallel()
	for path, method := range map[string]string{revokePath: "POST", introspectPath: "POST", metadataPath: "GET"} {
		wantPreflight(t, method, path)
		for _, wrong := range []string{"PUT", "DELETE"} {
			home.do(t, call{wrong, path, home.demo.admin(), ""}).want(t, 404)
		}
	}
}
