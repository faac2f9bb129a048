package operator_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func TestATenantWithoutApplicationsGetsNoKey(t *testing.T) {
	d := newDesk(t)
	const key = `{"tenantId":%q,"name":"x","permissions":["tokens:read"]}`
	d.wantRefused("InputError", []string{"tenantId has no application"}, api.CreateAPIKey, key, "dmeo")
	d.do(api.DeleteApplication, `{"tenantId":"other","applicationId":"web"}`)
	d.wantRefused("InputError", []string{"tenantId has no application"}, api.CreateAPIKey, key, fixture.Other)
	d.do(api.PutApplication, `{"tenantId":"other","applicationId":"web"}`)
	d.do(api.CreateAPIKey, key, fixture.Other)
}

func TestANewKeyIsShownOnceAndWorksAsItWasMade(t *testing.T) {
	d := newDesk(t)
	out := d.do(api.CreateAPIKey,
		`{"tenantId":"demo","name":"Backend ä","permissions":["tokens:read","tokens:issue"],"expiresAt":"2026-01-15T14:30:00+02:00"}`)
	text := fmt.Sprint(out["apiKey"])
	drawn, ok := token.ParseAPIKey(text)
	stored, err := d.store.APIKey(t.Context(), drawn.ID)
	if !ok || err != nil || !stored.SecretHash.Equal(drawn.Secret.Hash()) || out["keyId"] != drawn.ID {
		t.Fatalf("got %q, stored %v, %v; want the key with its hash", text, stored, err)
	}
	if !stored.ExpiresAt.Equal(fixture.Noon().Add(30*time.Minute)) || !at(t, out["expiresAt"]).Equal(stored.ExpiresAt) {
		t.Errorf("expiresAt: got %v and %v, want half an hour past noon", stored.ExpiresAt, out["expiresAt"])
	}
	list := fmt.Sprint(d.do(api.ListAPIKeys, `{"tenantId":"demo"}`))
	if !strings.Contains(list, drawn.ID) || !strings.Contains(list, "Backend ä") {
		t.Errorf("got %s, want the key in it", list)
	}
	hash := stored.SecretHash
	for _, secret := range []string{
		text[len(text)-20:], hex.EncodeToString(hash[:]), base64.StdEncoding.EncodeToString(hash[:]), "ecret", "ash",
	} {
		if strings.Contains(list, secret) {
			t.Errorf("the list shows a secret or a hash (%d bytes): %s", len(secret), list)
		}
	}
}

func TestARotatedKeyExpiresAtTheEarlierOfItsEndAndTheOverlap(t *testing.T) {
	for _, c := range []struct {
		name, end, overlap string
		want               time.Duration // after Noon
	}{
		{"default", "", "", 24 * time.Hour},
		{"longest", "", `,"overlapSeconds":2592000`, 30 * 24 * time.Hour},
		{"own end is earlier", `,"expiresAt":"2026-01-15T13:00:00Z"`, "", time.Hour},
		{"own end is later", `,"expiresAt":"2026-01-15T13:00:00Z"`, `,"overlapSeconds":60`, time.Minute},
	} {
		d := newDesk(t)
		old := d.do(api.CreateAPIKey, `{"tenantId":"demo","name":"backend","permissions":["tokens:issue","tokens:read"]%s}`, c.end)
		payload := fmt.Sprintf(`{"tenantId":"demo","keyId":%q%s}`, old["keyId"], c.overlap)
		made := map[any]bool{old["keyId"]: true}
		for range 3 { // a repetition makes one more key and moves no expiry
			out := d.do(api.RotateAPIKey, "%s", payload)
			previous := out["previous"].(map[string]any)
			if end := at(t, previous["expiresAt"]); !end.Equal(fixture.Noon().Add(c.want)) || previous["keyId"] != old["keyId"] {
				t.Errorf("%s: got an end of %v, want %v after noon", c.name, end, c.want)
			}
			if out["name"] != "backend" || fmt.Sprint(out["permissions"]) != "[tokens:issue tokens:read]" || out["expiresAt"] != nil {
				t.Errorf("%s: got %v, want a key of the same name and permissions, without an end", c.name, out)
			}
			drawn, ok := token.ParseAPIKey(fmt.Sprint(out["apiKey"]))
			if !ok || drawn.ID != out["keyId"] || made[drawn.ID] {
				t.Errorf("%s: got %v, want a new key", c.name, out["apiKey"])
			}
			made[drawn.ID] = true
			d.clock.Pass(time.Second)
		}
		d.clock.Pass(c.want)
		d.wantRefused("InputError", []string{"keyId", "expired"}, api.RotateAPIKey, "%s", payload)
	}
}

func TestARotationWithoutOverlapEndsTheOldKeyAtOnce(t *testing.T) {
	d := newDesk(t)
	payload := fmt.Sprintf(`{"tenantId":"demo","keyId":%q,"overlapSeconds":0}`, fixture.APIKey("read").ID)
	if end := at(t, d.do(api.RotateAPIKey, "%s", payload)["previous"].(map[string]any)["expiresAt"]); !end.Equal(fixture.Noon()) {
		t.Errorf("got an end at %v, want noon", end)
	}
	d.wantRefused("InputError", []string{"keyId", "expired"}, api.RotateAPIKey, "%s", payload)
}

// Who pastes the whole key keeps its secret to himself.
func TestAWholeKeyIsNoIDAndIsNotLogged(t *testing.T) {
	d := newDesk(t)
	for _, op := range []api.Operation{api.RotateAPIKey, api.DeleteAPIKey} {
		d.wantRefused("InputError", []string{"keyId", "middle part"}, op, `{"tenantId":"demo","keyId":%q}`, fixture.KeyText("read"))
	}
	if secret := fixture.KeyText("read")[37:]; strings.Contains(d.log.String(), secret) {
		t.Errorf("got the secret in the log:\n%s", d.log.String())
	}
}

func TestRotationsAtOnceMakeAKeyEachAndAgreeOnTheEnd(t *testing.T) {
	d := newDesk(t)
	id := fixture.APIKey("read").ID
	var mu sync.Mutex
	ends, made := map[string]bool{}, map[any]bool{}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			out, err := d.try(api.RotateAPIKey, `{"tenantId":"demo","keyId":%q}`, id)
			if err != nil {
				t.Errorf("got %v, want a key", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			made[out["keyId"]] = true
			ends[fmt.Sprint(out["previous"].(map[string]any)["expiresAt"])] = true
		})
	}
	all.Wait()
	stored, err := d.store.APIKey(t.Context(), id)
	if err != nil || len(made) != 4 || len(ends) != 1 || !stored.ExpiresAt.Equal(fixture.Noon().Add(24*time.Hour)) {
		t.Errorf("got %d keys, ends %v, stored %v, %v; want 4 and one end", len(made), ends, stored.ExpiresAt, err)
	}
}
