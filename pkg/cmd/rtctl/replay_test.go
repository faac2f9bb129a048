package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
)

// happened adds an event to the log group, in the order of its number and not of the calls.
func (d *desk) happened(order int, kind string, detail event.Detail) {
	detail.ID, detail.At = fmt.Sprint("e", order), time.Now().Add(-time.Hour).Add(time.Duration(order)*time.Millisecond)
	if detail.TenantID == "" {
		detail.TenantID = fixture.Demo
	}
	d.events = append(d.events, event.Envelope{DetailType: kind, Source: event.Source, Detail: detail})
}

func changed(text string) json.RawMessage { return json.RawMessage(text) }

// The events of a log group come at least once, in any order and in pages.
func TestAReplayOverAStackRepeatsEndingsKeysAndSettings(t *testing.T) {
	d := onAWS(t)
	all := event.Detail{Extent: event.ExtentApplication, ApplicationID: fixture.Service, Epoch: 1}
	d.happened(9, "application.changed", event.Detail{
		Extent: event.ExtentApplication, ApplicationID: fixture.Web, Changed: changed(`{"overlapSeconds":60}`),
	})
	d.happened(8, "application.changed", event.Detail{
		Extent: event.ExtentApplication, ApplicationID: fixture.Web, Changed: changed(`{"overlapSeconds":45,"name":"Shop"}`),
	})
	d.happened(2, "token.deleted", all)
	d.happened(2, "token.deleted", all)
	all.Epoch = 2
	d.happened(1, "token.deleted", all)
	d.happened(3, "token.deleted", event.Detail{Extent: event.ExtentToken, UserID: fixture.Alice, TokenID: fixture.SessionOne})
	d.happened(4, "token.reuse_detected", event.Detail{
		Extent: event.ExtentUser, UserID: fixture.Alice, ApplicationID: fixture.Web, TokenIDs: []string{fixture.SessionOne, fixture.SessionTwo},
	})
	d.happened(5, "key.deleted", event.Detail{Extent: event.ExtentKey, KeyID: fixture.APIKey("read").ID})
	d.happened(6, "key.rotated", event.Detail{
		Extent: event.ExtentKey, KeyID: fixture.APIKey("issue").ID, Changed: changed(`{"expiresAt":"2099-01-01T00:00:00Z"}`),
	})
	d.happened(7, "key.created", event.Detail{Extent: event.ExtentKey, KeyID: "lost", Changed: changed(`{"name":"backend"}`)})
	d.happened(10, "token.updated", event.Detail{Extent: event.ExtentUser, UserID: fixture.Bob, TokenIDs: []string{fixture.SessionBob}})
	d.happened(11, "token.deleted", event.Detail{
		Extent: event.ExtentApplication, TenantID: fixture.Other, ApplicationID: fixture.Web, Epoch: 1,
	})
	d.refused([]string{"say --yes"}, "replay", "--since", "2h")
	keys := d.do(nil, "key", "list", "--tenant", "demo")
	said := d.do([]string{
		"API key " + fixture.APIKey("read").ID + " of demo deleted", "application service of demo ended, epoch 0 to 2",
		"which changed [name overlapSeconds]", "2 sessions ended again; 0 were over already", "its successor is lost", "(backend) was made since",
		"updated since", fixture.SessionBob, "application web of other ended, epoch 0 to 1",
	}, "replay", "--since", "2h", "-y")
	if strings.Index(said, "API key") > strings.Index(said, "application") {
		t.Errorf("got\n%swant API keys first", said)
	}
	if got := d.do([]string{"Shop"}, "app", "get", "web", "--tenant", "demo"); !slices.Contains(strings.Fields(got), "60") {
		t.Errorf("got\n%swant the later overlap of 60", got)
	}
	for _, id := range []string{fixture.SessionOne, fixture.SessionTwo, fixture.SessionSvc} {
		d.refused([]string{"no such token"}, "session", "show", id, "--tenant", "demo")
	}
	d.do([]string{fixture.SessionBob}, "session", "list", "--user", "bob", "--tenant", "demo")
	again := d.document("replay", "--since", "2h", "-y")
	if done := again["done"].([]any); len(done) != 0 || again["sessions"] != 0.0 || again["gone"] != 2.0 {
		t.Errorf("repeated: got %v, want nothing done", again)
	}
	left := d.do(nil, "key", "list", "--tenant", "demo")
	if strings.Count(left, "\n") != strings.Count(keys, "\n")-1 || strings.Contains(left, "rtctl") {
		t.Errorf("got keys\n%swant those before but one, and none of the replay\n%s", left, keys)
	}
}

func TestAReplayOfOneTenantLeavesTheOthersAlone(t *testing.T) {
	d := onAWS(t)
	for _, tenant := range []string{fixture.Demo, fixture.Other} {
		d.happened(1, "token.deleted", event.Detail{
			Extent: event.ExtentApplication, TenantID: tenant, ApplicationID: fixture.Web, Epoch: 1,
		})
	}
	d.do([]string{"application web of other ended"}, "replay", "--since", "2h", "-y", "--tenant", "other")
	if got := d.do(nil, "app", "get", "web", "--tenant", "demo"); !strings.Contains(got, "epoch                    0") {
		t.Errorf("got\n%swant epoch 0", got)
	}
}

func TestAReplaySaysWhatItCannotKnow(t *testing.T) {
	d := onAWS(t)
	d.do([]string{"note: The events before", "are lost"}, "replay", "--since", "2400h", "-y")
	d.refused([]string{"neither a time of the past"}, "replay", "--since", "yesterday", "-y")
	d.refused([]string{"neither a time of the past"}, "replay", "--since", "2999-01-01T00:00:00Z", "-y")
	d.happened(1, "token.deleted", event.Detail{Extent: event.ExtentApplication, ApplicationID: "older", Epoch: 1})
	d.do([]string{"Application older of demo is missing"}, "replay", "--since", "2h", "-y")
}
