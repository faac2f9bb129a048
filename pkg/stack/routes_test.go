package stack_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// The contract's table of operations, as method, path, operation and authorizer.
const contractRoutes = `
POST /jwt/issue issue authorizer
POST /jwt/refresh refresh -
GET /jwt/refresh/{tokenId} retrieve-by-id authorizer
GET /jwt/refresh retrieve-by-user authorizer
GET /jwt/users/{userId}/history retrieve-history authorizer
PATCH /jwt/refresh/{tokenId} update-by-id authorizer
PATCH /jwt/users/{userId}/refresh update-by-user authorizer
DELETE /jwt/refresh/{tokenId} delete-by-id authorizer
POST /jwt/revoke delete-by-string authorizer
DELETE /jwt/users/{userId}/refresh delete-by-user authorizer
DELETE /jwt/applications/{applicationId}/refresh delete-by-application authorizer
DELETE /jwt/users/{userId}/applications/{applicationId}/refresh delete-by-user-and-application authorizer
POST /jwt/logout logout -
POST /jwt/refresh/{tokenId} documented-forms authorizer
DELETE /jwt/refresh documented-forms authorizer
GET /.well-known/jwks.json jwks -
HEAD /.well-known/jwks.json jwks -
POST /User/RefreshToken user-refresh-token -
POST /user/refreshToken user-refresh-token -
POST /api/v1/authenticate/refresh authenticate-refresh -
POST /oauth2/token oauth-token -
POST /oauth2/revoke oauth-revoke -
POST /oauth2/introspect oauth-introspect authorizer
GET /.well-known/oauth-authorization-server oauth-metadata -
HEAD /.well-known/oauth-authorization-server oauth-metadata -
GET /.well-known/oauth-authorization-server/t/{tenantId} oauth-metadata -
HEAD /.well-known/oauth-authorization-server/t/{tenantId} oauth-metadata -
GET /t/{tenantId}/.well-known/oauth-authorization-server oauth-metadata -
HEAD /t/{tenantId}/.well-known/oauth-authorization-server oauth-metadata -
GET /t/{tenantId}/.well-known/openid-configuration oauth-metadata -
HEAD /t/{tenantId}/.well-known/openid-configuration oauth-metadata -
`

// contracted are the operation and authorizer of each route, with its preflight.
func contracted() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(strings.TrimSpace(contractRoutes)) {
		f := strings.Fields(line)
		all[f[0]+" "+f[1]] = f[2] + " " + strings.TrimPrefix(f[3], "-")
		all["OPTIONS "+f[1]] = "preflight "
	}
	return all
}

// Only the routes that the contract calls public have no authorizer, with and without its alias.
func TestRoutesAreTheContractsTable(t *testing.T) {
	for _, alias := range []string{"true", "false"} {
		got := map[string]string{}
		for _, r := range deployed(t, "UseAuthorizerAlias="+alias).API.Routes {
			got[r.Method+" "+r.Path] = r.Operation + " " + r.Authorizer
		}
		if diff := cmp.Diff(contracted(), got); diff != "" {
			t.Errorf("UseAuthorizerAlias=%s: routes (-contract +template):\n%s", alias, diff)
		}
	}
}

// sam local reads the events of functions in an order that hashes decide.
func TestRoutesOfSAMLocalAreTheContractsTableUnderEverySeed(t *testing.T) {
	sam := os.Getenv("SAM")
	if sam == "" {
		t.Skip("make template has SAM CLI")
	}
	for seed := range 6 {
		cmd := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(sam), "python"), "pkg/stack/validate/routes.py")
		cmd.Dir, cmd.Env = root, append(os.Environ(), fmt.Sprint("PYTHONHASHSEED=", seed))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for line := range strings.Lines(string(out)) {
			f := strings.Fields(line)
			operation, err := stack.Operation(f[2])
			if err != nil {
				t.Fatal(err)
			}
			authorizer := map[string]string{"-": "", "CredentialAuthorizer": "authorizer", "IntrospectionAuthorizer": "authorizer"}[f[3]]
			got[f[0]+" "+f[1]] = operation + " " + authorizer
		}
		if diff := cmp.Diff(contracted(), got); diff != "" {
			t.Errorf("seed %d: routes (-contract +sam local):\n%s", seed, diff)
		}
	}
}
