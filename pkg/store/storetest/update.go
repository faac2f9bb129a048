package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// updateCases compares Update with Update.Permits and Update.Apply, which define it, and all of them with the expected
// verdict of the law.
func updateCases() []contractCase {
	var cases []contractCase
	for _, c := range updates() {
		cases = append(cases, contractCase{c.sentence, func(f fixture) { f.checkUpdate(c) }})
	}
	return append(cases,
		contractCase{"Update of a missing session is ErrNoSession and creates none", updateNothing},
		contractCase{"A repeated Update is refused and returns what the first one made", updateRepeated},
		contractCase{"Update does not touch what a rotation writes, nor a rotation what it writes", updateBesideRotate},
		contractCase{"Of 64 concurrent updates of one read exactly one applies", updateRaces},
		contractCase{"Concurrent rotations and updates of one session lose none", updateAgainstRotate},
	)
}

// NewUpdate makes a write that changes all that an update may change, a minute after the session's creation.
func NewUpdate(s session.Session) session.Update {
	return session.Update{
		Key: s.Key, From: s.Updates, Now: s.CreatedAt.Add(time.Minute), AbsoluteExpiresAt: s.AbsoluteExpiresAt.Add(-time.Hour),
		Scope: "read write", Device: &session.Device{Name: "Äiti's phone"}, Claims: json.RawMessage(`{"plan":"pro"}`),
	}
}

// unchanged makes an update that leaves the values as they are.
func unchanged(s session.Session) session.Update {
	u := NewUpdate(s)
	u.AbsoluteExpiresAt, u.Scope, u.Device, u.Claims = s.AbsoluteExpiresAt, s.Scope, s.Device, s.Claims
	return u
}

type updateCase struct {
	sentence string
	change   func(*session.Session, *session.Update)
	applied  bool
}

func updates() []updateCase {
	full := func(change func(*session.Session, *session.Update)) func(*session.Session, *session.Update) {
		return func(s *session.Session, u *session.Update) {
			*s = NewFullSession(s.Tenant, s.User, s.Application)
			*u = NewUpdate(*s)
			change(s, u)
		}
	}
	return []updateCase{
		{"Update sets what was empty", func(*session.Session, *session.Update) {}, true},
		{"Update replaces what was there", full(func(*session.Session, *session.Update) {}), true},
		{"Update removes what is empty now", full(func(_ *session.Session, u *session.Update) {
			u.Scope, u.Device, u.Claims = "", nil, nil
		}), true},
		{"Update raises the session version where it supersedes", full(func(s *session.Session, u *session.Update) {
			*u = unchanged(*s)
			u.Supersede = true
		}), true},
		{"Update applies to a reusable session", func(s *session.Session, _ *session.Update) { s.Policy.Reusable = true }, true},
		{"Update applies after updates", func(s *session.Session, u *session.Update) { s.Updates, u.From = 9, 9 }, true},
		{"Update refuses a session that was updated since it was read", full(func(s *session.Session, _ *session.Update) {
			s.Updates++
		}), false},
		{"Update refuses a lower counter", func(_ *session.Session, u *session.Update) { u.From++ }, false},
		{"Update refuses claims that have no room beside those of the hook", full(func(s *session.Session, u *session.Update) {
			u.Claims = json.RawMessage(`{"a":"` + strings.Repeat("x", session.MaxClaims-8-len(s.HookClaims)+1) + `"}`)
		}), false},
		{"Update fills the room beside those of the hook", full(func(s *session.Session, u *session.Update) {
			u.Claims = json.RawMessage(`{"a":"` + strings.Repeat("x", session.MaxClaims-8-len(s.HookClaims)) + `"}`)
		}), true},
		{"Update applies a millisecond before the idle expiry", func(s *session.Session, u *session.Update) {
			u.Now = s.IdleExpiresAt.Add(-time.Millisecond)
		}, true},
		{"Update refuses at the idle expiry", func(s *session.Session, u *session.Update) { u.Now = s.IdleExpiresAt }, false},
		{"Update applies a second before the absolute expiry", func(s *session.Session, u *session.Update) {
			s.IdleExpiresAt = s.AbsoluteExpiresAt.Add(time.Hour)
			u.Now = s.AbsoluteExpiresAt.Add(-time.Second)
		}, true},
		{"Update refuses in the last second before the absolute expiry", func(s *session.Session, u *session.Update) {
			s.IdleExpiresAt = s.AbsoluteExpiresAt.Add(time.Hour)
			u.Now = s.AbsoluteExpiresAt.Add(-999 * time.Millisecond)
		}, false},
	}
}

func (f fixture) checkUpdate(c updateCase) {
	f.Helper()
	s := NewSession(f.tenant, "user", "application")
	u := NewUpdate(s)
	c.change(&s, &u)
	u.Key = s.Key
	checkWrite(f, s, u, f.Update, c.applied)
}

func updateNothing(f fixture) {
	missing := NewSession(f.tenant, "user", "application")
	_, applied, err := f.Update(f.Context(), NewUpdate(missing))
	f.wantError(err, session.ErrNoSession)
	if applied {
		f.Error("got applied true without a session, want false")
	}
	f.wantGone(missing.Key)
}

func updateRepeated(f fixture) {
	s := f.create(NewSession(f.tenant, "user", "application"))
	u := NewUpdate(s)
	u.Supersede = true
	first, applied, err := f.Update(f.Context(), u)
	f.must(err)
	if !applied {
		f.Fatal("got a refusal of the first update, want it applied")
	}
	second, applied, err := f.Update(f.Context(), u)
	f.must(err)
	if applied {
		f.Error("got applied true twice, want false the second time")
	}
	f.wantSame("the session that refused", second, first)
	f.wantState(first)
}

func updateBesideRotate(f fixture) {
	for _, s := range []session.Session{NewSession(f.tenant, "user", "application"), NewFullSession(f.tenant, "user", "application")} {
		s.Policy.Idle = time.Minute
		f.create(s)
		u, r := NewUpdate(s), NewRotation(s) // both of the same read
		u.Supersede, r.Supersede = true, true
		_, applied, err := f.Update(f.Context(), u)
		f.must(err)
		if !applied {
			f.Fatal("got a refusal of the update, want it applied")
		}
		want := r.Apply(u.Apply(s))
		f.wantSame("the other order", u.Apply(r.Apply(s)), want)
		got, applied, err := f.Rotate(f.Context(), r)
		f.must(err)
		if !applied {
			f.Fatal("got a refusal of the rotation after an update, want it applied")
		}
		f.wantSame("the rotated session", got, want)
		f.wantState(want)
	}
}

func updateRaces(f fixture) {
	const racers = 64
	s := f.create(NewSession(f.tenant, "user", "application"))
	winners := make(chan session.Session, racers)
	together(f.T, racers, func(i int) error {
		u := NewUpdate(s)
		u.Scope = fmt.Sprintf("scope:%d", i)
		updated, applied, err := f.Update(f.Context(), u)
		if applied {
			winners <- updated
		}
		return err
	})
	if len(winners) != 1 {
		f.Fatalf("got %d winners, want 1", len(winners))
	}
	f.wantState(<-winners)
}

// updateAgainstRotate rotates in a chain while updates follow one another.
func updateAgainstRotate(f fixture) {
	const times = 16
	s := f.create(NewSession(f.tenant, "user", "application"))
	together(f.T, 2, func(i int) error {
		state := s
		for n := range times {
			var applied bool
			var err error
			if i == 0 {
				r := NewRotation(state)
				r.Now = s.CreatedAt.Add(time.Duration(n) * time.Second)
				state, applied, err = f.Rotate(f.Context(), r)
			} else {
				u := unchanged(state)
				u.Scope = fmt.Sprintf("scope:%d", n)
				state, applied, err = f.Update(f.Context(), u)
			}
			if err != nil || !applied {
				return fmt.Errorf("write %d of %d: applied %v, %w", n, i, applied, err)
			}
		}
		return nil
	})
	f.register(s.Tenant, s.Application)
	got, _, err := f.Load(f.Context(), s.Key)
	f.must(err)
	if got.Generation != times || got.Updates != times || got.Scope != fmt.Sprintf("scope:%d", times-1) {
		f.Errorf("got generation %d after %d updates with scope %q, want %d of each", got.Generation, got.Updates, got.Scope, times)
	}
}
