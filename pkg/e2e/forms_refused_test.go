package e2e

import (
	"strings"
	"testing"
)

// A request that is not one of the documented forms is a 400, and destroys nothing.

func TestPostsWithoutOneDocumentedMeaningAreRefused(t *testing.T) {
	t.Parallel()
	const empty = "POST /jwt/refresh {} or no body, no cookie; or only {token}: 400"
	const several = "a refreshToken together with any selector: 400"
	const exact = "Parse a request into the exact set of recognised body or query keys"
	const path = "/jwt/refresh"
	runRows(t, []row{
		{empty, "POST", path, nil, ``, refuses(400)},
		{empty, "POST", path, nil, `{}`, refuses(400)},
		{empty, "POST", path, nil, `{"token":"{access}"}`, refuses(400)},
		{empty, "POST", path, nil, `{"token":"{token}"}`, refuses(400)},
		{exact, "POST", path, nil, `{"accessToken":"{access}"}`, refuses(400)},
		{"{applicationsId} alone: 400 naming the forms that work", "POST", path, nil, `{"applicationsId":"{web}"}`, refuses(400)},
		{"{applicationsId} alone: 400 naming the forms that work", "POST", path, nil, `{"applicationId":"{web}"}`, refuses(400)},
		{"{applicationsId} alone names the forms", "POST", path, nil, `{"applicationsId":"{web}"}`, refusesMentioning("/jwt/")},
		{"POST /jwt/refresh/{id} {tokenId}: 400", "POST", path + "/{id}", nil, `{"tokenId":"{secondId}"}`, refuses(400)},
		{"POST /jwt/refresh/{id} {tokenId}: 400", "POST", path + "/{id}", nil, `{"tokenId":"{id}"}`, refuses(400)},
		{exact, "POST", path + "/{id}", nil, `{"id":"{id}"}`, refuses(400)},
		{exact, "POST", path + "/{id}", nil, `{"userId":"{user}"}`, refuses(400)},
		{exact, "POST", path + "/{id}", nil, `{"refreshToken":"{token}"}`, refuses(400)},
		{exact, "POST", path + "/{id}", nil, `{"TokenString":"{token}"}`, refuses(400)},
		{exact, "POST", path + "/{id}", nil, `{"userId":"{user}","applicationsId":"{web}"}`, refuses(400)},
		{several, "POST", path, nil, `{"refreshToken":"{token}","id":"{id}"}`, refuses(400)},
		{several, "POST", path, nil, `{"refreshToken":"{token}","userId":"{user}"}`, refuses(400)},
		{several, "POST", path, nil, `{"refreshToken":"{token}","applicationsId":"{web}"}`, refuses(400)},
		{several, "POST", path, nil, `{"refreshToken":"{token}","tokenId":"{id}"}`, refuses(400)},
		{several, "POST", path, nil, `{"refreshToken":"{token}","TokenString":"{token}"}`, refuses(400)},
		{exact, "POST", path, nil, `{"id":"{id}","userId":"{user}"}`, refuses(400)},
		{exact, "POST", path, nil, `{"id":"{id}","tokenId":"{id}"}`, refuses(400)},
		{exact, "POST", path, nil, `{"tokenId":"{id}","userId":"{user}"}`, refuses(400)},
		{exact, "POST", path, nil, `{"tokenId":"{id}","applicationsId":"{web}"}`, refuses(400)},
		{exact, "POST", path, nil, `{"tokenId":"{id}","TokenString":"{token}"}`, refuses(400)},
		{exact, "POST", path, nil, `{"userId":"{user}","token":"{access}"}`, refuses(400)},
		{exact, "POST", path, nil, `{"TokenString":"{token}","userId":"{user}"}`, refuses(400)},
		{"operation goes with userId only", "POST", path, nil, `{"operation":"delete"}`, refuses(400)},
		{"operation goes with userId only", "POST", path, nil, `{"operation":"delete","id":"{id}"}`, refuses(400)},
		{"operation goes with userId only", "POST", path, nil, `{"operation":"delete","applicationsId":"{web}"}`, refuses(400)},
		{"operation goes with userId only", "POST", path, nil, `{"operation":"delete","userId":"{user}","applicationsId":"{web}"}`, refuses(400)},
		{"operation goes with userId only", "POST", path, nil, `{"operation":"delete","refreshToken":"{token}"}`, refuses(400)},
		{"operation is delete", "POST", path, nil, `{"operation":"retrieve-all","userId":"{user}"}`, refuses(400, "operation")},
		{"conflicting aliases", "POST", path, nil, `{"userId":"{user}","userID":"{stranger}"}`, refuses(400)},
		{"conflicting aliases", "POST", path, nil, `{"usersId":"{stranger}","userId":"{user}","operation":"delete"}`, refuses(400)},
		{"conflicting aliases", "POST", path, nil, `{"userId":"{user}","applicationId":"{web}","applicationsId":"{service}"}`, refuses(400)},
		{"conflicting aliases", "POST", path, nil, `{"TokenString":"{token}","tokenString":"{access}"}`, refuses(400)},
		{"POST reads its body only: any query key is a 400", "POST", path + "?userId={user}", nil, ``, refuses(400, "userId")},
		{"any query key is a 400", "POST", path + "?limit=1", nil, `{"userId":"{user}"}`, refuses(400, "limit")},
		{"any query key is a 400", "POST", path + "?x=1", nil, `{"refreshToken":"{token}"}`, refuses(400, "x")},
		{"any query key is a 400", "POST", path + "/{id}?x=1", nil, ``, refuses(400, "x")},
		{"any query key is a 400", "POST", "/jwt/revoke?token={token}", nil, ``, refuses(400, "token")},
		{"any query key is a 400", "POST", "/jwt/issue?x=1", nil, `{"userId":"{user}","applicationId":"{web}"}`, refuses(400, "x")},
		{"one of them", "POST", "/jwt/revoke", nil, `{"token":"{token}","TokenString":"{access}"}`, refuses(400)},
		{"one of them", "POST", "/jwt/revoke", nil, `{}`, refuses(400)},
		{"one of them", "POST", "/jwt/revoke", nil, ``, refuses(400)},
		{"unknown key", "POST", "/jwt/revoke", nil, `{"token":"{token}","userId":"{user}"}`, refuses(400, "userId")},
	})
}

func TestDeletesWithoutOneDocumentedMeaningAreRefused(t *testing.T) {
	t.Parallel()
	const together = "body and query together: 400"
	const two = "two selectors not in this table: 400"
	const widen = "Query or body keys that a canonical route does not know are a 400 (ignoring ?applicationId= would widen)"
	const path = "/jwt/refresh"
	runRows(t, []row{
		{"no selector", "DELETE", path, nil, ``, refuses(400)},
		{"no selector", "DELETE", path, nil, `{}`, refuses(400)},
		{together, "DELETE", path + "?userId={user}", nil, `{"applicationId":"{web}"}`, refuses(400)},
		{together, "DELETE", path + "?userId={user}", nil, `{"userId":"{user}"}`, refuses(400)},
		{together, "DELETE", path + "?tokenId={id}", nil, `{"userId":"{user}"}`, refuses(400)},
		{two, "DELETE", path, nil, `{"userId":"{user}","tokenId":"{id}"}`, refuses(400)},
		{two, "DELETE", path, nil, `{"userId":"{user}","token":"{token}"}`, refuses(400)},
		{two, "DELETE", path, nil, `{"tokenId":"{id}","token":"{token}"}`, refuses(400)},
		{two, "DELETE", path, nil, `{"applicationId":"{web}","tokenId":"{id}"}`, refuses(400)},
		{two, "DELETE", path, nil, `{"userId":"{user}","applicationId":"{web}","tokenId":"{id}"}`, refuses(400)},
		{two, "DELETE", path + "?tokenId={id}&userId={user}", nil, ``, refuses(400)},
		{two, "DELETE", path, nil, `{"token":"{token}","TokenString":"{access}"}`, refuses(400)},
		{"not in the table", "DELETE", path, nil, `{"id":"{id}"}`, refuses(400, "id")},
		{"not in the table", "DELETE", path + "?id={id}", nil, ``, refuses(400, "id")},
		{"a refreshToken together with any selector", "DELETE", path, nil, `{"refreshToken":"{token}","userId":"{user}"}`, refuses(400)},
		{"unknown key", "DELETE", path, nil, `{"userId":"{user}","aplicationId":"{web}"}`, refuses(400, "aplicationId")},
		{"unknown key", "DELETE", path + "?userId={user}&aplicationId={web}", nil, ``, refuses(400, "aplicationId")},
		{"keys have a case", "DELETE", path, nil, `{"userId":"{user}","ApplicationId":"{web}"}`, refuses(400, "ApplicationId")},
		{"keys have a case", "DELETE", path, nil, `{"USERID":"{user}"}`, refuses(400, "USERID")},
		{"conflicting aliases", "DELETE", path, nil, `{"userId":"{user}","usersId":"{stranger}"}`, refuses(400)},
		{"conflicting aliases", "DELETE", path + "?userId={user}&userID={stranger}", nil, ``, refuses(400)},
		{"duplicated key", "DELETE", path + "?userId={user}&userId={stranger}", nil, ``, refuses(400, "userId")},
		{"duplicated key", "DELETE", path + "?userId={user}&userId={user}", nil, ``, refuses(400, "userId")},
		{"blank value", "DELETE", path + "?userId={user}&applicationId=", nil, ``, refuses(400, "applicationId")},
		{"blank value", "DELETE", path + "?userId={user}&applicationId=%20%09", nil, ``, refuses(400, "applicationId")},
		{"blank value", "DELETE", path + "?userId={user}&applicationId", nil, ``, refuses(400, "applicationId")},
		{widen, "DELETE", "/jwt/users/{user}/refresh?applicationId={web}", nil, ``, refuses(400, "applicationId")},
		{widen, "DELETE", "/jwt/users/{user}/refresh", nil, `{"applicationId":"{web}"}`, refuses(400, "applicationId")},
		{widen, "DELETE", "/jwt/users/{user}/refresh?limit=1", nil, ``, refuses(400, "limit")},
		{widen, "DELETE", "/jwt/users/{user}/applications/{web}/refresh?x=1", nil, ``, refuses(400, "x")},
		{widen, "DELETE", "/jwt/users/{user}/applications/{web}/refresh", nil, `{"tokenId":"{id}"}`, refuses(400, "tokenId")},
		{widen, "DELETE", "/jwt/applications/{web}/refresh?userId={user}", nil, ``, refuses(400, "userId")},
		{widen, "DELETE", "/jwt/applications/{web}/refresh", nil, `{"userId":"{user}"}`, refuses(400, "userId")},
		{widen, "DELETE", "/jwt/refresh/{id}?userId={user}", nil, ``, refuses(400, "userId")},
		{widen, "DELETE", "/jwt/refresh/{id}", nil, `{"applicationsId":"{web}"}`, refuses(400)},
		{"unknown key", "GET", "/jwt/refresh?userId={user}&aplicationId={web}", nil, ``, refuses(400, "aplicationId")},
		{"unknown key", "GET", "/jwt/refresh/{id}?x=1", nil, ``, refuses(400, "x")},
		{"missing key", "GET", "/jwt/refresh", nil, ``, refuses(400, "userId")},
		{"missing key", "GET", "/jwt/refresh?limit=1", nil, ``, refuses(400, "userId")},
	})
}

// One key of each form has, one after the other, every fault that the contract lists.
func TestAKeyAtFaultIsNamedAndNeverIgnored(t *testing.T) {
	t.Parallel()
	const law = "An unknown, duplicated, blank, null or non-string key is a 400 naming it: it is never ignored and never widens the scope"
	forms := []struct{ method, path, key, rest string }{
		{"POST", "/jwt/refresh", "refreshToken", ``},
		{"POST", "/jwt/refresh", "id", ``},
		{"POST", "/jwt/refresh", "userId", ``},
		{"POST", "/jwt/refresh", "tokenId", ``},
		{"POST", "/jwt/refresh", "TokenString", ``},
		{"POST", "/jwt/refresh", "applicationsId", `"userId":"{user}",`},
		{"POST", "/jwt/refresh", "operation", `"userId":"{user}",`},
		{"POST", "/jwt/refresh", "token", `"refreshToken":"{token}",`},
		{"POST", "/jwt/refresh", "accessToken", `"refreshToken":"{token}",`},
		{"POST", "/jwt/refresh", "somethingElse", `"userId":"{user}",`},
		{"POST", "/jwt/refresh/{id}", "somethingElse", ``},
		{"DELETE", "/jwt/refresh", "userId", ``},
		{"DELETE", "/jwt/refresh", "applicationId", `"userId":"{user}",`},
		{"DELETE", "/jwt/refresh", "tokenId", ``},
		{"DELETE", "/jwt/refresh", "token", ``},
		{"POST", "/jwt/revoke", "token", ``},
		{"POST", "/jwt/issue", "userId", `"applicationId":"{web}",`},
		{"POST", "/jwt/issue", "applicationId", `"userId":"{user}",`},
		{"POST", "/jwt/issue", "scope", `"userId":"{user}","applicationId":"{web}",`},
	}
	values := []string{`null`, `1`, `true`, `["{user}"]`, `{"x":"{user}"}`, `""`, `" "`, `"\t\r\n "`, `"\u00a0\u2003"`, `"{id}","KEY":"{id}"`}
	for _, f := range forms {
		t.Run(f.method+" "+f.path+" "+f.key, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t) // for all values: nothing may change
			for _, value := range values {
				body := `{` + f.rest + `"` + f.key + `":` + strings.ReplaceAll(value, "KEY", f.key) + `}`
				row{law, f.method, f.path, nil, body, refuses(400, f.key)}.run(t, w)
			}
		})
	}
}
