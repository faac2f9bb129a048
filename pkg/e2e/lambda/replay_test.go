package lambda_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/scratch"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/leaks"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
)

// The function has the variables that the template gives it, and asks AWS only for what its policies there allow. Its log
// names the outcome and contains no secret, and a refusal changes nothing.
func TestEveryEventHasItsOutcome(t *testing.T) {
	byFunction := map[string][]outcome{}
	for _, o := range outcomes(t) {
		op := functionOf(t, o.event)
		byFunction[op] = append(byFunction[op], o)
	}
	p := newAccount(t).withTable()
	for op, all := range byFunction {
		t.Run(op, func(t *testing.T) {
			if strings.HasPrefix(op, "rotate-") && op != "rotate-api-key" { // the functions of Secrets Manager
				replayRotation(t, op, all)
				return
			}
			p := p.within(t)
			p.wantGranted(op)
			r := &replay{account: p, Process: p.start(op)}
			for _, o := range all {
				p.reset(t)
				r.event(o)
				reuse := o.logged == "reuse" // which leaves an entry in the history
				over, left := reuse || slices.Contains(removing, o.event), len(p.beginning)-1
				if reuse {
					left++
				}
				if !o.succeeds() && !over {
					p.wantUnchanged(t, o.event)
				} else if now := p.items(t); over && len(now) != left {
					t.Errorf("%s: got %d items left, want %d", o.event, len(now), left)
				}
			}
			r.wantNoSecretsLogged()
			p.rarely(op, all)
		})
	}
}

// removing are the events that are refused and still remove the session, because it is over already.
var removing = []string{"delete-by-id-expired", "delete-by-string-expired", "logout-expired", "documented-forms-expired"}

// replay is one function, its requests and its answers.
type replay struct {
	*account
	*runtimeapi.Process

	logged int // how much of the log has been read
	seen   []string
}

func (r *replay) event(o outcome) {
	r.t.Helper()
	event := r.read(o.event)
	answer, err := r.Invoke(r.t.Context(), event, timeout)
	got := verdict(answer.Payload, err)
	r.seen = append(r.seen, string(event), got)
	if !o.met(got) {
		r.t.Errorf("%s: got %s, want %s", o.event, got, o.answer)
	}
	logged := r.outcome()
	silent := o.event == "preflight" || o.event == "audit-empty" // neither a request for something nor a batch
	if o.logged != "" && logged != o.logged || (logged == "") != silent || strings.Contains(logged, ",") {
		r.t.Errorf("%s: the log: got %q, want %q", o.event, logged, o.logged)
	}
	if published := r.Bus.Taken(); !slices.Equal(published, o.published) {
		r.t.Errorf("%s: published: got %q, want %q", o.event, published, o.published)
	}
}

// wantNoSecretsLogged searches all that the function wrote for all that it was given or made.
func (r *replay) wantNoSecretsLogged() {
	r.t.Helper()
	if err := leaks.Find(r.Stdout()+r.Stderr(), append(r.seen, string(r.Token), string(r.Signing))...); err != nil {
		r.t.Error(err)
	}
}

// verdict puts an answer into the words of an outcome.
func verdict(payload []byte, err error) string {
	if err != nil {
		text, kind := err.Error(), fmt.Sprintf("%T", err)
		if failure, ok := errors.AsType[*runtimeapi.FunctionError](err); ok {
			text, kind = failure.Message, failure.Type
		}
		if text == "Unauthorized" { // API Gateway's word for a 401
			return text + " "
		}
		return "error " + kind + ": " + text
	}
	var answer struct {
		StatusCode     int
		Body           string
		PolicyDocument struct{ Statement []struct{ Effect string } }
		IsAuthorized   *bool // of the simple answer of an authorizer
		Context        json.RawMessage
	}
	_ = json.Unmarshal(payload, &answer) // an answer to a gateway is an object
	switch {
	case answer.StatusCode != 0:
		return fmt.Sprint(answer.StatusCode, " ", answer.Body)
	case answer.PolicyDocument.Statement != nil:
		return strings.ToLower(answer.PolicyDocument.Statement[0].Effect) + " " + string(answer.Context)
	case answer.IsAuthorized != nil && *answer.IsAuthorized:
		return "allow " + string(answer.Context)
	case answer.IsAuthorized != nil:
		return "deny "
	}
	return "ok " + string(payload)
}

// lines are those of the log that name an outcome, since the last call; every line of the log is JSON.
func (r *replay) lines() (lines []map[string]any) {
	r.t.Helper()
	log := r.Stdout()
	news := log[r.logged:]
	r.logged = len(log)
	for text := range strings.Lines(news) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			r.t.Errorf("the log: got %q, want JSON", text)
		}
		if line["outcome"] != nil {
			lines = append(lines, line)
		}
	}
	return lines
}

// outcome is that in the function's one line about the latest event.
func (r *replay) outcome() string {
	r.t.Helper()
	var outcomes []string
	for _, line := range r.lines() {
		outcomes = append(outcomes, fmt.Sprint(line["outcome"]))
	}
	return strings.Join(outcomes, ", ")
}

// replayRotation gives a rotation function its events as Secrets Manager would, after the rotation has begun.
func replayRotation(t *testing.T, op string, all []outcome) {
	t.Helper()
	p := newAccount(t)
	arn := p.StartRotation(op)
	before := document(t, p, arn)
	p.wantGranted(op)
	r := &replay{account: p, Process: p.start(op)}
	for _, o := range all {
		current := document(t, p, arn)
		r.event(o)
		for _, stage := range []string{fakesm.Current, fakesm.Pending} {
			value, _ := p.Secrets.Value(arn, stage)
			r.seen = append(r.seen, value)
		}
		switch after := document(t, p, arn); {
		case o.event == op+"-finish":
			if p.Secrets.Version(arn, fakesm.Current) != scratch.RotationToken || find(after, keys.Active) != find(before, keys.Next) {
				t.Errorf("after the four steps: got %v, want the next key active", after)
			}
		case o.event == op+"-drop":
			if left, _ := after.Find(find(before, keys.Active)); left.Status != keys.Past {
				t.Errorf("%s: got %v, want a past key", o.event, after)
			}
		case fmt.Sprint(after) != fmt.Sprint(current):
			t.Errorf("%s: got %v, want the keys as they were", o.event, after)
		}
	}
	r.wantNoSecretsLogged()
}

// document is the current version of a secret.
func document(t *testing.T, p *account, arn string) keys.Document {
	t.Helper()
	value, _ := p.Secrets.Value(arn, fakesm.Current)
	doc, err := keys.ParseDocument([]byte(value))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// find is the id of the key of a status.
func find(doc keys.Document, status keys.Status) string {
	for _, key := range doc.Keys {
		if key.Status == status {
			return key.ID
		}
	}
	return ""
}
