package verify_test

import (
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/verify"
)

func TestWhatIsNoEventOfTheServiceIsRefused(t *testing.T) {
	const good = `{"source":"refresh-tokens","detail-type":"token.deleted","detail":{"at":"2026-01-15T12:00:00Z","extent":"token","tenantId":"demo","tokenId":"x"}}`
	if _, err := verify.ParseEvent([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]string{
		"nothing": "", "no JSON": "token.deleted", "a list": "[]", "another source": strings.Replace(good, "refresh-tokens", "aws.s3", 1),
		"no type": strings.Replace(good, "token.deleted", "", 1), "no tenant": strings.Replace(good, `"demo"`, `""`, 1),
		"no time": strings.Replace(good, `"at"`, `"a"`, 1), "a bad time": strings.Replace(good, "2026-01-15", "yesterday ", 1),
		"a detail that is text": `{"source":"refresh-tokens","detail-type":"token.deleted","detail":"x"}`,
	} {
		if e, err := verify.ParseEvent([]byte(raw)); err == nil {
			t.Errorf("%s: got %+v, want an error", name, e)
		}
	}
	d := newDenylist(fixture.Noon)
	d.Apply(fixture.Must(verify.ParseEvent([]byte(strings.Replace(good, `"x"`, `""`, 1))))) // it names no session
	if d.Denies(claims(fixture.Noon(), nil)) || d.Stats().Entries != 0 {
		t.Error("an event without a session: want no entry")
	}
}
