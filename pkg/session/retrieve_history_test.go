package session_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// historyOf reads all pages, the newest entry first, each as "event application".
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
	h.t.Fatalf("got 1000 pages, want fewer")
	return nil
}

// A user's history shows the endings of an application and of the tenant that come after the user's first entry there. It
// does not show the tenant's other entries.
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
	end("service") // the user has no session there yet
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

// A history shows entries for 90 days, however late the store removes them. A long history has no gaps.
func TestAHistoryShowsNinetyDaysWithoutGaps(t *testing.T) {
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

// Whether an ending is shown depends on the user's first entry in the application, however many came later, and not on
// how long a page is.
func TestAnEndingIsShownHoweverFarBackTheApplicationIsNamed(t *testing.T) {
	h := start(t)
	of := func(user, application string, event session.Event) {
		session.Record(t.Context(), h.store, h.Now(), session.Entry{Tenant: "demo", User: user, Event: event, Application: application})
		h.Pass(time.Millisecond)
	}
	of("u", "service", session.EventIssued)
	for range 1000 {
		of("u", "web", session.EventIssued)
	}
	of("", "service", session.EventDeleted)
	of("u", "web", session.EventIssued)
	for _, limit := range []int{1, 50} {
		req := session.HistoryRequest{Tenant: "demo", User: "u", Limit: limit}
		shown := false
		for range 4 {
			page, next, err := h.History(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			shown = shown || slices.ContainsFunc(page, func(e session.Entry) bool { return e.Application == "service" && e.User == "" })
			req.Before = next
		}
		if !shown {
			t.Errorf("limit %d: got no ending of service on the first pages, want it", limit)
		}
	}
}
