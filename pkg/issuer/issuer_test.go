package issuer_test

import (
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
)

const service issuer.Service = "https://tokens.example"

// Law 6: no two tenants have one issuer, and none has an issuer that a URL would change.
func TestEachTenantIsAnIssuer(t *testing.T) {
	for tenant, want := range map[string]string{
		"demo": "/t/demo", "AZaz09-._~": "/t/AZaz09-._~", "a b": "/t/a%20b", "a+b": "/t/a%2Bb", "a/../b": "/t/a%2F..%2Fb",
		"d\u00e9mo": "/t/d%C3%A9mo", "%64": "/t/%2564", "a:@!$&'()*,;=": "/t/a%3A%40%21%24%26%27%28%29%2A%2C%3B%3D",
	} {
		if got := service.Of(tenant); got != string(service)+want {
			t.Errorf("tenant %q: got %q, want %q", tenant, got, string(service)+want)
		}
	}
}

func TestAServiceHasTheIssuersOfItsTenantsAlone(t *testing.T) {
	long := strings.Repeat("x", 64)
	for iss, want := range map[string]bool{
		"https://tokens.example/t/demo": true, "https://tokens.example/t/" + long: true, "https://tokens.example/t/AZaz09-._~": true,
		"": false, "https://tokens.example": false, "https://tokens.example/t": false, "https://tokens.example/t/": false,
		"https://tokens.example/t/.": false, "https://tokens.example/t/..": false, "https://tokens.example/t/a/b": false,
		"https://tokens.example/t/%64": false, "https://tokens.example/t/" + long + "x": false, "https://other.example/t/demo": false,
		"https://tokens.example.evil/t/demo": false, "https://TOKENS.example/t/demo": false, "/t/demo": false,
	} {
		if got := service.Has(iss); got != want {
			t.Errorf("%q: got %v, want %v", iss, got, want)
		}
	}
	if issuer.Service("").Has("/t/demo") {
		t.Error("a service without a URL has issuers")
	}
}
