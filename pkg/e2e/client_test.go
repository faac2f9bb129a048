package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// call is one request; path goes over the wire as it stands, query included.
type call struct {
	method string
	path   string
	header http.Header
	body   string
}

// answer is what came back; body is nil when it was no JSON object.
type answer struct {
	call   call
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// send makes a call. It may be used from any goroutine and judges nothing.
func (s *service) send(c call) (answer, error) {
	req, err := http.NewRequest(c.method, s.base+c.path, strings.NewReader(c.body))
	if err != nil {
		return answer{}, err
	}
	if c.header != nil {
		req.Header = c.header.Clone()
	}
	if _, set := req.Header["Content-Type"]; !set && c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	raw, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	a := answer{call: c, status: res.StatusCode, header: res.Header, raw: string(raw)}
	if json.Unmarshal(raw, &a.body) != nil {
		a.body = nil
	}
	for _, name := range []string{"refreshToken", "accessToken"} {
		if secret := a.data(name); secret != "" {
			s.keep(secret)
		}
	}
	return a, err
}

// do makes a call and holds its answer against what the contract says of every answer.
func (s *service) do(t testing.TB, c call) answer {
	t.Helper()
	a, err := s.send(c)
	if err != nil {
		t.Fatalf("%s %s: %v", c.method, c.path, err)
	}
	checkAnswer(t, a)
	return a
}

// checkAnswer holds any answer under /jwt/ against the envelope.
func checkAnswer(t testing.TB, a answer) {
	t.Helper()
	for _, prefix := range []string{"srt_", "sak_", "eyJ"} {
		if a.status >= 400 && strings.Contains(a.raw, prefix) {
			t.Errorf("%s: an error body holds a %s", a, prefix)
		}
	}
	if origin := a.header.Get("Access-Control-Allow-Origin"); origin == "*" {
		t.Errorf("%s: CORS: never *", a)
	}
	if !strings.HasPrefix(a.call.path, "/jwt/") {
		return
	}
	if a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: `Cache-Control: no-store` on everything but JWKS and metadata; got %q", a, a.header["Cache-Control"])
	}
	if !hasToken(a.header, "Vary", "Origin") {
		t.Errorf("%s: `Vary: Origin` set; got %q", a, a.header["Vary"])
	}
	challenge := a.header.Get("Www-Authenticate") + a.header.Get("X-Amzn-Remapped-Www-Authenticate")
	if got := strings.HasPrefix(challenge, "Bearer"); got != (a.status == http.StatusUnauthorized) {
		t.Errorf("%s: 401 has `WWW-Authenticate: Bearer`, and nothing else has; got %q", a, challenge)
	}
	if a.call.method != http.MethodHead && a.status != http.StatusNoContent {
		checkEnvelope(t, a)
	}
}

func checkEnvelope(t testing.TB, a answer) {
	t.Helper()
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Errorf("%s: content type %q", a, a.header.Get("Content-Type"))
	}
	keys := slices.Sorted(maps.Keys(a.body))
	keys = slices.DeleteFunc(keys, func(k string) bool {
		return k == "errors" && a.status == 400 || (k == "nextCursor" || k == "hint") && a.status == 200
	})
	if !slices.Equal(keys, []string{"data", "message", "success"}) {
		t.Errorf("%s: Every answer is JSON {success, message, data}; got keys %q", a, keys)
	}
	if message, _ := a.body["message"].(string); message == "" {
		t.Errorf("%s: no message", a)
	}
	if a.body["success"] != (a.status < 300) {
		t.Errorf("%s: success is %v", a, a.body["success"])
	}
	if a.status >= 300 && a.body["data"] != nil {
		t.Errorf("%s: `data` is null on errors", a)
	}
	for _, fault := range a.faults() {
		if keys := slices.Sorted(maps.Keys(fault)); !slices.Equal(keys, []string{"code", "field", "message"}) {
			t.Errorf("%s: errors: [{field, code, message}]; got %q", a, keys)
		}
		for key, value := range fault {
			if text, _ := value.(string); text == "" {
				t.Errorf("%s: %s of a fault is no text", a, key)
			}
		}
	}
}

func (a answer) String() string {
	return fmt.Sprintf("%s %.200s %.300s -> %d %.600s", a.call.method, a.call.path, a.call.body, a.status, a.raw)
}

// want ends the test unless the status is as expected.
func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("%s; want %d", a, status)
	}
	return a
}

// data is a string member of data; "" when there is none.
func (a answer) data(name string) string {
	object, _ := a.body["data"].(map[string]any)
	text, _ := object[name].(string)
	return text
}

// list is data as an array of objects.
func (a answer) list(t testing.TB) []map[string]any {
	t.Helper()
	array, ok := a.body["data"].([]any)
	if !ok {
		t.Fatalf("%s: `data` is an array", a)
	}
	list := make([]map[string]any, len(array))
	for i, item := range array {
		list[i], _ = item.(map[string]any)
		checkResource(t, list[i])
	}
	return list
}

// ids is the ids of a list, in its order.
func (a answer) ids(t testing.TB) []string {
	t.Helper()
	ids := []string{}
	for _, item := range a.list(t) {
		id, _ := item["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

func (a answer) faults() []map[string]any {
	array, _ := a.body["errors"].([]any)
	faults := make([]map[string]any, len(array))
	for i, item := range array {
		faults[i], _ = item.(map[string]any)
	}
	return faults
}

// names says whether a field is among the errors.
func (a answer) names(field string) bool {
	return slices.ContainsFunc(a.faults(), func(f map[string]any) bool { return f["field"] == field })
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

// wantKeys holds an object against an exact set of keys.
func wantKeys(t testing.TB, object any, keys ...string) map[string]any {
	t.Helper()
	got, _ := object.(map[string]any)
	slices.Sort(keys)
	if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, keys) {
		t.Fatalf("keys are %q; want %q", have, keys)
	}
	return got
}
