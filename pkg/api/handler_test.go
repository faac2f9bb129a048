package api_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
)

// line reads a log that holds one line.
func line(t *testing.T, log *bytes.Buffer) map[string]any {
	t.Helper()
	var l map[string]any
	if err := json.Unmarshal(log.Bytes(), &l); err != nil {
		t.Fatalf("not one JSON line: %v\n%s", err, log)
	}
	return l
}

// "All four refusals read the same to the caller; logs and metrics tell them apart": one line per request, whatever
// becomes of it, with the tenant of a genuine token.
func TestOneLineTellsWhatBecameOfARefresh(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, &log)
	tokenOf := func(id, user, application string, generation uint32) string {
		return w.refreshText(id, demo, user, application, generation)
	}
	forged := []byte(tokenOf(sessionOne, alice, web, 0))
	forged[20] ^= 1
	refresh := func(token string) string { return `{"refreshToken":"` + token + `"}` }
	for _, c := range []struct{ body, outcome, level, tenant string }{
		{refresh(tokenOf(sessionOne, alice, web, 0)), "rotated", "INFO", demo},
		{refresh(tokenOf(sessionOne, alice, web, 0)), "retry", "INFO", demo},
		{refresh(tokenOf(sessionSvc, alice, service, 0)), "extended", "INFO", demo},
		{refresh(tokenOf(sessionTwo, alice, web, 0)), "reuse", "WARN", demo},
		{refresh(tokenOf(sessionTwo, alice, web, 2)), "unknown", "INFO", demo}, // the reuse has ended it
		{refresh(tokenOf(sessionOld, alice, web, 0)), "expired", "INFO", demo},
		{refresh(tokenOf(sessionBob, bob, "nowhere", 0)), "unknown", "INFO", demo},
		{refresh(string(forged)), "forged", "INFO", ""},
		{`{"refreshToken":7}`, "bad request", "INFO", ""},
	} {
		log.Reset()
		e := rest{method: "POST", body: c.body}.event()
		e.RequestContext.RequestID = "request-1"
		w.call("refresh", e)
		l := line(t, &log)
		want := map[string]any{"op": "refresh", "outcome": c.outcome, "level": c.level, "tenant": c.tenant, "apiRequestId": "request-1"}
		for name, value := range want {
			if l[name] != value {
				t.Errorf("%s: %s is %v, want %v", c.outcome, name, l[name], value)
			}
		}
		if ms, ok := l["ms"].(float64); !ok || ms < 0 {
			t.Errorf("%s: ms is %v", c.outcome, l["ms"])
		}
		if (l["security"] == true) != (c.outcome == "reuse") {
			t.Errorf("%s: security is %v", c.outcome, l["security"])
		}
	}
}

// "Secrets, tokens, hashes never in a log": not those that a request may carry in any header, query or body, nor
// those of the answer.
func TestNoLineHoldsACredential(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, &log)
	refresh, access, key := w.refreshText(sessionOne, demo, alice, web, 0), w.aliceAccess(), apiKey("all").Text().Reveal()
	var answers strings.Builder
	for op, e := range w.requests() {
		for _, secret := range []string{refresh, access, key} {
			sent := e
			sent.MultiValueHeaders = map[string][]string{"Content-Type": e.MultiValueHeaders["Content-Type"]}
			for _, name := range []string{"Authorization", "Cookie", "X-Stencil-TenantId", "Origin", "User-Agent", "X-HTTP-Method-Override"} {
				sent.MultiValueHeaders[name] = []string{secret}
			}
			sent.MultiValueQueryStringParameters = map[string][]string{"token": {secret}, secret: {secret}}
			sent.Body = strings.ReplaceAll(e.Body, refresh, secret) + secret
			answer, _ := w.handlers[api.Operation(op)](t.Context(), sent)
			answers.WriteString(answer.Body)
		}
		answer, _ := w.handlers[api.Operation(op)](t.Context(), e)
		answers.WriteString(answer.Body)
	}
	for _, secret := range append([]string{refresh, access, key}, tokens.FindAllString(answers.String(), -1)...) {
		if last := secret[len(secret)-24:]; strings.Contains(log.String(), last) {
			t.Errorf("a log line holds the end of %.8s...", secret)
		}
	}
	if answers.Len() == 0 || strings.Count(log.String(), "\n") < 4*len(w.requests()) {
		t.Error("too few requests were logged")
	}
}

// tokens are the credentials that answers hand out.
var tokens = regexp.MustCompile(`(srt_|eyJ)[A-Za-z0-9_.-]{40,}`)

// What a client sent wrong is none of our failures, in OAuth's shape too.
func TestAClientsMistakeIsNoFailure(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, &log)
	for _, op := range []string{"oauth-token", "oauth-revoke"} {
		log.Reset()
		w.call(op, rest{method: "POST", body: "{}", header: []string{"Content-Type", "application/json"}}.event())
		if got := line(t, &log)["outcome"]; got != "bad request" {
			t.Errorf("%s: %v", op, got)
		}
	}
}
