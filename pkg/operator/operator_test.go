package operator_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/operator"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

func newOperator(t *testing.T, log io.Writer) operator.Operator {
	t.Helper()
	return operator.Operator{
		Store: fixture.Store(t, fixture.Noon), Now: fixture.Noon, Random: rand.Reader,
		Log: telemetry.Log{Logger: slog.New(slog.NewJSONHandler(log, nil))},
	}
}

// Clients remove dot segments from a path (RFC 3986 section 5.2.4): what is called so could not be deleted by itself.
func TestAnOperatorNamesNothingADotSegment(t *testing.T) {
	o := newOperator(t, io.Discard)
	for _, id := range []string{".", ".."} {
		_, err1 := o.PutApplication(t.Context(), fmt.Appendf(nil, `{"tenantId":"demo","applicationId":%q,"name":"x"}`, id))
		_, err2 := o.PutApplication(t.Context(), fmt.Appendf(nil, `{"tenantId":%q,"applicationId":"x","name":"x"}`, id))
		_, err3 := o.CreateAPIKey(t.Context(), fmt.Appendf(nil, `{"tenantId":%q,"permissions":[%q]}`, id, session.MayRead))
		for n, err := range []error{err1, err2, err3} {
			if err == nil || !strings.Contains(err.Error(), "clients remove") {
				t.Errorf("%q, %d: got %v, want a refusal that says why", id, n, err)
			}
		}
	}
}

func TestAnOperatorMakesOnlyTenantsThatAHeaderCanName(t *testing.T) {
	o := newOperator(t, io.Discard)
	for _, id := range []string{"acme ", "a,b", "d\u00e9mo", "", strings.Repeat("x", 65)} {
		_, err1 := o.PutApplication(t.Context(), fmt.Appendf(nil, `{"tenantId":%q,"applicationId":"x"}`, id))
		_, err2 := o.CreateAPIKey(t.Context(), fmt.Appendf(nil, `{"tenantId":%q,"permissions":[%q]}`, id, session.MayRead))
		for n, err := range []error{err1, err2} {
			if err == nil || !strings.Contains(err.Error(), "tenantId must be 1 to 64 of") {
				t.Errorf("%q, %d: got %v, want a refusal that says what a tenant id is", id, n, err)
			}
		}
	}
}

func TestOneLineTellsWhatAnOperatorDid(t *testing.T) {
	var log bytes.Buffer
	out, err := newOperator(t, &log).CreateAPIKey(t.Context(), fmt.Appendf(nil, `{"tenantId":"demo","permissions":[%q],"expiresAt":%q}`,
		session.MayRead, fixture.Noon().Add(time.Hour).Format(time.RFC3339)))
	if err != nil {
		t.Fatal(err)
	}
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("got %s, want one line of JSON: %v", &log, err)
	}
	for name, want := range map[string]any{"op": "create-api-key", "outcome": "ok", "tenant": "demo", "level": "INFO"} {
		if line[name] != want {
			t.Errorf("%s: got %v, want %v", name, line[name], want)
		}
	}
	if strings.Contains(log.String(), out.APIKey[len(out.APIKey)-24:]) {
		t.Error("the log holds the new API key")
	}
}
