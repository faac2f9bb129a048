package token_test

import (
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Law 6: the claims of the hook stand over those of the session. A reader that folds case must not find the session's.
func TestTheHooksClaimsReplaceThoseOfTheSessionInAnyCase(t *testing.T) {
	for _, c := range []struct{ base, over, want string }{
		{``, ``, ``},
		{`{"b":1, "a":2}`, ``, `{"b":1, "a":2}`},
		{``, `{"role":"user"}`, `{"role":"user"}`},
		{`{"role":"admin","n":12345678901234567890}`, `{"role":"user"}`, `{"n":12345678901234567890,"role":"user"}`},
		{`{"Role":"admin","\u017ftaff":true}`, `{"role":"user","staff":false}`, `{"role":"user","staff":false}`},
		{`{"a":{"x":1}}`, `{"a":{"y":2}}`, `{"a":{"y":2}}`},
		{`{"a":1}`, `{}`, `{"a":1}`},
	} {
		if got := token.MergeClaims([]byte(c.base), []byte(c.over)); string(got) != c.want {
			t.Errorf("%s under %s: got %s, want %s", c.base, c.over, got, c.want)
		}
	}
}
