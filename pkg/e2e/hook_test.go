package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// hooked is a service with a claims hook. It refuses where the hook fails, so that nothing happens where a busy machine
// makes the hook late: a test repeats what was not answered.
type hooked struct {
	*service

	mu    sync.Mutex
	says  string
	asked []string
}

func withHook(t *testing.T) *hooked {
	t.Helper()
	long(t)
	h := &hooked{says: "{}"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		question, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.asked = append(h.asked, string(question))
		_, _ = io.WriteString(w, h.says)
	}))
	t.Cleanup(server.Close)
	h.service = start(t, filepath.Join(t.TempDir(), "local"), "CLAIMS_HOOK_URL="+server.URL, "CLAIMS_HOOK_FAILURE=refuse")
	return h
}

// say changes the answer of the hook.
func (h *hooked) say(answer string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.says = answer
}

// answered repeats a call until its answer is no 503.
func (h *hooked) answered(t testing.TB, c call) answer {
	t.Helper()
	for {
		if a := h.do(t, c); a.status != http.StatusServiceUnavailable {
			return a
		}
	}
}

func (h *hooked) login(user string) call {
	return call{"POST", "/jwt/issue", h.demo.admin(), jsonOf(map[string]any{
		"userId": user, "applicationId": h.demo.web, "claims": map[string]any{"role": "user", "plan": "free"},
	})}
}

// wantDenied wants the latest entry of a user's history to be a denial.
func (h *hooked) wantDenied(t testing.TB, user string, count float64) {
	t.Helper()
	a := h.do(t, call{method: "GET", path: "/jwt/users/" + escape(user) + "/history", header: h.demo.admin()}).want(t, 200)
	latest, _ := a.body["data"].([]any)[0].(map[string]any)
	for name, want := range map[string]any{"event": "denied", "reason": "suspended", "by": "hook", "count": count} {
		equal(t, name, latest[name], want)
	}
}

func TestAClaimsHookDecidesOnEveryInterface(t *testing.T) {
	t.Parallel()
	h := withHook(t)
	for _, p := range interfaces() {
		p.at = h.service
		h.say(`{"claims":{"role":"admin"}}`)
		x := session{tenant: h.demo.id, user: fresh(), app: h.demo.web}
		x = x.granted(t, h.answered(t, h.login(x.user)).want(t, http.StatusCreated))
		claims := func(access, role string) {
			t.Helper()
			got := parseJWT(t, access).claims
			if got["role"] != role || got["plan"] != "free" {
				t.Errorf("%s: got %v, want the role %s over the session's own claims", p.name, got, role)
			}
		}
		claims(x.access, "admin")
		equal(t, "introspection", h.describe(t, x.refresh).want(t, 200).body["role"], any("admin"))

		h.say(`{"claims":{"role":"guest"}}`)
		y := x
		y.access, y.refresh = p.tokens(h.answered(t, p.request(x)).want(t, 200))
		claims(y.access, "guest")
		h.say(`{"claims":{"role":"nobody"}}`)
		again, _ := p.tokens(h.answered(t, p.request(x)).want(t, 200))
		claims(again, "guest") // what was written

		h.say("<html>")
		p.ask(t, p.request(y)).check(t, http.StatusServiceUnavailable, p.name)
		h.say(`{"deny":true,"reason":"suspended"}`)
		denied := h.answered(t, p.request(y)).want(t, p.refused)
		h.say("{}")
		equal(t, p.name+": a denial", denied.raw, h.answered(t, p.request(y)).want(t, p.refused).raw)
		h.resource(t, x).check(t, 404)
		h.wantDenied(t, x.user, 1)
	}
	for _, question := range h.asked {
		var members map[string]any
		if err := json.Unmarshal([]byte(question), &members); err != nil || strings.Contains(question, "srt_") || strings.Contains(question, "eyJ") {
			t.Fatalf("got the question %s, %v, want JSON without a token", question, err)
		}
		wantKeys(t, members, "version", "event", "tenantId", "applicationId", "userId", "tokenId", "generation", "requestId")
	}
}

func TestADeniedIssueMakesNoSession(t *testing.T) {
	t.Parallel()
	h := withHook(t)
	user := fresh()
	h.say(`{"deny":true,"reason":"suspended"}`)
	h.answered(t, h.login(user)).want(t, http.StatusForbidden)
	equal(t, "sessions", len(h.list(t, user, "").want(t, 200).ids(t)), 0)
	h.wantDenied(t, user, 0)
	h.say("[]")
	if a := h.do(t, h.login(user)).want(t, http.StatusServiceUnavailable); a.header.Get("Retry-After") == "" {
		t.Errorf("%s: want Retry-After", a)
	}
	equal(t, "sessions", len(h.list(t, user, "").want(t, 200).ids(t)), 0)
}
