package operator_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Law 9: making, changing and ending of applications and keys are entries of the tenant. What was refused leaves no
// entry.
func TestEveryChangeIsAnEntryOfTheTenantsHistory(t *testing.T) {
	d := newDesk(t)
	d.do(api.PutApplication, `{"tenantId":"demo","applicationId":"new","settings":{"overlapSeconds":60}}`)
	d.do(api.PutApplication, `{"tenantId":"demo","applicationId":"new","settings":{"overlapSeconds":90}}`)
	d.do(api.PutApplication, `{"tenantId":"demo","applicationId":"new","settings":{"overlapSeconds":90}}`) // no change
	key := d.do(api.CreateAPIKey, `{"tenantId":"demo","name":"x","permissions":["tokens:read"]}`)["keyId"]
	made := d.do(api.RotateAPIKey, `{"tenantId":"demo","keyId":%q}`, key)["keyId"]
	d.do(api.DeleteAPIKey, `{"tenantId":"demo","keyId":%q}`, key)
	d.do(api.DeleteApplication, `{"tenantId":"demo","applicationId":"new","reason":"retired"}`)
	d.do(api.DeleteByTenant, `{"tenantId":"demo","reason":"breach"}`)
	_, _ = d.try(api.DeleteAPIKey, `{"tenantId":"demo","keyId":%q}`, key)
	entries, _, err := d.store.Entries(t.Context(), session.EntryQuery{Tenant: fixture.Demo, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if e.By != session.ByOperator || e.User != "" {
			t.Errorf("%s: got author %s, user %q; want the operator and no user", e.Event, e.By, e.User)
		}
		what := e.Application + e.APIKey
		if e.Event == session.EventApplicationChanged {
			what += " " + string(e.Changed)
		}
		if e.Reason != "" {
			what += " " + e.Reason
		}
		got = append(got, fmt.Sprint(e.Event, " ", what))
	}
	want := []string{
		"application.created new", `application.changed new {"overlapSeconds":90}`, fmt.Sprint("key.created ", key),
		fmt.Sprint("key.rotated ", key), fmt.Sprint("key.created ", made), fmt.Sprint("key.deleted ", key),
		"application.deleted new retired", "deleted guarded breach", "deleted service breach", "deleted web breach",
	}
	slices.Sort(got) // the clock stands: all have one time
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
