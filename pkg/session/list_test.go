package session_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// A list has the newest session first, over all applications. Sessions that are over do not show and do not shorten a
// page. The contract suite of the stores (storetest) has the random cases.
func TestAListHasTheLiveSessionsNewestFirst(t *testing.T) {
	for _, page := range []int{0, 1, 2, 5} {
		h := start(t)
		h.store.page = page
		var want, web []token.ID
		for i := range 12 {
			app := []string{"web", "service", "guarded"}[i*7%3]
			g := h.issue("u", app)
			if i%4 == 1 { // one in between is over
				s := g.Session
				s.IdleExpiresAt = h.Now()
				h.replace(s)
				continue
			}
			want = append([]token.ID{g.Session.ID}, want...)
			if app == "web" {
				web = append([]token.ID{g.Session.ID}, web...)
			}
			h.Pass(time.Duration(i%2) * time.Second)
		}
		h.issue("v", "web")
		for _, limit := range []int{1, 2, 3, 100} {
			for app, want := range map[string][]token.ID{"": want, "web": web, "none": nil} {
				if got := h.listAll(app, limit); !slices.Equal(got, want) {
					t.Errorf("pages of %d, limit %d, application %q: got %v, want %v", page, limit, app, got, want)
				}
			}
		}
	}
}

// A request for applications names at most 100: the store of the harness refuses more.
func TestAListHasTheSessionsOfManyApplications(t *testing.T) {
	h := start(t)
	const applications = 130
	for i := range applications {
		id := fmt.Sprintf("app-%d", i)
		h.application("demo", id, nil)
		h.issue("u", id)
	}
	for _, limit := range []int{50, 200} {
		got := h.listAll("", limit)
		slices.SortFunc(got, func(a, b token.ID) int { return slices.Compare(a[:], b[:]) })
		if distinct := len(slices.Compact(got)); distinct != applications {
			t.Errorf("limit %d: got %d sessions, want %d", limit, distinct, applications)
		}
	}
}

// listAll follows the positions. It deletes the last session of a page before it reads the next page.
func (h *harness) listAll(app string, limit int) (ids []token.ID) {
	h.t.Helper()
	req := session.ListRequest{Tenant: "demo", User: "u", Application: app, Limit: limit}
	for {
		page, next, err := h.List(h.t.Context(), req)
		if err != nil || len(page) > limit {
			h.t.Fatalf("got a page of %d, %v, want at most %d", len(page), err, limit)
		}
		for _, s := range page {
			ids = append(ids, s.ID)
		}
		if next == nil {
			return ids
		}
		if len(page) > 0 {
			last := page[len(page)-1]
			if _, err := h.store.Delete(h.t.Context(), session.Deletion{Key: last.Key}); err != nil {
				h.t.Fatalf("delete: %v", err)
			}
			defer h.replace(last)
		}
		req.From = next
	}
}
