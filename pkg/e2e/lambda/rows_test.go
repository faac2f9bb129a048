package lambda_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
)

// row is an event file and its outcome: -update writes the files from the rows, except for those of rotation and audit.
type row struct {
	event string // the file's name under events/, without .json
	input any    // a request to the API, or the event itself
	// answer is "<status>", "allow", "deny", "Unauthorized", "ok" or "error", and a text in the answer.
	answer string
}

type request = service.Request

const (
	routeToken   = "/jwt/refresh/{tokenId}"
	routeRefresh = "/jwt/refresh"
)

func rows(t *testing.T, s *service.Service) []row {
	t.Helper()
	admin := s.Caller(t, fixture.KeyText("all"), fixture.Demo)
	foreign := s.Caller(t, fixture.KeyText("other"), fixture.Other)
	owner := s.Caller(t, s.Sign(s.Access(fixture.SessionOne)), fixture.Demo)
	current := s.RefreshText(fixture.SessionOne, 0)
	return slices.Concat(
		issueRows(admin, foreign, owner), refreshRows(s, current), tokenRows(s, admin, foreign, owner, current), updateRows(admin, foreign, owner), formRows(admin, foreign, current),
		authorizerRows(s), resourceRows(s), operatorRows(), hotRows(s, current), otherRows(s, admin, foreign, owner, current),
	)
}

func issueRows(admin, foreign, owner map[string]any) []row {
	issue := func(caller map[string]any, body string) request {
		return request{Method: "POST", Route: "/jwt/issue", Caller: caller, Body: body}
	}
	return []row{
		{"issue", issue(admin, `{"userId":"alice","applicationId":"web",`+
			`"scope":"profile","claims":{"role":"editor"},"device":{"name":"Phone","type":"mobile"}}`), `201 "refreshToken":"srt_`},
		{"issue-wrong-tenant", issue(foreign, `{"userId":"alice","applicationId":"service"}`), "404 no such application"},
		{"issue-malformed", issue(admin, `{"userId":" ","claims":{"sub":"mallory"}}`), `400 claims.sub`},
		{"issue-forbidden", issue(owner, `{"userId":"alice","applicationId":"web"}`), "403 may not"},
		{"jwks", request{Method: "GET", Route: "/.well-known/jwks.json"}, `200 "kty":"OKP"`},
	}
}

func refreshRows(s *service.Service, current string) []row {
	forged := current[:len(current)-4] + "AAAA"
	refresh := func(body string, header ...string) request {
		return request{Method: "POST", Route: routeRefresh, Header: header, Body: body}
	}
	quoted := func(key, value string) string { return `{"` + key + `":"` + value + `"}` }
	return []row{
		{"refresh", refresh(quoted("refreshToken", current)), `200 "expiresIn":900`},
		{"refresh-with-access-token", refresh(quoted("refreshToken", s.RefreshText(fixture.SessionReq, 0)),
			"Authorization", "Bearer "+s.AccessText(fixture.SessionReq, fixture.Noon().Add(-time.Minute))), `200 "refreshToken"`},
		{"refresh-without-required-access-token", refresh(quoted("refreshToken",
			s.RefreshText(fixture.SessionReq, 0))), `400 access token is required`},
		{"refresh-cookie", refresh("", "Cookie", "refreshToken="+current, "Sec-Fetch-Site", "same-origin"), `200 "expiresIn":900,"refreshTokenId"`},
		{"refresh-with-cookies", refresh(`{"refreshToken":"`+current+`","cookies":true}`, "Origin", "https://app.example.com"), `200 "expiresIn":900,"refreshTokenId"`},
		{"refresh-cross-site", refresh("", "Cookie", "refreshToken="+current, "Sec-Fetch-Site", "cross-site"), "403 origin"},
		{"refresh-reusable", refresh(quoted("refreshToken", s.RefreshText(fixture.SessionSvc, 0))), `200 "refreshToken"`},
		{"refresh-expired", refresh(quoted("refreshToken", s.RefreshText(fixture.SessionOld, 0))), "400 refresh token is not valid"},
		{"refresh-reused", refresh(quoted("refreshToken", s.RefreshText(fixture.SessionTwo, 0))), "400 refresh token is not valid"},
		{"refresh-forged", refresh(quoted("refreshToken", forged)), "400 refresh token is not valid"},
		{"refresh-wrong-tenant", refresh(quoted("refreshToken", current), "X-Stencil-TenantId", fixture.Other), "403 another tenant"},
		{"refresh-malformed", refresh(`{"refreshToken":null,"colour":"red"}`), `400 "field":"colour"`},
		{"refresh-form-retrieve-by-user", refresh(`{"userId":"alice"}`, "Authorization", "Bearer "+fixture.KeyText("read"),
			"X-Stencil-TenantId", fixture.Demo), `200 "hint"`},
		{"refresh-form-retrieve-by-id", refresh(quoted("id", fixture.SessionOne), "Authorization", "Bearer "+fixture.KeyText("read"),
			"X-Stencil-TenantId", fixture.Demo), `200 "id":"` + fixture.SessionOne},
		{"refresh-form-delete-by-user", refresh(`{"userId":"alice","operation":"delete"}`, "Authorization",
			"Bearer "+fixture.KeyText("revoke"), "x-stencil-tenanid", fixture.Demo), `200 "deleted":4`},
	}
}

func tokenRows(s *service.Service, admin, foreign, owner map[string]any, current string) []row {
	byID := func(method, token string, caller map[string]any) request {
		return request{Method: method, Route: routeToken, Path: []string{"tokenId", token}, Caller: caller}
	}
	list := func(caller map[string]any, query ...string) request {
		return request{Method: "GET", Route: routeRefresh, Query: query, Caller: caller}
	}
	revoke := func(caller map[string]any, body string, header ...string) request {
		return request{Method: "POST", Route: "/jwt/revoke", Caller: caller, Body: body, Header: header}
	}
	logout := func(body string, header ...string) request {
		return request{Method: "POST", Route: "/jwt/logout", Body: body, Header: header}
	}
	users := func(route string, caller map[string]any, path []string, query ...string) request {
		return request{Method: "DELETE", Route: route, Path: path, Query: query, Caller: caller}
	}
	history := func(caller map[string]any, user string, query ...string) request {
		return request{
			Method: "GET", Route: "/jwt/users/{userId}/history", Path: []string{"userId", user}, Query: query, Caller: caller,
		}
	}
	const (
		byUser = "/jwt/users/{userId}/refresh"
		byApp  = "/jwt/applications/{applicationId}/refresh"
		byBoth = "/jwt/users/{userId}/applications/{applicationId}/refresh"
	)
	return []row{
		{"retrieve-by-id", byID("GET", fixture.SessionOne, owner), `200 "lastRefreshedAt":null`},
		{"retrieve-by-id-expired", byID("GET", fixture.SessionOld, admin), "404 no such token"},
		{"retrieve-by-id-wrong-tenant", byID("GET", fixture.SessionOne, foreign), "404 no such token"},
		{"retrieve-by-id-malformed", byID("GET", strings.Repeat("x", 129), admin), `400 "field":"tokenId"`},
		{"retrieve-by-user", list(admin, "userId", fixture.Alice, "limit", "2"), `200 "nextCursor"`},
		{"retrieve-by-user-other-user", list(owner, "userId", fixture.Bob), "403 own user"},
		{"retrieve-by-user-wrong-tenant", list(foreign, "userId", fixture.Bob), `200 "data":[]`},
		{"retrieve-by-user-malformed", list(admin, "userId", fixture.Alice, "limit", "0", "colour", "red"), `400 "field":"colour"`},
		{"retrieve-history", history(admin, fixture.Alice, "limit", "2"), `200 "data":[]`},
		{"retrieve-history-other-user", history(owner, fixture.Bob), "403 own user"},
		{"retrieve-history-wrong-tenant", history(foreign, fixture.Bob), `200 "data":[]`},
		{"retrieve-history-malformed", history(admin, fixture.Alice, "limit", "0", "colour", "red"), `400 "field":"colour"`},
		{"delete-by-id", byID("DELETE", fixture.SessionOne, owner), "200 " + fixture.SessionOne},
		{"delete-by-id-expired", byID("DELETE", fixture.SessionOld, admin), "404 no such token"},
		{"delete-by-id-wrong-tenant", byID("DELETE", fixture.SessionOne, foreign), "404 no such token"},
		{"delete-by-id-malformed", request{
			Method: "DELETE", Route: routeToken, Path: []string{"tokenId", fixture.SessionOne}, Caller: admin,
			Body: `{"userId":"alice"}`,
		}, `400 "field":"userId"`},
		{"delete-by-string", revoke(admin, `{"TokenString":"`+current+`"}`), "200 " + fixture.SessionOne},
		{"delete-by-string-form", revoke(admin, "token="+current, "Content-Type", "application/x-www-form-urlencoded"), "200 " + fixture.SessionOne},
		{"delete-by-string-wrong-tenant", revoke(foreign, `{"token":"`+current+`"}`), "404 no such token"},
		{"delete-by-string-expired", revoke(admin, `{"TokenString":"`+s.RefreshText(fixture.SessionOld, 0)+`"}`), "404 no such token"},
		{"delete-by-string-reused", revoke(admin, `{"TokenString":"`+s.RefreshText(fixture.SessionTwo, 0)+`"}`), "200 " + fixture.SessionTwo},
		{"delete-by-string-malformed", revoke(admin, `{"token":"a","refreshToken":"b"}`), `400 "field":"TokenString"`},
		{"logout", logout(`{"refreshToken":"` + current + `"}`), `200 "data":null`},
		{"logout-cookie", logout("", "Cookie", "refresh_token="+current, "Origin", "https://app.example.com"), `200 "data":null`},
		{"logout-cross-site", logout("", "Cookie", "refreshToken="+current, "Origin", "https://evil.example"), "403 origin"},
		{"logout-expired", logout(`{"refreshToken":"` + s.RefreshText(fixture.SessionOld, 0) + `"}`), `200 "data":null`},
		{"logout-reused", logout(`{"refreshToken":"` + s.RefreshText(fixture.SessionTwo, 0) + `"}`), `200 "data":null`},
		{"logout-wrong-tenant", logout(`{"refreshToken":"`+current+`"}`, "X-Stencil-TenantId", fixture.Other), `200 "data":null`},
		{"logout-malformed", logout(`{"token":"` + current + `"}`), `400 "field":"token"`},
		{"delete-by-user", users(byUser, owner, []string{"userId", fixture.Alice}), `200 "deleted":4`},
		{"delete-by-user-wrong-tenant", users(byUser, foreign, []string{"userId", fixture.Bob}), `200 "deleted":0`},
		{"delete-by-user-malformed", users(byUser, admin, []string{"userId", fixture.Alice}, "applicationId", fixture.Web), `400 "field":"applicationId"`},
		{"delete-by-application", users(byApp, admin, []string{"applicationId", fixture.Web}), `200 "epoch":1`},
		{"delete-by-application-wrong-tenant", users(byApp, foreign, []string{"applicationId", fixture.Service}), "404 no such application"},
		{"delete-by-application-malformed", users(byApp, admin, []string{"applicationId", "\n"}), `400 "field":"applicationId"`},
		{"delete-by-application-forbidden", users(byApp, owner, []string{"applicationId", fixture.Web}), "403 may not"},
		{"delete-by-user-and-application", users(byBoth, admin, []string{"userId", fixture.Alice, "applicationId", fixture.Web}), `200 "deleted":2`},
		{"delete-by-user-and-application-others", users(byBoth, admin, []string{
			"userId", fixture.Alice, "applicationId", fixture.Web,
		}, "exceptTokenId", fixture.SessionOne), `200 "deleted":1`},
		{"delete-by-user-and-application-wrong-tenant", users(byBoth, foreign, []string{
			"userId", fixture.Alice, "applicationId", fixture.Service,
		}), "404 no such application"},
		{"delete-by-user-and-application-malformed", users(byBoth, admin, []string{
			"userId", " ", "applicationId", fixture.Web,
		}), `400 "field":"userId"`},
	}
}

func formRows(admin, foreign map[string]any, current string) []row {
	item := func(body string, header ...string) request {
		return request{
			Method: "POST", Route: routeToken, Path: []string{"tokenId", fixture.SessionOne}, Caller: admin, Body: body, Header: header,
		}
	}
	collection := func(body string, query ...string) request {
		return request{Method: "DELETE", Route: routeRefresh, Caller: admin, Body: body, Query: query}
	}
	return []row{
		{"documented-forms", item(""), "200 " + fixture.SessionOne},
		{"documented-forms-override", item("{}", "X-HTTP-Method-Override", "DELETE"), "200 Token deleted"},
		{"documented-forms-anchor", item(`{"applicationsId":"web"}`), `200 "epoch":1`},
		{"documented-forms-anchor-other-application", item(`{"applicationsId":"service"}`), "400 another application"},
		{"documented-forms-delete-by-user", collection("", "userId", fixture.Bob), `200 "deleted":1`},
		{"documented-forms-delete-by-string", collection(`{"token":"` + current + `"}`), "200 " + fixture.SessionOne},
		{"documented-forms-wrong-tenant", request{
			Method: "DELETE", Route: routeRefresh, Caller: foreign, Query: []string{"tokenId", fixture.SessionOne},
		}, "404 no such token"},
		{"documented-forms-expired", request{
			Method: "DELETE", Route: routeRefresh, Caller: admin, Query: []string{"tokenId", fixture.SessionOld},
		}, "404 no such token"},
		{"documented-forms-malformed", collection(`{"tokenId":"x","userId":"alice"}`), `400 "field":"tokenId"`},
	}
}

func metadataOf(method, tenant string) request {
	return request{Method: method, Route: "/t/{tenantId}/.well-known/openid-configuration", Path: []string{"tenantId", tenant}}
}

func authorizerRows(s *service.Service) []row {
	ask := func(header ...string) any {
		return request{Method: "GET", Route: routeRefresh, Query: []string{"userId", fixture.Alice}, Header: header}.AuthorizerEvent()
	}
	access := s.Sign(s.Access(fixture.SessionOne))
	const tenant = "X-Stencil-TenantId"
	return []row{
		{"authorizer", ask("Authorization", "Bearer "+fixture.KeyText("read"), tenant, fixture.Demo), `allow "permissions":"tokens:read"`},
		{"authorizer-access-token", ask("Authorization", "Bearer "+access, tenant, fixture.Demo), `allow "userId":"alice"`},
		{"authorizer-lower-case-headers", ask("authorization", "bearer "+access, "x-stencil-tenantid", fixture.Demo), `allow "tenantId":"demo"`},
		{"authorizer-missing", ask(tenant, fixture.Demo), "Unauthorized"},
		{"authorizer-missing-tenant", ask("Authorization", "Bearer "+fixture.KeyText("read")), "Unauthorized"},
		{"authorizer-introspection-without-tenant", request{
			Method: "POST", Route: "/oauth2/introspect", Header: []string{"Authorization", "Bearer " + fixture.KeyText("read")},
		}.AuthorizerEvent(), `allow "tenantId":"demo"`},
		{"authorizer-duplicate", ask("Authorization", "Bearer "+fixture.KeyText("read"), "Authorization", "Bearer "+fixture.KeyText("all"), tenant, fixture.Demo), "Unauthorized"},
		{"authorizer-wrong-tenant", ask("Authorization", "Bearer "+fixture.KeyText("read"), tenant, fixture.Other), "deny"},
		{"authorizer-expired", ask("Authorization", "Bearer "+s.AccessText(fixture.SessionOne, fixture.Noon()), tenant, fixture.Demo), "Unauthorized"},
		{"authorizer-expired-key", ask("Authorization", "Bearer "+fixture.KeyText("expired"), tenant, fixture.Demo), "Unauthorized"},
		{"authorizer-forged", ask("Authorization", "Bearer "+access[:len(access)-8]+"AAAAAAAA", tenant, fixture.Demo), "Unauthorized"},
		{"authorizer-malformed", ask("Authorization", "Basic YWxpY2U6c2VjcmV0", tenant, fixture.Demo), "Unauthorized"},
	}
}

// otherRows are the other published interfaces and OAuth 2.0.
func otherRows(s *service.Service, admin, foreign, owner map[string]any, current string) []row {
	sevenG := func(authorization, body string, more ...string) request {
		return request{
			Method: "POST", Route: "/User/RefreshToken", Header: append([]string{"Authorization", authorization}, more...), Body: body,
		}
	}
	kirjaSwappi := func(body string) request {
		return request{Method: "POST", Route: "/api/v1/authenticate/refresh", Body: body}
	}
	form := func(endpoint, body string, caller map[string]any) request {
		return request{
			Method: "POST", Route: "/oauth2/" + endpoint, Body: body, Caller: caller,
			Header: []string{"Content-Type", "application/x-www-form-urlencoded"},
		}
	}
	access := s.Sign(s.Access(fixture.SessionOne))
	body := `{"refreshToken":"` + current + `"}`
	expired := `{"refreshToken":"` + s.RefreshText(fixture.SessionOld, 0) + `"}`
	reused := s.RefreshText(fixture.SessionTwo, 0)
	return []row{
		{"user-refresh-token", sevenG(access, body, "Version", "2.0"), `200 "refreshToken":"srt_`},
		{"user-refresh-token-expired", sevenG("Bearer "+s.AccessText(fixture.SessionOld, fixture.Noon()), expired), `401 "result":false`},
		{"user-refresh-token-other-session", sevenG("Bearer "+s.AccessText(fixture.SessionBob, fixture.Noon()), body), `401 "recordCount":0`},
		{"user-refresh-token-wrong-tenant", sevenG(access, body, "X-Stencil-TenantId", fixture.Other), `401 "data":null`},
		{"user-refresh-token-reused", sevenG(s.AccessText(fixture.SessionTwo, fixture.Noon()), `{"refreshToken":"`+reused+`"}`), `401 "result":false`},
		{"user-refresh-token-malformed", sevenG(access, `{}`, "Version", "1.0"), "400 Version must be 2.0"},
		{"authenticate-refresh", kirjaSwappi(`{"refreshToken":"` + s.RefreshText(fixture.SessionSvc, 0) + `"}`), `200 {"jwtToken":`},
		{"authenticate-refresh-rotating", kirjaSwappi(body), `200 "refreshToken":"srt_`},
		{"authenticate-refresh-expired", kirjaSwappi(expired), `401 "code":"invalidRefreshToken"`},
		{"authenticate-refresh-reused", kirjaSwappi(`{"refreshToken":"` + reused + `"}`), `401 "code":"invalidRefreshToken"`},
		{"authenticate-refresh-wrong-tenant", request{
			Method: "POST", Route: "/api/v1/authenticate/refresh", Header: []string{"X-Stencil-TenantId", fixture.Other}, Body: body,
		}, `401 "code":"invalidRefreshToken"`},
		{"authenticate-refresh-malformed", kirjaSwappi(`{"refreshToken":`), `400 "code":"invalidJsonPayload"`},
		{"oauth-token", form("token", "grant_type=refresh_token&client_id=web&refresh_token="+current, nil), `200 "token_type":"Bearer"`},
		{"oauth-token-narrowed", form("token", "grant_type=refresh_token&scope=email&refresh_token="+current, nil), `200 "scope":"email"`},
		{"oauth-token-widened", form("token", "grant_type=refresh_token&scope=admin&refresh_token="+current, nil), "400 invalid_scope"},
		{"oauth-token-wrong-client", form("token", "grant_type=refresh_token&client_id=service&refresh_token="+current, nil), "400 invalid_grant"},
		{"oauth-token-two-clients", request{
			Method: "POST", Route: "/oauth2/token", Body: "grant_type=refresh_token&client_id=web&refresh_token=" + current,
			Header: []string{"Content-Type", "application/x-www-form-urlencoded", "Authorization", "Basic c2VydmljZTo="},
		}, "400 contradicts"},
		{"oauth-token-reused", form("token", "grant_type=refresh_token&refresh_token="+reused, nil), "400 invalid_grant"},
		{"oauth-token-expired", form("token", "grant_type=refresh_token&refresh_token="+s.RefreshText(fixture.SessionOld, 0), nil), "400 invalid_grant"},
		{"oauth-token-wrong-tenant", request{
			Method: "POST", Route: "/oauth2/token", Body: "grant_type=refresh_token&refresh_token=" + current,
			Header: []string{"Content-Type", "application/x-www-form-urlencoded", "X-Stencil-TenantId", fixture.Other},
		}, "400 invalid_grant"},
		{"oauth-token-malformed", form("token", "grant_type=password&username=alice", nil), "400 unsupported_grant_type"},
		{"oauth-revoke", form("revoke", "token="+reused+"&token_type_hint=refresh_token", nil), "200 {}"},
		{"oauth-revoke-access-token", form("revoke", "token="+access, nil), "200 {}"},
		{"oauth-revoke-unknown", form("revoke", "token=unknown", nil), "200 {}"},
		{"oauth-revoke-expired", form("revoke", "token="+s.RefreshText(fixture.SessionOld, 0), nil), "200 {}"},
		{"oauth-revoke-malformed", form("revoke", "token=a&token=b", nil), "400 invalid_request"},
		{"oauth-introspect", form("introspect", "token="+current, admin), `200 "active":true`},
		{"oauth-introspect-access-token", form("introspect", "token="+access, admin), `200 "token_type":"Bearer"`},
		{"oauth-introspect-superseded", form("introspect", "token="+reused, admin), `200 {"active":false}`},
		{"oauth-introspect-forbidden", form("introspect", "token="+current, owner), "403 insufficient_scope"},
		{"oauth-introspect-expired", form("introspect", "token="+s.RefreshText(fixture.SessionOld, 0), admin), `200 {"active":false}`},
		{"oauth-introspect-wrong-tenant", form("introspect", "token="+current, foreign), `200 {"active":false}`},
		{"oauth-introspect-malformed", form("introspect", "", admin), "400 invalid_request"},
		{"preflight", request{
			Method: "OPTIONS", Route: routeRefresh,
			Header: []string{"Origin", "https://app.example.com", "Access-Control-Request-Method", "POST"},
		}, "204 "},
		{"oauth-metadata", request{Method: "GET", Route: "/.well-known/oauth-authorization-server"}, `200 "issuer":"https://auth.example.com"`},
		{"oauth-metadata-tenant", metadataOf("GET", fixture.Demo), `200 "issuer":"https://auth.example.com/t/demo"`},
		{"oauth-metadata-head", metadataOf("HEAD", fixture.Demo), "200 "},
		{"oauth-metadata-malformed", metadataOf("GET", "a b"), "404 id of a tenant"},
	}
}
