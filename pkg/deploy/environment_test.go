package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/process"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

// function is a function with an environment. What else AWS sets has a value.
func function(t *testing.T, environment map[string]string) *deploy.Function {
	t.Helper()
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Setenv(name, "set")
	}
	for name, value := range environment {
		t.Setenv(name, value)
	}
	return deploy.New()
}

func TestTheErrorListsEveryMistakeOnce(t *testing.T) {
	f := function(t, map[string]string{
		process.Issuer: "auth.example.com", process.Origins: "https://a.example, b.example,*,https://c.example/,null,https://D.example,https://*.example",
		process.Headers: "X-Request-Id,a b", process.Cookies: ".example.com", process.PublicURLs: "https://a.example,b.example",
		process.SigningAlg: "HS256", process.EpochCopies: "65", "AWS_REGION": "",
	})
	f.Shell()
	f.Minter()
	f.Verifier()
	table.Store(f)
	f.RotateSigningKeys()
	want := []string{
		"AWS_REGION", "TABLE_NAME is not set", "TOKEN_KEYS_SECRET_ARN is not set", "SIGNING_KEYS_SECRET_ARN is not set",
		"PUBLIC_KEYS_SECRET_ARN is not set", "ISSUER must be", "SIGNING_ALGORITHM must be", "EPOCH_COPIES must be",
		`"b.example"`, `"*"`, `"https://c.example/"`, `"null"`, `"https://D.example"`, `"https://*.example"`,
		`"a b" must be the name of a header`, `".example.com" must be one domain`,
		`PUBLIC_URLS: "b.example" must be a URL`,
	}
	got := strings.Split(f.Err().Error(), "\n")
	for _, part := range want {
		if !slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, part) }) {
			t.Errorf("got %q, want %s in it", got, part)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d mistakes, want %d: %q", len(got), len(want), got)
	}
}

func TestAPartNeedsItsOwnVariablesAlone(t *testing.T) {
	f := function(t, map[string]string{
		process.TableName: "tokens", process.EpochCopies: "4", process.Origins: "https://a.example, http://localhost:5173,http://[::1]:80,capacitor://localhost,chrome-extension://abc",
		process.Headers: "X-Request-Id, X-B3-TraceId", process.Cookies: "example.com",
	})
	store, shell := table.Store(f), f.Shell()
	if err := f.Err(); err != nil || store.Table != "tokens" || store.EpochCopies != 4 {
		t.Errorf("got table %q with %d copies, %v, want tokens with 4", store.Table, store.EpochCopies, err)
	}
	if got := shell.Origins; len(got.Allowed) != 5 || len(got.Sends) != 2 || shell.CookieDomain != "example.com" {
		t.Errorf("got %+v and the domain %q, want five origins, two headers and example.com", got, shell.CookieDomain)
	}
}
