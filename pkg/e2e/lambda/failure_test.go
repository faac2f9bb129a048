package lambda_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/scratch"
)

// routeless says that a function answers an error where another one answers a status.
func routeless(op string) bool {
	return slices.ContainsFunc(api.Rules(), func(r api.Rule) bool {
		return string(r.Operation) == op && (r.Who == api.Operators || r.Who == api.AWS)
	})
}

// withoutTable are the functions that do not use the table.
var withoutTable = []string{"jwks", "oauth-metadata", "preflight", "rotate-signing-keys", "rotate-token-keys", "audit"}

// keyed are the events for which a function reads keys, where it does not for the one of its own name.
var keyed = map[string]string{"authorizer": "authorizer-access-token", "documented-forms": ""}

// asked is an invocation and its result.
type asked struct {
	*replay

	op, event string
	answer    runtimeapi.Answer
	err       error
}

// ask invokes functions, each with its event, all at once: most of the time they wait. One that is killed
// at its deadline may share a busy machine, so it has twice the time once more, and so on.
func (p *account) ask(events map[string]string, timeout time.Duration) []*asked {
	p.t.Helper()
	var all []*asked
	for op, event := range events {
		all = append(all, &asked{
			op: op, event: event,
			replay: &replay{account: p, Process: p.start(op), seen: []string{string(p.read(event))}},
		})
	}
	var running sync.WaitGroup
	for _, a := range all {
		f := p.function(a.op)
		running.Go(func() {
			a.answer, a.err = a.Invoke(p.t.Context(), []byte(a.seen[0]), timeout)
			for limit := 2 * timeout; limit <= 16*timeout && a.State() != nil; limit *= 2 {
				process, err := runtimeapi.Start(p.t.Context(), f)
				if err != nil {
					a.err = err
					return
				}
				p.t.Cleanup(func() { _ = process.Close() })
				a.Process = process
				a.answer, a.err = a.Invoke(p.t.Context(), []byte(a.seen[0]), limit)
			}
		})
	}
	running.Wait()
	return all
}

// wantUnavailable wants the function itself to say that a service is away, before its deadline, and to ask for another try.
func (a *asked) wantUnavailable() {
	a.t.Helper()
	got := verdict(a.answer.Payload, a.err)
	if strings.Contains(got, "eyJ") || strings.Contains(got, "srt_") {
		a.t.Errorf("%s: got a token in %s, want none", a.event, got)
	}
	if a.State() != nil {
		a.t.Errorf("%s: got the end of the process, want an answer: %v\n%s", a.event, a.err, a.Stderr())
		return
	}
	if routeless(a.op) {
		if !strings.HasPrefix(got, "error ") || strings.HasPrefix(a.op, "authoriz") && strings.Contains(got, "127.0.0.1") {
			a.t.Errorf("%s: got %s, want an error, and no particulars for the gateway", a.event, got)
		}
	} else {
		var response struct {
			StatusCode        int
			MultiValueHeaders http.Header
			Body              string
		}
		if err := json.Unmarshal(a.answer.Payload, &response); err != nil || response.StatusCode != http.StatusServiceUnavailable ||
			response.MultiValueHeaders.Get("Retry-After") == "" || !json.Valid([]byte(response.Body)) {
			a.t.Errorf("%s: got %s, want 503 with Retry-After", a.event, got)
		}
	}
	if outcome := a.outcome(); outcome != "unavailable" && outcome != "failed" {
		a.t.Errorf("%s: the log: got %q, want unavailable or failed", a.event, outcome)
	}
	a.wantNoSecretsLogged()
}

// Law 8: a missing key set answers 503, never an unsigned or unverified anything, and nothing is written.
func TestAnUnreachableSecretsManagerIs503(t *testing.T) {
	account := newAccount(t).withTable()
	account.At("SECRETS_MANAGER", scratch.Nowhere)
	for _, a := range account.ask(withKeys(t), timeout) {
		a.wantUnavailable()
	}
	account.wantUnchanged(t, "a refused event")
}

// withKeys are the functions that read keys, each with an event for which it does.
func withKeys(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, op := range operations(t) {
		event, other := keyed[op]
		if !other {
			event = op
		}
		if event != "" && usesKeys(t, op) && !strings.HasPrefix(op, "rotate-") {
			all[op] = event
		}
	}
	if len(all) < 10 {
		t.Fatalf("got %d functions that read keys, want 10 or more", len(all))
	}
	return all
}

func usesKeys(t *testing.T, op string) bool {
	t.Helper()
	for name := range variables(t, op) {
		if strings.HasSuffix(name, "_SECRET_ARN") {
			return true
		}
	}
	return false
}

func TestAnUnreachableTableIs503(t *testing.T) {
	for _, a := range newAccount(t).ask(withTable(t), timeout) {
		a.wantUnavailable()
	}
}

// withTable are the functions that use the table, each with an event for which it does.
func withTable(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, op := range operations(t) {
		if !slices.Contains(withoutTable, op) {
			all[op] = op
		}
	}
	return all
}

// silent takes requests and never answers.
type silent struct{}

func (silent) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that the client has gone
	<-r.Context().Done()
}

// Time-outs follow from Lambda's deadline, so that the function answers before Lambda ends it.
func TestASilentTableIs503BeforeTheDeadline(t *testing.T) {
	account := newAccount(t)
	account.At("DYNAMODB", account.Serve(silent{}))
	for _, a := range account.ask(withTable(t), 5*time.Second) {
		a.wantUnavailable()
	}
}

func TestASilentSecretsManagerIs503BeforeTheDeadline(t *testing.T) {
	account := newAccount(t)
	account.At("SECRETS_MANAGER", account.Serve(silent{}))
	for _, a := range account.ask(withKeys(t), timeout) {
		a.wantUnavailable()
	}
}

// Secrets Manager calls a rotation function that failed again.
func TestARotationWithoutSecretsManagerFails(t *testing.T) {
	account := newAccount(t)
	account.At("SECRETS_MANAGER", scratch.Nowhere)
	events := map[string]string{"rotate-signing-keys": "rotate-signing-keys", "rotate-token-keys": "rotate-token-keys"}
	for _, a := range account.ask(events, timeout) {
		a.wantUnavailable()
	}
}
