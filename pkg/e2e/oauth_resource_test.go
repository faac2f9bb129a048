package e2e

import "testing"

// RFC 8707: resource on POST /oauth2/token, over the application whose audiences are two resource servers.

func servers() []any {
	return []any{home.creds["AUDIENCE_APPLICATION_ID"], "https://api.example", "https://files.example"}
}

func TestOAuthResourcePicksAmongTheAudiencesOfTheApplication(t *testing.T) {
	t.Parallel()
	x := home.issueWith(t, home.demo, map[string]any{"userId": fresh(), "applicationId": home.creds["AUDIENCE_APPLICATION_ID"], "scope": "read write"})
	equal(t, "aud at issue", parseJWT(t, x.access).claims["aud"], any(servers()))
	refresh := func(parameters ...string) map[string]any {
		t.Helper()
		a := grant(t, isForm(), append([]string{"grant_type", "refresh_token", "refresh_token", x.refresh}, parameters...)...).want(t, 200)
		x.refresh, x.access = a.text("refresh_token"), a.text("access_token")
		return parseJWT(t, x.access).claims
	}
	bad := func(parameters ...string) answer {
		return grant(t, isForm(), append([]string{"grant_type", "refresh_token", "refresh_token", x.refresh}, parameters...)...)
	}
	bad("resource", "https://evil.example").wantError(t, 400, "invalid_target")
	bad("resource", "https://api.example", "resource", "https://evil.example").wantError(t, 400, "invalid_target")
	bad("resource", "https://api.example/").wantError(t, 400, "invalid_target")
	equal(t, "the session's generation", home.resource(t, x).want(t, 200).body["data"].(map[string]any)["generation"], any(0.0))

	claims := refresh("resource", "https://files.example")
	equal(t, "aud", claims["aud"], any("https://files.example"))
	equal(t, "narrowed", claims["narrowed"], any(true))
	home.read(t, x).want(t, 403) // it was given to somebody else: it manages no session
	claims = refresh("resource", "https://files.example", "resource", x.app)
	equal(t, "aud of two", claims["aud"], any([]any{x.app, "https://files.example"}))
	claims = refresh("resource", "https://files.example", "resource", "https://api.example", "resource", x.app)
	equal(t, "aud of all", claims["aud"], any(servers()))
	equal(t, "narrowed by nothing", claims["narrowed"], nil)
	home.read(t, x).want(t, 200)
	equal(t, "aud without a resource", refresh()["aud"], any(servers()))
}

func TestOAuthResourceOfAnApplicationWithoutAudiencesIsTheApplication(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	good := []string{"grant_type", "refresh_token", "refresh_token", x.refresh}
	grant(t, isForm(), append(good, "resource", "https://api.example")...).wantError(t, 400, "invalid_target")
	home.wantAlive(t, x)
	a := grant(t, isForm(), append(good, "resource", x.app)...).want(t, 200)
	equal(t, "aud", parseJWT(t, a.text("access_token")).claims["aud"], any(x.app))
	equal(t, "narrowed", parseJWT(t, a.text("access_token")).claims["narrowed"], nil)
	for _, resource := range []string{"https://api.example", x.app} { // alike for a token that is not valid
		grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", "garbage", "resource", resource).wantError(t, 400, "invalid_grant")
	}
}
