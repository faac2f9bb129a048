package session_test

import (
	"context"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// losing is a store whose updates have no answer, applied or not; where it is away, nothing can be read either.
type losing struct {
	*watched

	applied, away bool
	sent          *bool
}

func (l losing) Update(ctx context.Context, u session.Update) (session.Session, bool, error) {
	*l.sent = true
	if l.applied {
		_, _, _ = l.watched.Update(ctx, u)
	}
	return session.Session{}, false, session.ErrUnavailable
}

func (l losing) Load(ctx context.Context, key session.Key) (session.Session, session.Application, error) {
	if *l.sent && l.away {
		return session.Session{}, session.Application{}, session.ErrUnavailable
	}
	return l.watched.Load(ctx, key)
}

// Law 9: an update whose answer is lost leaves its entry, since a repetition changes nothing and leaves none.
func TestAnUpdateWhoseAnswerIsLostLeavesItsEntry(t *testing.T) {
	p, all := session.Patch{Scope: ptr("read")}, session.Query{Tenant: "demo", User: "u"}
	for name, c := range map[string]struct {
		applied, away bool
		entries       []string
	}{
		"applied":               {true, false, []string{"updated|web|1||service"}},
		"nobody knows":          {true, true, []string{"updated|web|1||service"}},
		"not applied":           {false, false, nil},
		"not applied, but away": {false, true, []string{"updated|web|1||service"}},
	} {
		for _, byUser := range []bool{false, true} {
			h := start(t)
			g := h.issue("u", "web")
			h.Pass(time.Millisecond)
			store := losing{h.store, c.applied, c.away, new(bool)}
			want := c.entries
			var err error
			if byUser {
				_, _, err = session.NewUserUpdater(store, h.Now).UpdateByUser(t.Context(), all, p)
				if want != nil {
					want = []string{"updated||1||service"}
				}
			} else {
				_, err = session.NewUpdater(store, h.Now).Update(t.Context(), anyUser, g.Session.ID, p)
			}
			h.want(name, err, session.ErrUnavailable)
			h.wantEntries("u", 1, want...)
			if !c.applied {
				continue
			}
			if s := h.updated(g, p); s.Scope != "read" {
				t.Errorf("%s: got the scope %q, want read", name, s.Scope)
			}
			h.wantEntries("u", 1, want...)
		}
	}
}
