package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the contract says of answers: of all of them, and of those that the operations share.

var (
	uuid7   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
)

// checkAnswer compares any answer with the contract, and one under /jwt/ with the envelope.
func checkAnswer(t testing.TB, a answer) {
	t.Helper()
	for _, prefix := range []string{"srt_", "sak_", "eyJ"} {
		if a.status >= 400 && strings.Contains(a.raw, prefix) {
			t.Errorf("%s: an error body contains %s", a, prefix)
		}
	}
	if a.header.Get("Access-Control-Allow-Origin") == "*" {
		t.Errorf("%s: allowed origin: got *, want one origin", a)
	}
	if got := a.header["X-Content-Type-Options"]; !slices.Equal(got, []string{"nosniff"}) {
		t.Errorf("%s: X-Content-Type-Options: got %q, want nosniff", a, got)
	}
	if !strings.HasPrefix(a.call.path, "/jwt/") {
		return
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%s: Cache-Control: got %q, want no-store", a, got)
	}
	if !hasToken(a.header, "Vary", "Origin") {
		t.Errorf("%s: Vary: got %q, want Origin among them", a, a.header["Vary"])
	}
	challenge := a.header.Get("Www-Authenticate") + a.header.Get("X-Amzn-Remapped-Www-Authenticate")
	if got := strings.HasPrefix(challenge, "Bearer"); got != (a.status == http.StatusUnauthorized) {
		t.Errorf("%s: challenge: got %q, want Bearer with a 401 and only there", a, challenge)
	}
	if a.call.method != http.MethodHead && a.status != http.StatusNoContent {
		checkEnvelope(t, a)
	}
}

func checkEnvelope(t testing.TB, a answer) {
	t.Helper()
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
		t.Errorf("%s: content type: got %q, want application/json", a, got)
	}
	if !strings.HasSuffix(a.raw, "}\n") {
		t.Errorf("%s: want a line break after the body", a)
	}
	keys := slices.Sorted(maps.Keys(a.body))
	keys = slices.DeleteFunc(keys, func(k string) bool {
		return (k == "errors" || k == "code") && a.status == 400 || (k == "nextCursor" || k == "hint") && a.status == 200
	})
	if !slices.Equal(keys, []string{"data", "message", "success"}) {
		t.Errorf("%s: got keys %q, want success, message and data", a, keys)
	}
	if a.text("message") == "" {
		t.Errorf("%s: want a message", a)
	}
	if a.body["success"] != (a.status < 300) {
		t.Errorf("%s: success: got %v", a, a.body["success"])
	}
	if a.status >= 300 && a.body["data"] != nil {
		t.Errorf("%s: want null as the data of an error", a)
	}
	if faults := a.faults(); len(faults) > 0 {
		want := fmt.Sprint(faults[0]["message"])
		if len(faults) > 1 {
			want += fmt.Sprintf(" (and %d more)", len(faults)-1)
		}
		if a.text("message") != want {
			t.Errorf("%s: message: got %q, want the first field's sentence %q", a, a.text("message"), want)
		}
	}
	for _, fault := range a.faults() {
		if keys := slices.Sorted(maps.Keys(fault)); !slices.Equal(keys, []string{"code", "field", "message"}) {
			t.Errorf("%s: an error has the keys %q, want code, field and message", a, keys)
		}
		for key, value := range fault {
			if text, _ := value.(string); text == "" {
				t.Errorf("%s: %s of an error: got %v, want a text", a, key, value)
			}
		}
	}
}

// checkResource compares a token resource with the contract's fifteen keys.
func checkResource(t testing.TB, resource any) map[string]any {
	t.Helper()
	r := wantKeys(t, resource, "id", "tenantId", "userId", "applicationId", "usage", "generation", "scope", "device",
		"createdAt", "lastRefreshedAt", "expiresAt", "absoluteExpiresAt", "lastSeen", "current", "claims")
	if id, _ := r["id"].(string); !uuid7.MatchString(id) {
		t.Errorf("id: got %q, want a UUIDv7", id)
	}
	for _, name := range []string{"createdAt", "lastRefreshedAt", "expiresAt", "absoluteExpiresAt"} {
		text, _ := r[name].(string)
		if (r[name] != nil || name != "lastRefreshedAt") && !instant.MatchString(text) {
			t.Errorf("%s: got %v, want RFC 3339 in UTC", name, r[name])
		}
	}
	if usage := r["usage"]; usage != "oneTime" && usage != "reusable" {
		t.Errorf("usage: got %v, want oneTime or reusable", usage)
	}
	return r
}

// checkGrant compares the data of issue and refresh with the contract.
func checkGrant(t testing.TB, a answer) map[string]any {
	t.Helper()
	keys := []string{"accessToken", "tokenType", "expiresIn", "refreshTokenId", "refreshTokenExpiresAt"}
	if len(a.cookies()) == 0 { // a refresh token in a cookie is out of the reach of scripts
		keys = append(keys, "refreshToken")
	}
	g := wantKeys(t, a.body["data"], keys...)
	if g["tokenType"] != "Bearer" {
		t.Errorf("tokenType: got %v, want Bearer", g["tokenType"])
	}
	if text := a.refreshToken(); !strings.HasPrefix(text, "srt_") || len(text) > 255 {
		t.Errorf("a refresh token of %d characters, want srt_ and at most 255 in all", len(text))
	}
	if seconds, _ := g["expiresIn"].(float64); seconds != float64(int(seconds)) {
		t.Errorf("expiresIn: got %v, want whole seconds", g["expiresIn"])
	}
	if !uuid7.MatchString(a.data("refreshTokenId")) || !instant.MatchString(a.data("refreshTokenExpiresAt")) {
		t.Errorf("got id %q and expiry %q", a.data("refreshTokenId"), a.data("refreshTokenExpiresAt"))
	}
	return g
}

// wantBulk compares the answer of a bulk delete with the sessions that it must have ended.
func wantBulk(t testing.TB, a answer, ended ...session) {
	t.Helper()
	data := wantKeys(t, a.want(t, 200).body["data"], "deleted", "ids")
	var got []string
	array, isArray := data["ids"].([]any)
	for _, id := range array {
		got = append(got, fmt.Sprint(id))
	}
	if want := idsOf(ended); !isArray || !sameSet(got, want) || data["deleted"] != float64(len(want)) {
		t.Errorf("%s: want exactly %d sessions deleted: %q", a, len(want), want)
	}
}

// wantKeys compares an object's keys with an exact set.
func wantKeys(t testing.TB, object any, keys ...string) map[string]any {
	t.Helper()
	got, _ := object.(map[string]any)
	if have := slices.Sorted(maps.Keys(got)); !sameSet(have, keys) {
		t.Fatalf("got keys %q, want %q", have, keys)
	}
	return got
}

func hasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for item := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(item), token) {
				return true
			}
		}
	}
	return false
}
