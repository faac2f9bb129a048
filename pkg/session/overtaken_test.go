package session

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// slowRead lets something happen between an issue's read of the application and its write.
type slowRead struct {
	Store
	meanwhile func()
}

func (s *slowRead) ApplicationOf(ctx context.Context, key Key) (Application, error) {
	app, err := s.Store.ApplicationOf(ctx, key)
	if run := s.meanwhile; run != nil {
		s.meanwhile = nil
		run()
	}
	return app, err
}

// Law 5: no session issued before a deletion by application survives, none issued after is hit, even where the
// older issue is still on its way and its application allows one session only.
func TestAnIssueOvertakenByADeletionHitsNoNewerSession(t *testing.T) {
	w := newWorld(t)
	w.application("demo", "web", func(s *Settings) { s.MaxSessionsPerUser = 1 })
	var newer Grant
	w.over(&slowRead{Store: w.store, meanwhile: func() {
		if _, err := w.DeleteByApplication(t.Context(), "demo", "web"); err != nil {
			t.Fatal(err)
		}
		newer = w.issue("alice", "web")
	}})
	older := w.issue("alice", "web")
	if w.live(older) || !w.live(newer) {
		t.Errorf("older session lives: %v, newer one: %v", w.live(older), w.live(newer))
	}
}

// "Answers how many and which ids": a session that is issued under a newer epoch, while the deletion of its user's
// sessions is on its way, may be deleted with them, but then it is named.
func TestADeletionByUserNamesWhatItEnds(t *testing.T) {
	w := newWorld(t)
	var newer Grant
	w.over(&slowRead{Store: w.store, meanwhile: func() {
		if _, err := w.DeleteByApplication(t.Context(), "demo", "web"); err != nil {
			t.Fatal(err)
		}
		newer = w.issue("alice", "web")
	}})
	ids, err := w.DeleteByUser(t.Context(), "demo", "alice", "web")
	if err != nil || w.live(newer) || len(ids) != 1 || ids[0] != newer.Session.ID {
		t.Errorf("ended %v, %v; the newer session is %v", ids, err, newer.Session.ID)
	}
}

// failingTrim cannot answer the query that limits sessions.
type failingTrim struct{ Store }

func (failingTrim) Query(context.Context, Query) ([]Session, bool, error) {
	return nil, false, fmt.Errorf("throttled: %w", ErrUnavailable)
}

func TestAnIssueThatFailsLeavesNoSession(t *testing.T) {
	w := newWorld(t)
	w.over(failingTrim{w.store})
	_, err := w.Issue(t.Context(), IssueRequest{Tenant: "demo", User: "alice", Application: "web"})
	if !errors.Is(err, ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	w.over(w.store)
	if left, _, err := w.List(t.Context(), ListRequest{Tenant: "demo", User: "alice", Limit: 10}); err != nil || len(left) != 0 {
		t.Errorf("%d sessions are left of it, %v", len(left), err)
	}
}

// wideStore refuses more applications in one request than DynamoDB takes.
type wideStore struct {
	Store
	t *testing.T
}

func (s wideStore) Applications(ctx context.Context, tenant, user string, ids []string) (map[string]Application, error) {
	if len(ids) > 100 {
		s.t.Errorf("%d applications in one request", len(ids))
	}
	return s.Store.Applications(ctx, tenant, user, ids)
}

// A page's cursor is where the next page starts: nothing is shown twice, nothing is left out, whatever the number
// of applications.
func TestPagesOverManyApplications(t *testing.T) {
	w := newWorld(t)
	want := map[string]bool{}
	for i := range 130 {
		id := fmt.Sprintf("app-%d", i)
		w.application("demo", id, nil)
		want[w.issue("alice", id).Session.ID.String()] = true
	}
	w.over(wideStore{w.store, t})
	req := ListRequest{Tenant: "demo", User: "alice", Limit: 50}
	seen := map[string]bool{}
	for range 4 {
		page, more, err := w.List(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page {
			if seen[s.ID.String()] {
				t.Fatalf("%s is shown twice", s.ID)
			}
			seen[s.ID.String()] = true
		}
		if !more {
			break
		}
		last := page[len(page)-1].ID
		req.Before = &last
	}
	if len(seen) != len(want) {
		t.Errorf("%d of %d sessions were shown", len(seen), len(want))
	}
}
