package schedules

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// faults are scenarios in which containers end, answers are lost and first attempts arrive late.
func faults() []scenario {
	crashes, repeats := []fault{crashBefore, crashAfter}, []fault{lost, late}
	twoTabs := func(s *schedule) func() {
		texts, _ := s.chain(1)
		a, b := s.tab("a", texts[1], 2, 2*time.Second), s.tab("b", texts[0], 1, 3*time.Second)
		a.warm()
		return func() { s.neverRefused(a, b) }
	}
	alone := func(s *schedule) func() {
		texts, _ := s.chain(0)
		a := s.tab("a", texts[0], 3, time.Second)
		return func() {
			s.neverRefused(a)
			for _, w := range s.of(a) {
				if w.grant.Outcome != session.Rotated {
					s.violated("law 4: got %v, want %q by its own earlier attempt", w, session.Rotated)
				}
			}
		}
	}
	return []scenario{
		{name: "two tabs, a container ends anywhere", faults: 1, kinds: crashes, setUp: twoTabs},
		{name: "two tabs, two containers end anywhere", faults: 2, kinds: crashes, setUp: twoTabs, long: true},
		{name: "two tabs, a request is repeated", faults: 1, kinds: repeats, setUp: twoTabs},
		{name: "two tabs, two faults of any kind", faults: 2, kinds: append(crashes, repeats...), setUp: twoTabs, long: true},
		{
			name: "one tab without an overlap, requests are repeated", faults: 2, kinds: repeats, setUp: alone,
			settings: func(s *session.Settings) { s.OverlapSeconds = 0 },
		},
		{name: "a deletion by application is repeated, and a login follows", faults: 2, kinds: repeats, setUp: deletedThenLogin},
		{name: "a login is repeated, and a deletion by user follows", faults: 2, kinds: repeats, setUp: loginThenDeleted},
		{name: "an attacker is caught, though requests are repeated", faults: 1, kinds: repeats, setUp: func(s *schedule) func() {
			texts, g := s.chain(2)
			s.tab("a", texts[2], 2, 60*time.Second)
			attacker := s.tab("the attacker", texts[0], 1, 61*time.Second)
			return func() { s.caught(attacker, g.Session.Key, 62*time.Second) }
		}, ordered: true},
	}
}

// deletedThenLogin is law 4's "no late first attempts" for epochs: a session issued after an answered deletion lives.
func deletedThenLogin(s *schedule) func() {
	s.chain(0)
	other := s.addClient("other", func(a *client) {
		_ = a.ends("by application", func(ctx context.Context, v session.Verbs) error {
			_, err := v.DeleteByApplication(ctx, s.tenant, web)
			return err
		})
	})
	other.at = time.Second
	return func() {
		g, err := s.before(2*time.Second).Issue(context.Background(), session.IssueRequest{Tenant: s.tenant, User: user, Application: web})
		if err != nil || !s.lives(g.Session.Key, 2*time.Second) {
			s.violated("law 5: a session issued after the deletion: got %v, want it live", err)
		}
		app, err := s.store.Application(context.Background(), s.tenant, web)
		if err != nil || app.Epoch != 1 {
			s.violated("law 4: after one deletion: got epoch %d, want 1", app.Epoch)
		}
	}
}

// loginThenDeleted is the same for sessions: a session that a deletion ended does not come back.
func loginThenDeleted(s *schedule) func() {
	var after error
	a := s.addClient("a", func(a *client) {
		g, err := a.login()
		if err != nil {
			return
		}
		err = a.ends("by user", func(ctx context.Context, v session.Verbs) error {
			_, err := v.DeleteByUser(ctx, s.tenant, user, "")
			return err
		})
		if err == nil {
			_, after = a.refresh(g.Refresh.Reveal())
		}
	})
	a.at = time.Second
	return func() {
		for _, w := range s.of(a) {
			if w.grant.Outcome == session.Issued && w.err == nil {
				s.over(w.grant.Session.Key, 2*time.Second)
			}
		}
		if after != nil && !errors.Is(after, session.ErrRefused) {
			s.violated("law 5: a refresh after the deletion: got %v, want %v", after, session.ErrRefused)
		}
	}
}

// restores are writes that the table loses between two steps.
func restores() []scenario {
	return []scenario{{name: "two tabs and a restored table", setUp: func(s *schedule) func() {
		texts, g := s.chain(2)
		backup, _, err := s.store.Load(context.Background(), g.Session.Key)
		if err != nil {
			s.t.Fatal(err)
		}
		a, b := s.tab("a", texts[2], 3, time.Minute), s.tab("b", texts[2], 1, time.Minute+time.Second)
		s.addClient("operator", func(a *client) {
			_, _ = send(a.restart(), writes(backup.Key), "restore", func() (struct{}, error) {
				return struct{}{}, errors.Join(
					s.store.DeleteBatch(context.Background(), []session.Key{backup.Key}), s.store.Create(context.Background(), backup))
			})
		})
		return func() { s.neverRefused(a, b) }
	}}}
}

// leakedKey is an attacker with a token key and the ids of a session, but without its tokens.
func leakedKey() []scenario {
	return []scenario{{name: "a tab and an attacker with a token key", setUp: func(s *schedule) func() {
		texts, g := s.chain(1)
		tab := s.tab("a", texts[1], 2, 2*time.Second)
		attacker := s.addClient("the attacker", func(a *client) {
			for _, generation := range []uint32{0, 1 << 30} {
				forged := token.Refresh{
					KeyID: s.key.ID, Tenant: s.tenant, User: user, Application: web, Session: g.Session.ID,
					Generation: generation, Secret: token.Secret(sha256.Sum256([]byte("a guess"))),
				}
				text, err := forged.Encode(s.key)
				if err != nil {
					s.t.Error(err)
				}
				_, _ = a.refresh(text.Reveal())
				_ = a.ends("by a forged token", func(ctx context.Context, v session.Verbs) error {
					_, err := v.DeleteByToken(ctx, session.Caller{Tenant: s.tenant}, text.Reveal())
					return err
				})
			}
		})
		attacker.at = 2 * time.Second
		return func() {
			s.neverRefused(tab)
			for _, w := range s.of(attacker) {
				if !errors.Is(w.err, session.ErrWrongRoot) {
					s.violated("law 2: a token with a wrong root: got %v, want %v", w, session.ErrWrongRoot)
				}
			}
		}
	}}}
}
