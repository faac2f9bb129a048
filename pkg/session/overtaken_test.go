package session_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// overtake makes a deletion by application and another issue happen after the next read of the application.
func (h *harness) overtake(newer *session.Grant) {
	h.store.meanwhile = func() {
		if _, err := h.DeleteByApplication(h.t.Context(), "demo", "web"); err != nil {
			h.t.Fatalf("delete by application: %v", err)
		}
		*newer = h.issue("u", "web")
	}
}

// Law 5: a deletion by application ends the sessions issued before it and keeps those issued after it. Here the older
// issue is still under way, and its application allows one session.
func TestAnIssueOvertakenByADeletionEvictsNoNewerSession(t *testing.T) {
	h := start(t)
	h.application("demo", "web", func(s *session.Settings) { s.MaxSessionsPerUser = 1 })
	var newer session.Grant
	h.overtake(&newer)
	older := h.issue("u", "web")
	if got := [2]bool{h.live(older), h.live(newer)}; got != [2]bool{false, true} {
		t.Errorf("the older session and the newer one live: got %v, want [false true]", got)
	}
}

// Law 5: a deletion by user names every session that it ended, even one that was issued under a newer epoch meanwhile.
func TestADeletionByUserNamesEverySessionThatItEnds(t *testing.T) {
	h := start(t)
	var newer session.Grant
	h.overtake(&newer)
	ids, err := h.DeleteByUser(t.Context(), "demo", "u", "web")
	if err != nil || h.live(newer) || len(ids) != 1 || ids[0] != newer.Session.ID {
		t.Errorf("got %v, %v, live %v, want %v ended", ids, err, h.live(newer), newer.Session.ID)
	}
}

// late is a store whose every deletion by application comes after another one that read the same epoch.
type late struct {
	session.DeleteByApplicationStore
}

func (l late) AdvanceEpoch(ctx context.Context, tenant, id string, from uint64) (session.Ending, error) {
	if _, err := l.DeleteByApplicationStore.AdvanceEpoch(ctx, tenant, id, from); err != nil {
		return session.Ending{}, err
	}
	return l.DeleteByApplicationStore.AdvanceEpoch(ctx, tenant, id, from)
}

// Law 9: an entry for each ending, and none of a deletion that ended nothing.
func TestADeletionByApplicationThatComesLateLeavesNoEntry(t *testing.T) {
	h := start(t)
	epoch, err := session.NewApplicationDeleter(late{h.store}, h.Now).DeleteByApplication(t.Context(), "demo", "web")
	if err != nil || epoch != 1 {
		t.Errorf("got epoch %d, %v, want 1 of the other deletion", epoch, err)
	}
	h.wantEntries("", 0)
	if _, err := h.DeleteByApplication(t.Context(), "demo", "web"); err != nil {
		t.Fatal(err)
	}
	h.wantEntries("", 0, "deleted|web|0||service")
}

func TestAnIssueThatFailsLeavesNoSession(t *testing.T) {
	h := start(t)
	h.store.failPage = session.ErrUnavailable // the query that limits sessions
	_, err := h.Issue(t.Context(), session.IssueRequest{Tenant: "demo", User: "u", Application: "web"})
	if left := h.remains("u"); !errors.Is(err, session.ErrUnavailable) || len(left) != 0 {
		t.Errorf("got %v and %d sessions, want %v and none", err, len(left), session.ErrUnavailable)
	}
}
