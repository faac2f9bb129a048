package lambda_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/leaks"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
)

// Every file under events/ has an outcome, and every function has events.
func TestEveryFunctionAndEveryEventFileIsCovered(t *testing.T) {
	known, covered := map[string]bool{}, map[string]bool{}
	for _, o := range outcomes(t) {
		if known[o.event] {
			t.Errorf("%s has two outcomes", o.event)
		}
		known[o.event] = true
		covered[functionOf(t, o.event)] = true
		if _, err := os.Stat(eventFile(o.event)); err != nil {
			t.Errorf("%v: write the event, or remove its outcome from pkg/api/event_rows_test.go or pkg/e2e/lambda/outcomes_test.go", err)
		}
	}
	files, err := os.ReadDir(filepath.Join(root, "events"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !known[strings.TrimSuffix(file.Name(), ".json")] {
			t.Errorf("events/%s: say what must come of it, in a row of pkg/api/event_rows_test.go or in pkg/e2e/lambda/outcomes_test.go", file.Name())
		}
	}
	for _, op := range operations(t) {
		if !covered[op] {
			t.Errorf("functions/%s: no event is for it; add events/%s.json and a row for it to pkg/api/event_rows_test.go", op, op)
		}
	}
}

func eventFile(name string) string { return filepath.Join(root, "events", name+".json") }

// functionOf is the function that an event is for: the one whose name is the longest beginning of the event's.
func functionOf(t *testing.T, event string) string {
	t.Helper()
	best := ""
	for _, op := range operations(t) {
		if (event == op || strings.HasPrefix(event, op+"-")) && len(op) > len(best) {
			best = op
		}
	}
	if best == "" {
		t.Fatalf("events/%s.json is named after no function", event)
	}
	return best
}

// A deployed function gives every event its outcome, with the variables that the template gives it, says so in its log,
// lets no secret into the log, and changes nothing when it refuses.
func TestEveryEventFile(t *testing.T) {
	byFunction := map[string][]outcome{}
	for _, o := range outcomes(t) {
		op := functionOf(t, o.event)
		byFunction[op] = append(byFunction[op], o)
	}
	p := newPlace(t).withTable()
	for op, all := range byFunction {
		t.Run(op, func(t *testing.T) {
			if strings.HasPrefix(op, "rotate-") {
				replayRotation(t, op, all)
				return
			}
			p := p.within(t)
			r := &replay{place: p, Process: p.start(op)}
			for _, o := range all {
				p.reset()
				r.event(o)
				over := o.logged == "reuse" || slices.Contains(removing, o.event)
				if !o.succeeds() && !over {
					p.wantUnchanged(o.event)
				} else if now := p.items(); over && len(now) != len(p.beginning)-1 {
					t.Errorf("%s left %d of %d items", o.event, len(now), len(p.beginning))
				}
			}
			r.wantNoSecretsLogged()
		})
	}
}

// removing are the events that are refused and remove the session all the same: it is over already.
var removing = []string{"delete-by-id-expired", "delete-by-string-expired", "documented-forms-expired"}

// replay is one function and what it was asked and has answered.
type replay struct {
	*place
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
	silent := o.event == "refresh-preflight" || o.event == "audit-empty" // neither a request for something nor a batch
	if o.logged != "" && logged != o.logged || (logged == "") != silent || strings.Contains(logged, ",") {
		r.t.Errorf("%s: the log says %q, want %q", o.event, logged, o.logged)
	}
	if published := r.bus.taken(); !slices.Equal(published, o.published) {
		r.t.Errorf("%s: published %q, want %q", o.event, published, o.published)
	}
}

// wantNoSecretsLogged searches all that the function wrote for all that it was given or made.
func (r *replay) wantNoSecretsLogged() {
	r.t.Helper()
	if err := leaks.Find(r.Stdout()+r.Stderr(), append(r.seen, string(r.Token), string(r.Signing))...); err != nil {
		r.t.Error(err)
	}
}

// read is an event in the tenants' time.
func (p *place) read(event string) []byte {
	p.t.Helper()
	raw, err := os.ReadFile(eventFile(event))
	if err != nil {
		p.t.Fatal(err)
	}
	moved, err := p.Move(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	return moved
}

// verdict puts an answer into the words of an outcome.
func verdict(payload []byte, err error) string {
	var failure *runtimeapi.FunctionError
	switch {
	case errors.As(err, &failure) && failure.Message == "Unauthorized":
		return "Unauthorized "
	case err != nil:
		return "error " + err.Error()
	}
	var answer struct {
		StatusCode     int
		Body           string
		PolicyDocument struct{ Statement []struct{ Effect string } }
		Context        json.RawMessage
	}
	_ = json.Unmarshal(payload, &answer) // what is no object is no answer of a gateway either
	switch {
	case answer.StatusCode != 0:
		return fmt.Sprint(answer.StatusCode, " ", answer.Body)
	case answer.PolicyDocument.Statement != nil:
		return strings.ToLower(answer.PolicyDocument.Statement[0].Effect) + " " + string(answer.Context)
	}
	return "ok " + string(payload)
}

// outcome is what the function's one line about the latest event names so; every line of the log is JSON.
func (r *replay) outcome() string {
	r.t.Helper()
	log := r.Stdout()
	news := log[r.logged:]
	r.logged = len(log)
	var outcomes []string
	for line := range strings.Lines(news) {
		var entry struct{ Op, Outcome, RequestID string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			r.t.Errorf("a line of the log is no JSON: %v", err)
		}
		if entry.Outcome != "" {
			outcomes = append(outcomes, entry.Outcome)
		}
	}
	return strings.Join(outcomes, ", ")
}

// replayRotation gives a rotation function its events as Secrets Manager would, after the rotation has begun.
func replayRotation(t *testing.T, op string, all []outcome) {
	t.Helper()
	p := newPlace(t)
	p.keep(fixture.RotationKeys())
	arn := p.values["TOKEN_KEYS_SECRET_ARN"]
	if op == "rotate-signing-keys" {
		arn = p.values["SIGNING_KEYS_SECRET_ARN"]
	}
	const token = "5086e3c7-6f0b-4a3c-9c4e-2f1d7a9b8c10" // of the events
	before := document(t, p, arn)
	p.secrets.StartRotation(arn, token)
	r := &replay{place: p, Process: p.start(op)}
	for _, o := range all {
		current := document(t, p, arn)
		r.event(o)
		for _, stage := range []string{fakesm.Current, fakesm.Pending} {
			value, _ := p.secrets.Value(arn, stage)
			r.seen = append(r.seen, value)
		}
		switch after := document(t, p, arn); {
		case o.event == op+"-finish":
			if p.secrets.Version(arn, fakesm.Current) != token || find(after, keys.Active) != find(before, keys.Next) {
				t.Error("the four steps did not rotate")
			}
		case o.event == op+"-drop":
			if _, still := after.Find(find(before, keys.Active)); still {
				t.Error("the dropped key is still there")
			}
		case fmt.Sprint(after) != fmt.Sprint(current):
			t.Errorf("%s changed the current keys", o.event)
		}
	}
	r.wantNoSecretsLogged()
}

// document is what a secret holds now.
func document(t *testing.T, p *place, arn string) keys.Document {
	t.Helper()
	value, _ := p.secrets.Value(arn, fakesm.Current)
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
