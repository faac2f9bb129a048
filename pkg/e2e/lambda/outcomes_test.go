package lambda_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
)

// outcome is what an event must lead to.
type outcome struct {
	event  string
	answer string // see row
	logged string // the outcome in the log line, where the answer does not tell; "" for any
	// published are the kinds of the events that were put on the bus, in order.
	published []string
}

// met compares an answer, its verdict first, with the wanted one.
func (o outcome) met(answer string) bool {
	verdict, text, _ := strings.Cut(o.answer, " ")
	return strings.HasPrefix(answer, verdict+" ") && strings.Contains(answer, text)
}

// succeeds is true of events whose request is carried out.
func (o outcome) succeeds() bool {
	return strings.HasPrefix(o.answer, "2") || strings.HasPrefix(o.answer, "ok") || strings.HasPrefix(o.answer, "allow")
}

// outcomes are those of every file under events/. Each event meets the tenants as they are at the beginning, except those
// of a rotation function, which follow one another.
func outcomes(t *testing.T) []outcome {
	t.Helper()
	logged := refusals()
	var all []outcome
	for _, r := range rows(t, service.New(t, io.Discard)) {
		all = append(all, outcome{event: r.event, answer: r.answer, logged: logged[r.event]})
	}
	return append(append(all, rotationOutcomes()...), auditOutcomes()...)
}

// refusals are the outcomes in the log of events whose answers do not tell them: all refusals of a refresh token read the
// same to the caller (law 4).
func refusals() map[string]string {
	return map[string]string{
		"refresh": "rotated", "refresh-cookie": "rotated", "refresh-with-access-token": "rotated", "refresh-reusable": "extended",
		"refresh-expired": "expired", "refresh-reused": "reuse", "refresh-forged": "forged", "issue": "issued",
		"authenticate-refresh": "extended", "authenticate-refresh-rotating": "rotated",
		"authenticate-refresh-expired": "expired", "authenticate-refresh-reused": "reuse",
		"oauth-token": "rotated", "oauth-token-narrowed": "rotated", "oauth-token-expired": "expired", "oauth-token-reused": "reuse",
		"refresh-http-api": "rotated", "oauth-token-http-api": "rotated", "user-refresh-token-http-api": "rotated",
		"user-refresh-token": "rotated", "user-refresh-token-reused": "reuse",
	}
}

// rotationOutcomes are the four steps, a repeated one, and what operators and mistakes send.
func rotationOutcomes() (all []outcome) {
	for _, op := range []string{"rotate-signing-keys", "rotate-token-keys"} {
		all = append(
			all,
			outcome{op, "ok null", "rotated", nil},
			outcome{op + "-set", "ok null", "ok", nil},
			outcome{op + "-test", "ok null", "ok", nil},
			outcome{op + "-retry", "ok null", "made already", nil},
			outcome{op + "-finish", "ok null", "ok", nil},
			outcome{op + "-unknown-step", "error unknown step", "failed", nil},
			outcome{op + "-wrong-secret", "error does not rotate", "failed", nil},
			outcome{op + "-malformed", "error neither a step", "failed", nil},
			outcome{op + "-drop", "ok", "dropped", nil},
			outcome{op + "-drop-unknown", "error no key", "failed", nil},
		)
	}
	return all
}

func auditOutcomes() []outcome {
	return []outcome{
		{"audit", `ok "batchItemFailures":[]`, "ok", []string{
			"token.issued", "token.refreshed", "token.deleted", "token.expired", "token.deleted", "application.changed",
			"key.deleted",
		}},
		{"audit-ttl", `ok "batchItemFailures":[]`, "ok", []string{"token.expired"}},
		{"audit-malformed", `ok "itemIdentifier":"`, "failed", []string{"token.issued"}}, // what comes before the malformed record
		{"audit-empty", "error it has no Records", "", nil},
	}
}
