package operator_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/operator"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// desk is an operator over the tenants of pkg/fixture.
type desk struct {
	*testing.T
	operator.Operator

	tenants fixture.Tenants
	store   *embedded.Store
	clock   *fixture.Clock
	log     bytes.Buffer
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{T: t}
	d.tenants, d.store, d.clock = fixture.Populated(t)
	d.Operator = operator.Operator{
		Store: d.store, Now: d.clock.Now, Random: rand.Reader,
		Log: telemetry.Log{Logger: slog.New(slog.NewJSONHandler(&d.log, nil))},
	}
	return d
}

// try gives a function a payload.
func (d *desk) try(op api.Operation, format string, args ...any) (map[string]any, error) {
	answer, err := d.Functions()[op](d.Context(), fmt.Appendf(nil, format, args...))
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	var out map[string]any // every answer is an object
	return out, json.Unmarshal(raw, &out)
}

func (d *desk) do(op api.Operation, format string, args ...any) map[string]any {
	d.Helper()
	out, err := d.try(op, format, args...)
	if err != nil {
		d.Fatalf("%s: got %v, want an answer", op, err)
	}
	return out
}

// wantRefused wants an error of this type whose message has these words, and nothing changed.
func (d *desk) wantRefused(kind string, words []string, op api.Operation, format string, args ...any) {
	d.Helper()
	before := d.contents()
	_, err := d.try(op, format, args...)
	if got := fmt.Sprintf("%T", err); got != "operator."+kind {
		d.Errorf("%s %s: got %s (%v), want %s", op, fmt.Sprintf(format, args...), got, err, kind)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			d.Errorf("%s: got %q, want %q in it", op, err, word)
		}
	}
	if after := d.contents(); before != after {
		d.Errorf("%s: got a change, want none:\n%s\n%s", op, before, after)
	}
}

// contents are the applications and API keys of both tenants.
func (d *desk) contents() string {
	d.Helper()
	var all []any
	for _, tenant := range []string{fixture.Demo, fixture.Other} {
		all = append(all, d.do(api.RetrieveApplications, `{"tenantId":%q}`, tenant), d.do(api.ListAPIKeys, `{"tenantId":%q}`, tenant))
	}
	return fmt.Sprint(all)
}

func TestEveryFieldAtFaultIsNamedAndNothingChanges(t *testing.T) {
	d := newDesk(t)
	key := fixture.APIKey("read").ID
	for _, c := range []struct {
		op      api.Operation
		payload string
		words   []string
	}{
		{api.PutApplication, `[]`, []string{"the payload must be one JSON object"}},
		{api.PutApplication, `{"tenantId":"demo","tenantId":"other"}`, []string{"doubled"}},
		{api.PutApplication, `{"tenantID":"demo","applicationId":7,"colour":1}`, []string{
			"tenantID is not known", "colour is not known", "applicationId must be",
		}},
		{api.PutApplication, `{}`, []string{"tenantId must be 1 to 64 of", "applicationId must not be blank"}},
		{api.PutApplication, `{"tenantId":"demo","applicationId":"web","name":null}`, []string{"name must be a string"}},
		{
			api.PutApplication,
			`{"tenantId":"demo","applicationId":"web","settings":{"usage":"twice","colour":1,"overlapSeconds":"30","requireAccessToken":0}}`,
			[]string{
				"settings.colour is not known", "settings.overlapSeconds must be a whole number",
				"settings.requireAccessToken must be true or false",
			},
		},
		{
			api.PutApplication, `{"tenantId":"demo","applicationId":"web","settings":{"usage":"twice"}}`,
			[]string{"settings.usage must be oneTime or reusable"},
		},
		{api.PutApplication, `{"tenantId":"demo","applicationId":"web","settings":[]}`, []string{"settings must be"}},
		{api.RetrieveApplications, `{"tenantId":"demo","cursor":"AAAA"}`, []string{"cursor must be"}},
		{api.RetrieveApplications, `{"tenantId":"demo","applicationId":"web","cursor":"AAAA"}`, []string{"cursor is of a list"}},
		{
			api.DeleteApplication, `{"tenantId":"demo","applicationId":"web","reason":"` + strings.Repeat("x", 33) + `"}`,
			[]string{"reason may have"},
		},
		{api.DeleteByTenant, `{"tenantId":"demo","reason":"A"}`, []string{"reason may have"}},
		{api.DeleteByTenant, `{}`, []string{"tenantId must not be blank"}},
		{
			api.CreateAPIKey, `{"tenantId":"demo","name":"x","permissions":"tokens:read"}`,
			[]string{"permissions must be a list of strings"},
		},
		{
			api.CreateAPIKey,
			`{"tenantId":"demo","name":"\u0007","permissions":["tokens:read","tokens:read"],"expiresAt":"2026-01-15T12:00:00Z"}`,
			[]string{"name must be", "permissions must be some of", "each once", "expiresAt must be in the future"},
		},
		{
			api.CreateAPIKey, `{"tenantId":"demo","name":"x","permissions":["tokens:read"],"expiresAt":"tomorrow"}`,
			[]string{"expiresAt must be a time"},
		},
		{
			api.RotateAPIKey, `{"tenantId":"demo","keyId":"` + key + `","overlapSeconds":-1}`,
			[]string{"overlapSeconds must be from 0 to 2592000"},
		},
		{
			api.RotateAPIKey, `{"tenantId":"demo","keyId":"` + key + `","overlapSeconds":1.5}`,
			[]string{"overlapSeconds must be a whole number"},
		},
		{api.ListAPIKeys, `{"tenantId":""}`, []string{"tenantId must not be blank"}},
		{api.DeleteAPIKey, `{"keyId":"` + key + `"}`, []string{"tenantId must not be blank"}},
	} {
		d.wantRefused("InputError", c.words, c.op, "%s", c.payload)
	}
	for _, op := range []api.Operation{api.RetrieveApplications, api.DeleteApplication} {
		d.wantRefused("NotFoundError", []string{"applicationId names no application"}, op, `{"tenantId":"other","applicationId":"service"}`)
	}
	for _, op := range []api.Operation{api.RotateAPIKey, api.DeleteAPIKey} {
		d.wantRefused("NotFoundError", []string{"keyId names no API key"}, op, `{"tenantId":"other","keyId":%q}`, key)
		d.wantRefused("NotFoundError", []string{"keyId names no API key"}, op, `{"tenantId":"demo","keyId":"unknown"}`)
	}
}

// Clients remove dot segments from a path (RFC 3986 section 5.2.4): what is called so could not be deleted by itself.
func TestAnOperatorNamesNothingADotSegment(t *testing.T) {
	d := newDesk(t)
	for _, id := range []string{".", ".."} {
		why := []string{"clients remove"}
		d.wantRefused("InputError", why, api.PutApplication, `{"tenantId":"demo","applicationId":%q}`, id)
		d.wantRefused("InputError", why, api.PutApplication, `{"tenantId":%q,"applicationId":"x"}`, id)
		d.wantRefused("InputError", why, api.CreateAPIKey, `{"tenantId":%q,"name":"x","permissions":["tokens:read"]}`, id)
	}
}

func TestAnOperatorMakesOnlyTenantsThatAHeaderCanName(t *testing.T) {
	d := newDesk(t)
	for _, id := range []string{"acme ", "a,b", "d\u00e9mo", strings.Repeat("x", 65)} {
		why := []string{"tenantId must be 1 to 64 of"}
		d.wantRefused("InputError", why, api.PutApplication, `{"tenantId":%q,"applicationId":"x"}`, id)
		d.wantRefused("InputError", why, api.CreateAPIKey, `{"tenantId":%q,"name":"x","permissions":["tokens:read"]}`, id)
	}
}

func TestOneLineTellsWhatAnOperatorDid(t *testing.T) {
	d := newDesk(t)
	out := d.do(api.CreateAPIKey, `{"tenantId":"demo","name":"backend","permissions":["tokens:read"]}`)
	d.do(api.DeleteApplication, `{"tenantId":"demo","applicationId":"web","reason":"retired"}`)
	_, _ = d.try(api.DeleteApplication, `{"tenantId":"demo","applicationId":"web","colour":"red"}`)
	for i, want := range []map[string]any{
		{"op": "create-api-key", "outcome": "ok", "tenant": "demo", "level": "INFO"},
		{"op": "delete-application", "outcome": "ok", "application": "web", "reason": "retired", "level": "INFO"},
		{"op": "delete-application", "outcome": "bad request", "level": "INFO", "error": nil},
	} {
		var line map[string]any
		if err := json.Unmarshal(bytes.Split(d.log.Bytes(), []byte("\n"))[i], &line); err != nil {
			t.Fatalf("got %s, want lines of JSON: %v", d.log.Bytes(), err)
		}
		for name, value := range want {
			if line[name] != value {
				t.Errorf("line %d, %s: got %v, want %v", i, name, line[name], value)
			}
		}
	}
	if key := fmt.Sprint(out["apiKey"]); strings.Contains(d.log.String(), key[len(key)-24:]) {
		t.Error("the log holds the new API key")
	}
}

// A store that fails tells the operator so, with the cause in the log.
func TestAFailureIsNotTheOperatorsMistake(t *testing.T) {
	d := newDesk(t)
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	for op, payload := range map[api.Operation]string{
		api.PutApplication:       `{"tenantId":"demo","applicationId":"web"}`,
		api.RetrieveApplications: `{}`,
		api.DeleteApplication:    `{"tenantId":"demo","applicationId":"web"}`,
		api.DeleteByTenant:       `{"tenantId":"demo"}`,
		api.CreateAPIKey:         `{"tenantId":"demo","name":"x","permissions":["tokens:read"]}`,
		api.RotateAPIKey:         `{"tenantId":"demo","keyId":"x"}`,
		api.ListAPIKeys:          `{"tenantId":"demo"}`,
		api.DeleteAPIKey:         `{"tenantId":"demo","keyId":"x"}`,
	} {
		d.log.Reset()
		_, err := d.try(op, "%s", payload)
		if got := fmt.Sprintf("%T", err); got != "operator.UnavailableError" {
			t.Errorf("%s: got %s (%v), want UnavailableError", op, got, err)
		}
		if line := d.log.String(); !strings.Contains(line, `"outcome":"unavailable"`) || !strings.Contains(line, `"level":"ERROR"`) {
			t.Errorf("%s: got the line %s, want an error", op, line)
		}
	}
}

func TestListsShowEverythingInPages(t *testing.T) {
	d := newDesk(t)
	const many = 501 // one more than a page
	want := []string{}
	done := make(chan error, 2*many)
	for i := range many {
		id := fmt.Sprintf("id-%03d", i)
		want = append(want, id)
		for _, app := range []session.Application{fixture.Application("many", id, nil), fixture.Application(id, "web", nil)} {
			go func() {
				_, err := d.store.PutApplication(t.Context(), app)
				done <- err
			}()
		}
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	var cursors []any
	ids := func(list, id string, payload map[string]any) (all []string) {
		for pages := 1; ; pages++ {
			raw, _ := json.Marshal(payload)
			out := d.do(api.RetrieveApplications, "%s", raw)
			for _, one := range out[list].([]any) {
				all = append(all, fmt.Sprint(one.(map[string]any)[id]))
			}
			if payload["cursor"] = out["nextCursor"]; out["nextCursor"] == nil {
				if pages != 2 {
					t.Errorf("%s: got %d pages, want 2", list, pages)
				}
				return all
			}
			cursors = append(cursors, out["nextCursor"])
		}
	}
	if got := ids("applications", "applicationId", map[string]any{"tenantId": "many"}); !slices.Equal(got, want) {
		t.Errorf("applications: got %d, %v; want %d", len(got), got, many)
	}
	want = append(append([]string{fixture.Demo}, want...), "many", fixture.Other)
	if got := ids("tenants", "tenantId", map[string]any{}); !slices.Equal(got, want) {
		t.Errorf("tenants: got %d, %v; want %d", len(got), got, len(want))
	}
	d.wantRefused("InputError", []string{"cursor"}, api.RetrieveApplications, `{"tenantId":"demo","cursor":%q}`, cursors[0])
	d.wantRefused("InputError", []string{"cursor"}, api.RetrieveApplications, `{"tenantId":"many","cursor":%q}`, cursors[1])
}

// at is a time in an answer.
func at(t *testing.T, value any) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, fmt.Sprint(value))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
