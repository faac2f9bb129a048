package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// counted counts the API keys that are made.
func (d *desk) counted() *int {
	made, create := 0, d.functions["create-api-key"]
	d.functions["create-api-key"] = func(ctx context.Context, payload json.RawMessage) (any, error) {
		made++
		return create(ctx, payload)
	}
	return &made
}

func TestACommandMakesOneKeyForAllItsPages(t *testing.T) {
	d := onAWS(t)
	for range 60 { // two pages
		_, err := d.Verbs(d.Store, d.Clock.Now).Issue(t.Context(), session.IssueRequest{
			Tenant: fixture.Demo, User: "many", Application: fixture.Web,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	made, before := d.counted(), d.do(nil, "key", "list", "--tenant", "demo")
	out := d.do(nil, "session", "list", "--user", "many", "--tenant", "demo")
	if rows := strings.Count(out, "\n") - 1; rows != 60 || *made != 1 {
		t.Errorf("got %d sessions with %d keys, want 60 with one", rows, *made)
	}
	if after := d.do(nil, "key", "list", "--tenant", "demo"); after != before {
		t.Errorf("got keys\n%swant\n%s", after, before)
	}
}

// An explanation of a token whose session is over takes two requests.
func TestAKeyOfStandardInputIsReadOnce(t *testing.T) {
	d := onAWS(t)
	text := d.RefreshText(fixture.SessionOne, 0)
	d.do(nil, "session", "delete", fixture.SessionOne, "-y", "--tenant", "demo")
	args := []string{"explain", d.file(text), "--key-file", "-", "--tenant", "demo"}
	d.wants(d.typed(fixture.KeyText("read"), args...), true, []string{"Its session is over"}, args...)
}

func TestATenantWithoutApplicationsIsOneClearLine(t *testing.T) {
	d := onAWS(t)
	d.refused([]string{"tenant nowhere has no application, and so no session"}, "session", "list", "--user", "u", "--tenant", "nowhere")
}

func TestARefusalSaysEachSentenceOnce(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"The request is not valid.","errors":[{"message":"a is blank."},{"message":"b is long."}]}`: "The request is not valid. a is blank. b is long.",
		`{"message":"a is blank.","errors":[{"message":"a is blank."}]}`:                                        "a is blank.",
		"<html>": "502 Bad Gateway",
	} {
		if got := refusal("502 Bad Gateway", []byte(body)).Error(); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}
