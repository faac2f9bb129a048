package api_test

import (
	"encoding/json"
	"strings"
	"time"
)

const (
	routeToken   = "/jwt/refresh/{tokenId}"
	routeRefresh = "/jwt/refresh"
)

func eventRows(w *world) []eventRow {
	admin := w.as(bearerKey("all"), demo)
	foreign := w.as(bearerKey("other"), otherOne)
	owner := w.as("Bearer "+w.aliceAccess(), demo)
	current := w.refreshText(sessionOne, demo, alice, web, 0)
	return append(append(append(append([]eventRow{
		{"issue.json", rest{method: "POST", route: "/jwt/issue", caller: admin, body: `{"userId":"alice","applicationId":"web",` +
			`"scope":"profile","claims":{"role":"editor"},"device":{"name":"Phone","type":"mobile"}}`}.event(), `201 "refreshToken":"srt_`},
		{"issue-wrong-tenant.json", rest{
			method: "POST", route: "/jwt/issue", caller: foreign,
			body: `{"userId":"alice","applicationId":"service"}`,
		}.event(), "404 no such application"},
		{"issue-malformed.json", rest{
			method: "POST", route: "/jwt/issue", caller: admin,
			body: `{"userId":" ","claims":{"sub":"mallory"}}`,
		}.event(), `400 claims.sub`},
		{"issue-forbidden.json", rest{
			method: "POST", route: "/jwt/issue", caller: owner,
			body: `{"userId":"alice","applicationId":"web"}`,
		}.event(), "403 may not"},
		{"jwks.json", rest{method: "GET", route: "/.well-known/jwks.json"}.event(), `200 "kty":"OKP"`},
	}, refreshRows(w, current)...), tokenRows(w, admin, foreign, owner, current)...), formRows(admin, foreign)...),
		append(append(authorizerRows(w), operatorRows()...), otherRows(w, admin, foreign, owner, current)...)...)
}

func refreshRows(w *world, current string) []eventRow {
	forged := current[:len(current)-4] + "AAAA"
	refresh := func(body string, header ...string) any {
		return rest{method: "POST", route: routeRefresh, header: header, body: body}.event()
	}
	quoted := func(key, value string) string { return `{"` + key + `":"` + value + `"}` }
	return []eventRow{
		{"refresh.json", refresh(quoted("refreshToken", current)), `200 "expiresIn":900`},
		{"refresh-with-access-token.json", refresh(quoted("refreshToken", w.refreshText(sessionReq, demo, alice, guarded, 0)),
			"Authorization", "Bearer "+w.accessText(sessionReq, demo, alice, guarded, noon.Add(-time.Minute))), `200 "refreshToken"`},
		{"refresh-without-required-access-token.json", refresh(quoted("refreshToken",
			w.refreshText(sessionReq, demo, alice, guarded, 0))), `400 access token is required`},
		{"refresh-cookie.json", refresh("", "Cookie", "refreshToken="+current, "Sec-Fetch-Site", "same-origin"), `200 "refreshToken"`},
		{"refresh-cross-site.json", refresh("", "Cookie", "refreshToken="+current, "Sec-Fetch-Site", "cross-site"), "403 origin"},
		{"refresh-reusable.json", refresh(quoted("refreshToken", w.refreshText(sessionSvc, demo, alice, service, 0))), `200 "refreshToken"`},
		{"refresh-expired.json", refresh(quoted("refreshToken", w.refreshText(sessionOld, demo, alice, web, 0))), "400 refresh token is not valid"},
		{"refresh-reused.json", refresh(quoted("refreshToken", w.refreshText(sessionTwo, demo, alice, web, 0))), "400 refresh token is not valid"},
		{"refresh-forged.json", refresh(quoted("refreshToken", forged)), "400 refresh token is not valid"},
		{"refresh-wrong-tenant.json", refresh(quoted("refreshToken", current), "X-Stencil-TenantId", otherOne), "403 may not"},
		{"refresh-malformed.json", refresh(`{"refreshToken":null,"colour":"red"}`), `400 "field":"colour"`},
		{"refresh-preflight.json", rest{
			method: "OPTIONS", route: routeRefresh,
			header: []string{"Origin", "https://app.example.com", "Access-Control-Request-Method", "POST"},
		}.event(), "204 "},
		{"refresh-form-retrieve-by-user.json", refresh(`{"userId":"alice"}`, "Authorization", bearerKey("read"),
			"X-Stencil-TenantId", demo), `200 "hint"`},
		{"refresh-form-delete-by-user.json", refresh(`{"userId":"alice","operation":"delete"}`, "Authorization",
			bearerKey("revoke"), "x-stencil-tenanid", demo), `200 "deleted":4`},
	}
}

func tokenRows(w *world, admin, foreign, owner map[string]any, current string) []eventRow {
	byID := func(method, token string, caller map[string]any) any {
		return rest{method: method, route: routeToken, path: []string{"tokenId", token}, caller: caller}.event()
	}
	list := func(caller map[string]any, query ...string) any {
		return rest{method: "GET", route: routeRefresh, query: query, caller: caller}.event()
	}
	revoke := func(caller map[string]any, body string, header ...string) any {
		return rest{method: "POST", route: "/jwt/revoke", caller: caller, body: body, header: header}.event()
	}
	users := func(route string, caller map[string]any, path []string, query ...string) any {
		return rest{method: "DELETE", route: route, path: path, query: query, caller: caller}.event()
	}
	const (
		byUser = "/jwt/users/{userId}/refresh"
		byApp  = "/jwt/applications/{applicationId}/refresh"
		byBoth = "/jwt/users/{userId}/applications/{applicationId}/refresh"
	)
	return []eventRow{
		{"retrieve-by-id.json", byID("GET", sessionOne, owner), `200 "lastRefreshedAt":null`},
		{"retrieve-by-id-expired.json", byID("GET", sessionOld, admin), "404 no such token"},
		{"retrieve-by-id-wrong-tenant.json", byID("GET", sessionOne, foreign), "404 no such token"},
		{"retrieve-by-id-malformed.json", byID("GET", strings.Repeat("x", 129), admin), `400 "field":"tokenId"`},
		{"retrieve-by-user.json", list(admin, "userId", alice, "limit", "2"), `200 "nextCursor"`},
		{"retrieve-by-user-other-user.json", list(owner, "userId", bob), "403 may not"},
		{"retrieve-by-user-wrong-tenant.json", list(foreign, "userId", bob), `200 "data":[]`},
		{"retrieve-by-user-malformed.json", list(admin, "userId", alice, "limit", "0", "colour", "red"), `400 "field":"colour"`},
		{"delete-by-id.json", byID("DELETE", sessionOne, owner), "200 " + sessionOne},
		{"delete-by-id-expired.json", byID("DELETE", sessionOld, admin), "404 no such token"},
		{"delete-by-id-wrong-tenant.json", byID("DELETE", sessionOne, foreign), "404 no such token"},
		{"delete-by-id-malformed.json", rest{
			method: "DELETE", route: routeToken, path: []string{"tokenId", sessionOne}, caller: admin,
			body: `{"userId":"alice"}`,
		}.event(), `400 "field":"userId"`},
		{"delete-by-string.json", revoke(admin, `{"TokenString":"`+current+`"}`), "200 " + sessionOne},
		{"delete-by-string-form.json", revoke(admin, "token="+current, "Content-Type", "application/x-www-form-urlencoded"), "200 " + sessionOne},
		{"delete-by-string-wrong-tenant.json", revoke(foreign, `{"token":"`+current+`"}`), "404 no such token"},
		{"delete-by-string-expired.json", revoke(admin, `{"TokenString":"`+w.refreshText(sessionOld, demo, alice, web, 0)+`"}`), "404 no such token"},
		{"delete-by-string-reused.json", revoke(admin, `{"TokenString":"`+w.refreshText(sessionTwo, demo, alice, web, 0)+`"}`), "200 " + sessionTwo},
		{"delete-by-string-malformed.json", revoke(admin, `{"token":"a","refreshToken":"b"}`), `400 "field":"TokenString"`},
		{"delete-by-user.json", users(byUser, owner, []string{"userId", alice}), `200 "deleted":4`},
		{"delete-by-user-wrong-tenant.json", users(byUser, foreign, []string{"userId", bob}), `200 "deleted":0`},
		{"delete-by-user-malformed.json", users(byUser, admin, []string{"userId", alice}, "applicationId", web), `400 "field":"applicationId"`},
		{"delete-by-application.json", users(byApp, admin, []string{"applicationId", web}), `200 "epoch":1`},
		{"delete-by-application-wrong-tenant.json", users(byApp, foreign, []string{"applicationId", service}), "404 no such application"},
		{"delete-by-application-malformed.json", users(byApp, admin, []string{"applicationId", "\n"}), `400 "field":"applicationId"`},
		{"delete-by-application-forbidden.json", users(byApp, owner, []string{"applicationId", web}), "403 may not"},
		{"delete-by-user-and-application.json", users(byBoth, admin, []string{"userId", alice, "applicationId", web}), `200 "deleted":2`},
		{"delete-by-user-and-application-wrong-tenant.json", users(byBoth, foreign, []string{
			"userId", alice, "applicationId", service,
		}), "404 no such application"},
		{"delete-by-user-and-application-malformed.json", users(byBoth, admin, []string{
			"userId", " ", "applicationId", web,
		}), `400 "field":"userId"`},
	}
}

func formRows(admin, foreign map[string]any) []eventRow {
	item := func(body string, header ...string) any {
		return rest{
			method: "POST", route: routeToken, path: []string{"tokenId", sessionOne}, caller: admin, body: body, header: header,
		}.event()
	}
	collection := func(body string, query ...string) any {
		return rest{method: "DELETE", route: routeRefresh, caller: admin, body: body, query: query}.event()
	}
	return []eventRow{
		{"documented-forms.json", item(""), "200 " + sessionOne},
		{"documented-forms-override.json", item("{}", "X-HTTP-Method-Override", "DELETE"), "200 Token deleted"},
		{"documented-forms-anchor.json", item(`{"applicationsId":"web"}`), `200 "epoch":1`},
		{"documented-forms-anchor-other-application.json", item(`{"applicationsId":"service"}`), "400 another application"},
		{"documented-forms-delete-by-user.json", collection("", "userId", bob), `200 "deleted":1`},
		{"documented-forms-wrong-tenant.json", rest{
			method: "DELETE", route: routeRefresh, caller: foreign, query: []string{"tokenId", sessionOne},
		}.event(), "404 no such token"},
		{"documented-forms-expired.json", rest{
			method: "DELETE", route: routeRefresh, caller: admin, query: []string{"tokenId", sessionOld},
		}.event(), "404 no such token"},
		{"documented-forms-malformed.json", collection(`{"tokenId":"x","userId":"alice"}`), `400 "field":"tokenId"`},
	}
}

func authorizerRows(w *world) []eventRow {
	ask := func(header ...string) any {
		return rest{method: "GET", route: routeRefresh, query: []string{"userId", alice}, header: header}.authorizerEvent()
	}
	access := w.aliceAccess()
	const tenant = "X-Stencil-TenantId"
	return []eventRow{
		{"authorizer.json", ask("Authorization", bearerKey("read"), tenant, demo), `allow "permissions":"tokens:read"`},
		{"authorizer-access-token.json", ask("Authorization", "Bearer "+access, tenant, demo), `allow "userId":"alice"`},
		{"authorizer-lower-case-headers.json", ask("authorization", "bearer "+access, "x-stencil-tenantid", demo), `allow "tenantId":"demo"`},
		{"authorizer-missing.json", ask(tenant, demo), "Unauthorized"},
		{"authorizer-missing-tenant.json", ask("Authorization", bearerKey("read")), "Unauthorized"},
		{"authorizer-duplicate.json", ask("Authorization", bearerKey("read"), "Authorization", bearerKey("all"), tenant, demo), "Unauthorized"},
		{"authorizer-wrong-tenant.json", ask("Authorization", bearerKey("read"), tenant, otherOne), "deny"},
		{"authorizer-expired.json", ask("Authorization", "Bearer "+w.accessText(sessionOne, demo, alice, web, noon), tenant, demo), "Unauthorized"},
		{"authorizer-expired-key.json", ask("Authorization", bearerKey("expired"), tenant, demo), "Unauthorized"},
		{"authorizer-forged.json", ask("Authorization", "Bearer "+access[:len(access)-8]+"AAAAAAAA", tenant, demo), "Unauthorized"},
		{"authorizer-malformed.json", ask("Authorization", "Basic YWxpY2U6c2VjcmV0", tenant, demo), "Unauthorized"},
	}
}

func operatorRows() []eventRow {
	object := func(text string) any { return json.RawMessage(text) }
	return []eventRow{
		{"put-application.json", object(`{"tenantId":"demo","applicationId":"mobile","name":"Mobile app",` +
			`"settings":{"refreshIdleSeconds":604800,"overlapSeconds":60}}`), `ok "refreshAbsoluteSeconds":15552000`},
		{"put-application-malformed.json", object(`{"tenantId":"demo","applicationId":"mobile","settings":{"overlapSeconds":301}}`), "error from 0 to 300"},
		{"create-api-key.json", object(`{"tenantId":"demo","name":"backend","permissions":["tokens:issue"]}`), `ok "apiKey":"sak_`},
		{"create-api-key-malformed.json", object(`{"tenantId":"demo","permissions":["tokens:everything"]}`), "error permissions"},
		{"delete-api-key.json", object(`{"tenantId":"demo","keyId":"` + apiKey("read").ID + `"}`), "ok keyId"},
		{"delete-api-key-wrong-tenant.json", object(`{"tenantId":"other","keyId":"` + apiKey("read").ID + `"}`), "error not found"},
	}
}

// otherRows are the other published interfaces and OAuth 2.0.
func otherRows(w *world, admin, foreign, owner map[string]any, current string) []eventRow {
	registry := func(authorization, body string, more ...string) any {
		return rest{
			method: "POST", route: "/User/RefreshToken", header: append([]string{"Authorization", authorization}, more...), body: body,
		}.event()
	}
	marketplace := func(body string) any {
		return rest{method: "POST", route: "/api/v1/authenticate/refresh", body: body}.event()
	}
	form := func(endpoint, body string, caller map[string]any) any {
		return rest{
			method: "POST", route: "/oauth2/" + endpoint, body: body, caller: caller,
			header: []string{"Content-Type", "application/x-www-form-urlencoded"},
		}.event()
	}
	access := w.aliceAccess()
	body := `{"refreshToken":"` + current + `"}`
	expired := `{"refreshToken":"` + w.refreshText(sessionOld, demo, alice, web, 0) + `"}`
	reused := w.refreshText(sessionTwo, demo, alice, web, 0)
	return []eventRow{
		{"user-refresh-token.json", registry(access, body, "Version", "2.0"), `200 "refreshToken":"srt_`},
		{"user-refresh-token-expired.json", registry("Bearer "+w.accessText(sessionOld, demo, alice, web, noon), expired), `401 "result":false`},
		{"user-refresh-token-other-session.json", registry("Bearer "+w.accessText(sessionBob, demo, bob, web, noon), body), `401 "recordCount":0`},
		{"user-refresh-token-wrong-tenant.json", registry(access, body, "X-Stencil-TenantId", otherOne), `401 "data":null`},
		{"user-refresh-token-reused.json", registry(w.accessText(sessionTwo, demo, alice, web, noon), `{"refreshToken":"`+reused+`"}`), `401 "result":false`},
		{"user-refresh-token-malformed.json", registry(access, `{}`, "Version", "1.0"), "400 Version must be 2.0"},
		{"authenticate-refresh.json", marketplace(`{"refreshToken":"` + w.refreshText(sessionSvc, demo, alice, service, 0) + `"}`), `200 {"jwtToken":`},
		{"authenticate-refresh-rotating.json", marketplace(body), `200 "refreshToken":"srt_`},
		{"authenticate-refresh-expired.json", marketplace(expired), `401 "code":"invalidRefreshToken"`},
		{"authenticate-refresh-reused.json", marketplace(`{"refreshToken":"` + reused + `"}`), `401 "code":"invalidRefreshToken"`},
		{"authenticate-refresh-wrong-tenant.json", rest{
			method: "POST", route: "/api/v1/authenticate/refresh", header: []string{"X-Stencil-TenantId", otherOne}, body: body,
		}.event(), `401 "code":"invalidRefreshToken"`},
		{"authenticate-refresh-malformed.json", marketplace(`{"refreshToken":`), `400 "code":"invalidJsonPayload"`},
		{"oauth-token.json", form("token", "grant_type=refresh_token&client_id=web&refresh_token="+current, nil), `200 "token_type":"Bearer"`},
		{"oauth-token-narrowed.json", form("token", "grant_type=refresh_token&scope=email&refresh_token="+current, nil), `200 "scope":"email"`},
		{"oauth-token-widened.json", form("token", "grant_type=refresh_token&scope=admin&refresh_token="+current, nil), "400 invalid_scope"},
		{"oauth-token-wrong-client.json", form("token", "grant_type=refresh_token&client_id=service&refresh_token="+current, nil), "400 invalid_grant"},
		{"oauth-token-two-clients.json", rest{
			method: "POST", route: "/oauth2/token", body: "grant_type=refresh_token&client_id=web&refresh_token=" + current,
			header: []string{"Content-Type", "application/x-www-form-urlencoded", "Authorization", "Basic c2VydmljZTo="},
		}.event(), "400 contradicts"},
		{"oauth-token-reused.json", form("token", "grant_type=refresh_token&refresh_token="+reused, nil), "400 invalid_grant"},
		{"oauth-token-expired.json", form("token", "grant_type=refresh_token&refresh_token="+w.refreshText(sessionOld, demo, alice, web, 0), nil), "400 invalid_grant"},
		{"oauth-token-wrong-tenant.json", rest{
			method: "POST", route: "/oauth2/token", body: "grant_type=refresh_token&refresh_token=" + current,
			header: []string{"Content-Type", "application/x-www-form-urlencoded", "X-Stencil-TenantId", otherOne},
		}.event(), "400 invalid_grant"},
		{"oauth-token-malformed.json", form("token", "grant_type=password&username=alice", nil), "400 unsupported_grant_type"},
		{"oauth-revoke.json", form("revoke", "token="+reused+"&token_type_hint=refresh_token", nil), "200 {}"},
		{"oauth-revoke-access-token.json", form("revoke", "token="+access, nil), "200 {}"},
		{"oauth-revoke-unknown.json", form("revoke", "token=unknown", nil), "200 {}"},
		{"oauth-revoke-expired.json", form("revoke", "token="+w.refreshText(sessionOld, demo, alice, web, 0), nil), "200 {}"},
		{"oauth-revoke-malformed.json", form("revoke", "token=a&token=b", nil), "400 invalid_request"},
		{"oauth-introspect.json", form("introspect", "token="+current, admin), `200 "active":true`},
		{"oauth-introspect-access-token.json", form("introspect", "token="+access, admin), `200 "token_type":"Bearer"`},
		{"oauth-introspect-superseded.json", form("introspect", "token="+reused, admin), `200 {"active":false}`},
		{"oauth-introspect-forbidden.json", form("introspect", "token="+current, owner), "403 insufficient_scope"},
		{"oauth-introspect-expired.json", form("introspect", "token="+w.refreshText(sessionOld, demo, alice, web, 0), admin), `200 {"active":false}`},
		{"oauth-introspect-wrong-tenant.json", form("introspect", "token="+current, foreign), `200 {"active":false}`},
		{"oauth-introspect-malformed.json", form("introspect", "", admin), "400 invalid_request"},
		{"oauth-metadata.json", rest{method: "GET", route: "/.well-known/oauth-authorization-server"}.event(), `200 "issuer":"https://auth.example.com"`},
	}
}
