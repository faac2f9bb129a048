package e2e

import "testing"

// The rows of "The documented forms", each with every alias.

func TestPostRefreshFormsMeanWhatTheTableSays(t *testing.T) {
	t.Parallel()
	const law = "POST /jwt/refresh {refreshToken} or cookie, optionally with the access token (header, cookie, body `token` or `accessToken`)"
	const list = "POST /jwt/refresh {userId}: retrieve by user, plus X-Refresh-Operation and a hint"
	const path = "/jwt/refresh"
	runRows(t, []row{
		{law, "POST", path, nil, `{"refreshToken":"{token}"}`, refreshes},
		{law, "POST", path, []string{"Cookie", "refreshToken={token}"}, ``, refreshes},
		{law, "POST", path, []string{"Cookie", "refreshToken={token}"}, `{}`, refreshes},
		{law, "POST", path, []string{"Authorization", "Bearer {access}"}, `{"refreshToken":"{token}"}`, refreshes},
		{law, "POST", path, []string{"Cookie", "accessToken={access}"}, `{"refreshToken":"{token}"}`, refreshes},
		{law, "POST", path, nil, `{"refreshToken":"{token}","token":"{access}"}`, refreshes},
		{law, "POST", path, nil, `{"refreshToken":"{token}","accessToken":"{access}"}`, refreshes},
		{law, "POST", path, []string{"Cookie", "refresh_token={token}; access_token={access}"}, ``, refreshes},
		{"A trailing slash means nothing", "POST", path + "/", nil, `{"refreshToken":"{token}"}`, refreshes},

		{"POST /jwt/refresh {id}: retrieve by id", "POST", path, nil, `{"id":"{id}"}`, retrievesByID},
		{"POST /jwt/refresh/{id} without body", "POST", path + "/{id}", nil, ``, retrievesByID},
		{"POST /jwt/refresh/{id} with {}", "POST", path + "/{id}", nil, `{}`, retrievesByID},
		{"A trailing slash means nothing", "POST", path + "/{id}/", nil, ``, retrievesByID},

		{list, "POST", path, nil, `{"userId":"{user}"}`, hintsAtDeletes},
		{list, "POST", path, nil, `{"userID":"{user}"}`, hintsAtDeletes},
		{list, "POST", path, nil, `{"usersId":"{user}"}`, hintsAtDeletes},
		{"the same value under two aliases is one value", "POST", path, nil, `{"userId":"{user}","usersId":"{user}"}`, hintsAtDeletes},
		{
			"the same with \"operation\":\"delete\" in the body: delete by user",
			"POST", path, nil, `{"userId":"{user}","operation":"delete"}`, deletesUser,
		},
		{"userId=userID=usersId", "POST", path, nil, `{"operation":"delete","usersId":"{user}"}`, deletesUser},
	})
}

func TestPostDeletingFormsMeanWhatTheTableSays(t *testing.T) {
	t.Parallel()
	const both = "POST /jwt/refresh {userId, applicationsId}: delete by user and application"
	const path = "/jwt/refresh"
	runRows(t, []row{
		{both, "POST", path, nil, `{"userId":"{user}","applicationsId":"{web}"}`, deletesUserInWeb},
		{both, "POST", path, nil, `{"userId":"{user}","applicationId":"{web}"}`, deletesUserInWeb},
		{both, "POST", path, nil, `{"applicationsId":"{web}","userID":"{user}"}`, deletesUserInWeb},
		{both, "POST", path, nil, `{"usersId":"{user}","applicationId":"{web}","applicationsId":"{web}"}`, deletesUserInWeb},
		{"POST /jwt/refresh {tokenId}: delete by id", "POST", path, nil, `{"tokenId":"{id}"}`, deletesOne},
		{"POST /jwt/refresh {TokenString}: delete by string", "POST", path, nil, `{"TokenString":"{token}"}`, deletesOne},
		{"TokenString=tokenString", "POST", path, nil, `{"tokenString":"{token}"}`, deletesOne},
	})
}

func TestDeleteFormsMeanWhatTheTableSays(t *testing.T) {
	t.Parallel()
	const law = "DELETE /jwt/refresh, keys in body or query: the matching delete"
	const path = "/jwt/refresh"
	runRows(t, []row{
		{law, "DELETE", path, nil, `{"userId":"{user}"}`, deletesUser},
		{law, "DELETE", path, nil, `{"userID":"{user}"}`, deletesUser},
		{law, "DELETE", path, nil, `{"usersId":"{user}"}`, deletesUser},
		{law, "DELETE", path + "?userId={user}", nil, ``, deletesUser},
		{"Aliases hold in the query too", "DELETE", path + "?usersId={user}", nil, ``, deletesUser},
		{"Aliases hold in the query too", "DELETE", path + "?userID={user}", nil, ``, deletesUser},
		{law, "DELETE", path, nil, `{"userId":"{user}","applicationId":"{web}"}`, deletesUserInWeb},
		{law, "DELETE", path, nil, `{"userId":"{user}","applicationsId":"{web}"}`, deletesUserInWeb},
		{law, "DELETE", path + "?userId={user}&applicationId={web}", nil, ``, deletesUserInWeb},
		{law, "DELETE", path + "?usersId={user}&applicationsId={web}", nil, ``, deletesUserInWeb},
		{"the same value under two aliases is one value", "DELETE", path + "?usersId={user}&userId={user}", nil, ``, deletesUser},
		{law, "DELETE", path, nil, `{"tokenId":"{id}"}`, deletesOne},
		{law, "DELETE", path + "?tokenId={id}", nil, ``, deletesOne},
		{law, "DELETE", path, nil, `{"token":"{token}"}`, deletesOne},
		{law, "DELETE", path, nil, `{"TokenString":"{token}"}`, deletesOne},
		{law, "DELETE", path, nil, `{"tokenString":"{token}"}`, deletesOne},
		{law, "DELETE", path + "?token={token}", nil, ``, deletesOne},
		{law, "DELETE", path + "?TokenString={token}", nil, ``, deletesOne},
		{law, "DELETE", path + "?tokenString={token}", nil, ``, deletesOne},
		{"A trailing slash means nothing", "DELETE", path + "/", nil, `{"userId":"{user}"}`, deletesUser},
		{"A trailing slash means nothing", "DELETE", path + "/?userId={user}", nil, ``, deletesUser},
	})
}

func TestCanonicalRoutesDoWhatTheyAreNamedFor(t *testing.T) {
	t.Parallel()
	const revoke = "on POST /jwt/revoke (keys `TokenString`, `token` or `refreshToken`, one of them), it is the refresh-token string"
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	runRows(t, []row{
		{"GET /jwt/refresh/{tokenId}", "GET", "/jwt/refresh/{id}", nil, ``, retrievesByID},
		{"A trailing slash means nothing", "GET", "/jwt/refresh/{id}/", nil, ``, retrievesByID},
		{"GET /jwt/refresh?userId=", "GET", "/jwt/refresh?userId={user}", nil, ``, retrievesByUser},
		{"A trailing slash means nothing", "GET", "/jwt/refresh/?userId={user}", nil, ``, retrievesByUser},
		{"Aliases hold in the query too", "GET", "/jwt/refresh?usersId={user}", nil, ``, retrievesByUser},
		{"Aliases hold in the query too", "GET", "/jwt/refresh?userID={user}", nil, ``, retrievesByUser},
		{"DELETE /jwt/refresh/{tokenId}", "DELETE", "/jwt/refresh/{id}", nil, ``, deletesOne},
		{"A trailing slash means nothing", "DELETE", "/jwt/refresh/{id}/", nil, ``, deletesOne},
		{revoke, "POST", "/jwt/revoke", nil, `{"TokenString":"{token}"}`, deletesOne},
		{revoke, "POST", "/jwt/revoke", nil, `{"tokenString":"{token}"}`, deletesOne},
		{revoke, "POST", "/jwt/revoke", nil, `{"token":"{token}"}`, deletesOne},
		{revoke, "POST", "/jwt/revoke", nil, `{"refreshToken":"{token}"}`, deletesOne},
		{"A trailing slash means nothing", "POST", "/jwt/revoke/", nil, `{"token":"{token}"}`, deletesOne},
		{"real form data is read on /jwt/revoke", "POST", "/jwt/revoke", form, `token={token}`, deletesOne},
		{"real form data is read on /jwt/revoke", "POST", "/jwt/revoke", form, `TokenString={token}`, deletesOne},
		{"real form data is read on /jwt/revoke", "POST", "/jwt/revoke", form, `refreshToken={token}`, deletesOne},
		{"DELETE /jwt/users/{userId}/refresh", "DELETE", "/jwt/users/{user}/refresh", nil, ``, deletesUser},
		{"A trailing slash means nothing", "DELETE", "/jwt/users/{user}/refresh/", nil, ``, deletesUser},
		{
			"DELETE /jwt/users/{userId}/applications/{applicationId}/refresh",
			"DELETE", "/jwt/users/{user}/applications/{web}/refresh", nil, ``, deletesUserInWeb,
		},
		{
			"A trailing slash means nothing",
			"DELETE", "/jwt/users/{user}/applications/{web}/refresh/", nil, ``, deletesUserInWeb,
		},
	})
}

func TestTheOverrideHeaderTurnsAPostIntoTheDeleteForm(t *testing.T) {
	t.Parallel()
	const law = "any POST with header X-HTTP-Method-Override: DELETE: as the DELETE form with the same path and body"
	const other = "any other value of the header is a 400"
	const only = "only on /jwt/refresh and /jwt/refresh/{id}; elsewhere a 400"
	const name = "X-HTTP-Method-Override"
	const path = "/jwt/refresh"
	d := []string{name, "DELETE"}
	runRows(t, []row{
		{law, "POST", path, d, `{"userId":"{user}"}`, deletesUser},
		{law, "POST", path + "/", d, `{"userID":"{user}"}`, deletesUser},
		{law, "POST", path, d, `{"userId":"{user}","applicationsId":"{web}"}`, deletesUserInWeb},
		{law, "POST", path, d, `{"tokenId":"{id}"}`, deletesOne},
		{law, "POST", path, d, `{"token":"{token}"}`, deletesOne},
		{law, "POST", path, d, `{"TokenString":"{token}"}`, deletesOne},
		{law, "POST", path + "/{id}", d, ``, deletesOne},
		{law, "POST", path + "/{id}/", d, ``, deletesOne},
		{"The override is DELETE in any case", "POST", path, []string{name, "delete"}, `{"userId":"{user}"}`, deletesUser},
		{"The override is DELETE in any case", "POST", path, []string{name, "DeLeTe"}, `{"tokenId":"{id}"}`, deletesOne},
		{"header names have no case", "POST", path, []string{"x-http-method-override", "DELETE"}, `{"userId":"{user}"}`, deletesUser},
		{law, "POST", path, d, ``, refuses(400)},
		{law, "POST", path, d, `{"id":"{id}"}`, refuses(400)},
		{law, "POST", path, d, `{"refreshToken":"{token}"}`, refuses(400)},
		{law, "POST", path + "/{id}", d, `{"applicationsId":"{web}"}`, refuses(400)},
		{law, "POST", path + "/{id}", d, `{"userId":"{user}"}`, refuses(400)},
		{"POST reads its body only", "POST", path + "?userId={user}", d, ``, refuses(400)},
		{other, "POST", path, []string{name, "GET"}, `{"userId":"{user}"}`, refuses(400)},
		{other, "POST", path, []string{name, "POST"}, `{"userId":"{user}"}`, refuses(400)},
		{other, "POST", path, []string{name, ""}, `{"userId":"{user}"}`, refuses(400)},
		{other, "POST", path, []string{name, "PATCH"}, `{"refreshToken":"{token}"}`, refuses(400)},
		{other, "POST", path + "/{id}", []string{name, "GET"}, ``, refuses(400)},
		{only, "POST", "/jwt/issue", d, `{"userId":"{user}","applicationId":"{web}"}`, refuses(400)},
		{only, "POST", "/jwt/revoke", d, `{"token":"{token}"}`, refuses(400)},
		{only, "DELETE", "/jwt/users/{user}/refresh", d, ``, refuses(400)},
	})
}
