package lambda_test

import "github.com/stencil-auth/refresh-tokens/pkg/fixture"

func updateRows(admin, foreign, owner map[string]any) []row {
	patch := func(token string, caller map[string]any, body string) request {
		return request{Method: "PATCH", Route: routeToken, Path: []string{"tokenId", token}, Caller: caller, Body: body}
	}
	patchAll := func(user string, caller map[string]any, body string) request {
		return request{
			Method: "PATCH", Route: "/jwt/users/{userId}/refresh", Path: []string{"userId", user}, Caller: caller, Body: body,
		}
	}
	return []row{
		{"update-by-id", patch(fixture.SessionOne, admin, `{"claims":{"role":null,"plan":"pro"},"scope":"profile",`+
			`"supersede":true,"reason":"plan_change"}`), `200 "scope":"profile"`},
		{"update-by-id-owner", patch(fixture.SessionOne, owner, `{"device":{"name":"Phone"}}`), `200 "name":"Phone"`},
		{"update-by-id-owner-forbidden", patch(fixture.SessionOne, owner, `{"claims":{"role":"admin"}}`), "403 tokens:update"},
		{"update-by-id-expired", patch(fixture.SessionOld, admin, `{"scope":null}`), "404 no such token"},
		{"update-by-id-wrong-tenant", patch(fixture.SessionOne, foreign, `{"scope":null}`), "404 no such token"},
		{"update-by-id-malformed", patch(fixture.SessionOne, admin, `{"claims":{"sub":"mallory"},"supersede":"yes"}`), `400 claims.sub`},
		{"update-by-user", patchAll(fixture.Alice, admin, `{"claims":{"plan":"pro"},"applicationId":"web"}`), `200 "updated":2`},
		{"update-by-user-everywhere", patchAll(fixture.Alice, admin, `{"claims":{"plan":"pro"}}`), `200 "updated":4`},
		{"update-by-user-wrong-tenant", patchAll(fixture.Bob, foreign, `{"scope":null}`), `200 "updated":0`},
		{"update-by-user-malformed", patchAll(fixture.Alice, admin, `{"device":{},"colour":"red"}`), `400 "field":"device"`},
		{"update-by-user-forbidden", patchAll(fixture.Alice, owner, `{"device":{"name":"Phone"}}`), "403 may not"},
	}
}
