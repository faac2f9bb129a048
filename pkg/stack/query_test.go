package stack_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// queries are the outputs with a query of CloudWatch Logs Insights.
func queries(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for name, text := range deployed(t).Outputs {
		if strings.HasPrefix(name, "Query") {
			if len(text) == 0 || len(text) > 1024 { // CloudFormation's limit of an output
				t.Errorf("%s: got %d characters, want 1 to 1024", name, len(text))
			}
			found[name] = text
		}
	}
	return found
}

// logged are the members of lines that functions write, by operation, and of an event in the archive.
func logged(t *testing.T) map[string]any {
	t.Helper()
	var log bytes.Buffer
	s := service.New(t, &log)
	s.Call(t, api.Refresh, service.Request{
		Method: http.MethodPost, Route: "/jwt/refresh", Body: `{"refreshToken":"` + s.RefreshText(fixture.SessionOne, 0) + `"}`,
	})
	s.Caller(t, fixture.KeyText("read"), fixture.Demo)
	members := map[string]any{}
	for line := range strings.Lines(log.String()) {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		maps.Copy(members, one)
	}
	e := storetest.NewEntry("demo", "alice")
	published := event.Of(session.Change{ID: e.ID.String(), At: e.ID.Time(), Entry: &e})
	raw, err := json.Marshal(event.Envelope{DetailType: published.Type, Detail: published.Detail})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// A query for a field that nothing writes finds nothing, and says so to nobody.
func TestEveryFieldOfAQueryIsInALineOrInAnEvent(t *testing.T) {
	members, all := logged(t), queries(t)
	if len(all) != 5 {
		t.Errorf("got %d queries, want 5", len(all))
	}
	fields := 0
	for name, query := range all {
		for _, field := range fieldsOf(query) {
			fields++
			var value any = members
			for _, part := range strings.Split(field, ".") {
				value = at(value, part)
			}
			if value == nil {
				t.Errorf("%s: got the field %s in no line and in no event, want it in one of %v", name, field, slices.Sorted(maps.Keys(members)))
			}
		}
	}
	if fields < 15 {
		t.Errorf("got %d fields, want at least 15", fields)
	}
}

// An outcome that no function writes would never be found; each refusal of a refresh is found as one.
func TestQueriesNameOutcomesThatFunctionsWrite(t *testing.T) {
	operations, authorizer := outcomes(t)
	all := queries(t)
	for name, query := range all {
		for _, list := range regexp.MustCompile(`outcome (?:not )?(?:in|=) (\[[^]]*\]|"[^"]*")`).FindAllStringSubmatch(query, -1) {
			for _, outcome := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(list[1], -1) {
				if !slices.Contains(append(operations, authorizer...), outcome[1]) {
					t.Errorf("%s: no function writes the outcome %q, want one of %q", name, outcome[1], operations)
				}
			}
		}
	}
	for _, granted := range []session.Outcome{
		session.Rotated, session.Retried, session.RetriedElsewhere, session.Extended, session.RolledForward,
	} {
		if !strings.Contains(all["QueryLoggedOut"], `"`+string(granted)+`"`) {
			t.Errorf("QueryLoggedOut takes %q for a refusal", granted)
		}
	}
}

// fieldsOf are the fields that a query reads: its words but for texts, names that it gives, keywords and functions.
func fieldsOf(query string) (fields []string) {
	query = regexp.MustCompile(`"[^"]*"|\bas \w+`).ReplaceAllString(query, " ")
	given := []string{"refused", "times", "sessions", "latest", "first", "uses"}
	for _, word := range regexp.MustCompile("`[^`]+`|@?[A-Za-z_][\\w.]*\\(?").FindAllString(query, -1) {
		word = strings.Trim(word, "`")
		keywords := "filter and or not in like stats by sort asc desc limit display " + strings.Join(given, " ")
		if strings.HasPrefix(word, "@") || strings.HasSuffix(word, "(") || slices.Contains(strings.Fields(keywords), word) {
			continue
		}
		fields = append(fields, word)
	}
	return fields
}
