package session_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// historyOf follows the pages, the newest first, each entry as "event application".
func (h *harness) historyOf(user string, limit int) (all []string) {
	h.t.Helper()
	req := session.HistoryRequest{Tenant: "demo", User: user, Limit: limit}
	for range 1000 {
		page, next, err := h.History(h.t.Context(), req)
		if err != nil || len(page) > limit {
			h.t.Fatalf("got a page of %d, %v, want at most %d", len(page), err, limit)
		}
		for _, e := range page {
			all = append(all, string(e.Event)+" "+e.Application)
		}
		if req.Before = next; next == [16]byte{} {
			return all
		}
	}
	h.t.Fatalf("got no end")
	return nil
}

// Endings of an application and of the tenant show from the user's first entry in it on; what else the tenant's entries
// have does not.
func TestAHistoryHasTheEndingsThatConcernTheUser(t *testing.T) {
	h := start(t)
	of := func(e session.Entry) {
		e.Tenant = "demo"
		session.Record(t.Context(), h.store, h.Now(), e)
		h.Pass(time.Millisecond)
	}
	end := func(application string) { of(session.Entry{Application: application, Event: session.EventDeleted}) }
	end("web") // before the user's first entry
	end("")
	h.issue("u", "web")
	end("web")
	end("service") // the user is not in it yet
	of(session.Entry{Application: "web", Event: session.EventApplicationChanged})
	of(session.Entry{APIKey: "k", Event: session.EventKeyMade})
	h.issue("u", "service")
	end("service")
	end("guarded")
	end("")
	of(session.Entry{Application: "web", Event: session.EventApplicationDeleted})
	want := []string{"application.deleted web", "deleted ", "deleted service", "issued service", "deleted web", "issued web"}
	for _, limit := range []int{1, 2, 3, 6, 100} {
		if got := h.historyOf("u", limit); !slices.Equal(got, want) {
			t.Errorf("limit %d: got %q, want %q", limit, got, want)
		}
	}
	if got := h.historyOf("nobody", 10); len(got) != 0 {
		t.Errorf("an unknown user: got %q, want none", got)
	}
}

// Entries show for 90 days, however late the store removes them, and a long history has no gaps.
func TestAHistoryIsThatOfNinetyDays(t *testing.T) {
	h := start(t)
	h.issue("u", "web")
	h.Pass(session.EntryLife)
	var want []string
	for i := range 70 {
		session.Record(t.Context(), h.store, h.Now(), session.Entry{Tenant: "demo", User: "u", Event: session.EventIssued, Application: strconv.Itoa(i)})
		want = append([]string{"issued " + strconv.Itoa(i)}, want...)
		h.Pass(time.Millisecond)
	}
	h.Pass(time.Second)
	for _, limit := range []int{3, 70, 100} {
		if got := h.historyOf("u", limit); !slices.Equal(got, want) {
			t.Errorf("limit %d: got %q, want %q", limit, got, want)
		}
	}
}
