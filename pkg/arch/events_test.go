package arch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An operation without a refresh token has no expired or reused one; a public document has no wrong tenant.
func TestEventsHaveTheCasesOfTheirOperations(t *testing.T) {
	for operation, cases := range map[string]string{
		"issue":                          "wrong-tenant malformed forbidden",
		"refresh":                        "expired reused forged wrong-tenant malformed",
		"retrieve-by-id":                 "expired wrong-tenant malformed",
		"retrieve-by-user":               "wrong-tenant malformed other-user",
		"retrieve-history":               "wrong-tenant malformed other-user",
		"update-by-id":                   "expired wrong-tenant malformed owner owner-forbidden",
		"update-by-user":                 "wrong-tenant malformed forbidden",
		"delete-by-id":                   "expired wrong-tenant malformed",
		"delete-by-string":               "expired reused wrong-tenant malformed",
		"delete-by-user":                 "wrong-tenant malformed",
		"delete-by-application":          "wrong-tenant malformed forbidden",
		"delete-by-user-and-application": "wrong-tenant malformed",
		"logout":                         "expired reused wrong-tenant malformed cross-site cookie",
		"documented-forms":               "expired wrong-tenant malformed anchor override",
		"user-refresh-token":             "expired reused wrong-tenant malformed other-session",
		"authenticate-refresh":           "expired reused wrong-tenant malformed rotating",
		"oauth-token":                    "expired reused wrong-tenant wrong-client malformed",
		"oauth-revoke":                   "expired unknown malformed access-token",
		"oauth-introspect":               "expired superseded wrong-tenant malformed forbidden",
		"oauth-metadata":                 "",
		"jwks":                           "",
		"authorizer":                     "access-token missing missing-tenant duplicate wrong-tenant forged expired lower-case-headers malformed",
		"authorize-resource":             "token http http-1 narrowed other-tenant missing duplicate other-audience api-key forged expired expired-http bound",
		"put-application":                "malformed",
		"retrieve-applications":          "one tenants wrong-tenant malformed",
		"delete-application":             "wrong-tenant malformed",
		"delete-by-tenant":               "malformed",
		"create-api-key":                 "malformed unknown-tenant",
		"rotate-api-key":                 "expired wrong-tenant malformed",
		"list-api-keys":                  "malformed",
		"delete-api-key":                 "wrong-tenant malformed",
		"rotate-signing-keys":            "set test finish retry malformed",
		"rotate-token-keys":              "set test finish retry malformed",
		"audit":                          "ttl malformed empty",
	} {
		for _, suffix := range append([]string{""}, strings.Fields(cases)...) {
			name := strings.TrimSuffix(operation+"-"+suffix, "-") + ".json"
			if _, err := os.Stat(filepath.Join(root, "events", name)); err != nil {
				t.Errorf("events/%s is missing", name)
			}
		}
	}
}
