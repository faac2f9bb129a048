package e2e

import "strings"

// othersGoldens are the exchanges of the interfaces besides the Stencil guide's.
func othersGoldens() map[string][]exchange {
	const (
		both = `{"refreshToken":"{token}"}`
		form = "grant_type=refresh_token&refresh_token={token}"
	)
	bearer := []string{"Authorization", "Bearer {access}"}
	asForm := []string{"Content-Type", "application/x-www-form-urlencoded"}
	reader := append([]string{"Authorization", "Bearer {read}", "X-Stencil-TenantId", "demo"}, asForm...)
	return map[string][]exchange{
		"user-refresh-token": {
			{"POST", "/User/RefreshToken", bearer, both},
			{"POST", "/user/refreshToken", append([]string{"Version", "2.0"}, bearer...), both},
			{"POST", "/User/RefreshToken", []string{"Authorization", "{access}"}, both},
			{"POST", "/User/RefreshToken", nil, both},
			{"POST", "/User/RefreshToken", bearer, `{"refreshToken":"garbage"}`},
			{"POST", "/User/RefreshToken", bearer, `{"refreshToken":"","userId":"{user}"}`},
			{"POST", "/User/RefreshToken", bearer, `not JSON`},
			{"POST", "/User/RefreshToken", append([]string{"Version", "1.0"}, bearer...), both},
			{"POST", "/User/RefreshToken", append([]string{"X-HTTP-Method-Override", "DELETE"}, bearer...), both},
			{"POST", "/User/RefreshToken", bearer, strings.Repeat(" ", 16_385)},
			{"OPTIONS", "/User/RefreshToken", []string{"Origin", "http://localhost:5173", "Access-Control-Request-Method", "POST"}, ``},
		},
		"authenticate-refresh": {
			{"POST", "/api/v1/authenticate/refresh", nil, both},
			{"POST", "/api/v1/authenticate/refresh", nil, `{"refreshToken":"{serviceToken}"}`},
			{"POST", "/api/v1/authenticate/refresh", []string{"Authorization", "Bearer garbage"}, both},
			{"POST", "/api/v1/authenticate/refresh", nil, `{"refreshToken":"garbage"}`},
			{"POST", "/api/v1/authenticate/refresh", nil, `{"userId":"{user}"}`},
			{"POST", "/api/v1/authenticate/refresh", nil, `not JSON`},
			{"POST", "/api/v1/authenticate/refresh?x=1", nil, both},
			{"POST", "/api/v1/authenticate/refresh", nil, strings.Repeat(" ", 16_385)},
		},
		"oauth-token": {
			{"POST", "/oauth2/token", asForm, form},
			{"POST", "/oauth2/token", append([]string{"Authorization", "Basic d2ViOg=="}, asForm...), form},
			{"POST", "/oauth2/token", asForm, form + "&client_id=service"},
			{"POST", "/oauth2/token", asForm, form + "&scope=admin"},
			{"POST", "/oauth2/token", asForm, form + "&scope=a&scope=b"},
			{"POST", "/oauth2/token", asForm, "grant_type=refresh_token&refresh_token=garbage"},
			{"POST", "/oauth2/token", asForm, "grant_type=password&username=a&password=b"},
			{"POST", "/oauth2/token", asForm, ``},
			{"POST", "/oauth2/token", append([]string{"Authorization", "Basic !"}, asForm...), form},
			{"POST", "/oauth2/token", nil, `{"grant_type":"refresh_token","refresh_token":"{token}"}`},
		},
		"oauth-revoke": {
			{"POST", "/oauth2/revoke", asForm, "token={token}&client_id=service"},
			{"POST", "/oauth2/revoke", asForm, "token={token}&token_type_hint=refresh_token"},
			{"POST", "/oauth2/revoke", asForm, "token={token}"},
			{"POST", "/oauth2/revoke", asForm, "token=garbage"},
			{"POST", "/oauth2/revoke", asForm, "token="},
		},
		"oauth-introspect": {
			{"POST", "/oauth2/introspect", reader, "token={token}"},
			{"POST", "/oauth2/introspect", reader, "token={access}&token_type_hint=access_token"},
			{"POST", "/oauth2/introspect", reader, "token=garbage"},
			{"POST", "/oauth2/introspect", reader, "token="},
			{"POST", "/oauth2/introspect", append([]string{"Authorization", "Bearer {issue}", "X-Stencil-TenantId", "demo"}, asForm...), "token={token}"},
			{"POST", "/oauth2/introspect", append([]string{"Authorization", "Bearer {read}", "X-Stencil-TenantId", "other"}, asForm...), "token={token}"},
			{"POST", "/oauth2/introspect", asForm, "token={token}"},
		},
		"oauth-metadata": {
			{"GET", "/.well-known/oauth-authorization-server", nil, ``},
			{"GET", "/t/demo/.well-known/openid-configuration", nil, ``},
			{"HEAD", "/.well-known/oauth-authorization-server/t/demo", nil, ``},
			{"GET", "/t/a%20b/.well-known/oauth-authorization-server", nil, ``},
		},
	}
}
