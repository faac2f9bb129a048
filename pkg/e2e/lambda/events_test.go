package lambda_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
)

var update = flag.Bool("update", false, "write the event files anew")

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
		t.Fatalf("events/%s.json: want a name that begins with a function's", event)
	}
	return best
}

func TestEveryFunctionAndEveryEventFileHasAnOutcome(t *testing.T) {
	known, covered := map[string]bool{}, map[string]bool{}
	for _, o := range outcomes(t) {
		if known[o.event] {
			t.Errorf("%s: got two outcomes, want one", o.event)
		}
		known[o.event] = true
		covered[functionOf(t, o.event)] = true
	}
	files, err := os.ReadDir(filepath.Join(root, "events"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name, isEvent := strings.CutSuffix(file.Name(), ".json")
		if isEvent && !known[name] {
			t.Errorf("events/%s: want a row for it in rows_test.go or outcomes_test.go", file.Name())
		}
	}
	for _, op := range operations(t) {
		if !covered[op] {
			t.Errorf("functions/%s: want events/%s.json and a row for it in rows_test.go", op, op)
		}
	}
}

// The same events meet the built functions in TestEveryEventHasItsOutcome. pkg/keys/rotation and pkg/lifecycle replay
// those of Secrets Manager and of the stream.
func TestEveryEventHasItsOutcomeInOneProcessToo(t *testing.T) {
	for _, r := range rows(t, service.New(t, io.Discard)) {
		if *update {
			r.write(t)
		}
		event, err := os.ReadFile(eventFile(r.event))
		if err != nil {
			t.Fatalf("%v (go test ./pkg/e2e/lambda -short -update writes it)", err)
		}
		payload, err := service.New(t, io.Discard).Invoke(t.Context(), api.Operation(functionOf(t, r.event)), event)
		if got := verdict(payload, err); !(outcome{answer: r.answer}).met(got) {
			t.Errorf("%s: got %s, want %s", r.event, got, r.answer)
		}
	}
}

func (r row) write(t *testing.T) {
	t.Helper()
	event := r.input
	if r, ok := event.(request); ok {
		event = r.Event()
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(event); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(eventFile(r.event), text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
