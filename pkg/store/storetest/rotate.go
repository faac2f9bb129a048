package storetest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// rotateCases compares Rotate with Rotation.Permits and Rotation.Apply, which define it, and all of them with the expected
// verdict of the law.
func rotateCases() []contractCase {
	var cases []contractCase
	for _, c := range slices.Concat(
		secretRotations(), expiryRotations(), policyRotations(), hookRotations(), forwardRotations(), provenRotations(),
	) {
		cases = append(cases, contractCase{c.sentence, func(f fixture) { f.checkRotation(c) }})
	}
	return append(cases,
		contractCase{"Rotate of a missing session is ErrNoSession and creates none", rotateNothing},
		contractCase{"Rotate is refused for every earlier token and returns the session", rotatePredecessors},
		contractCase{"A repeated Rotate is refused and returns its own request id", rotateRepeated},
		contractCase{"Rotate changes no other session", rotateNeighbours},
	)
}

type rotationCase struct {
	sentence string
	change   func(*session.Session, *session.Rotation)
	applied  bool
}

func secretRotations() []rotationCase {
	return []rotationCase{
		{
			"Rotate applies to the current token",
			func(*session.Session, *session.Rotation) {}, true,
		},
		{
			"Rotate keeps the fields that it does not change",
			func(s *session.Session, r *session.Rotation) {
				*s = NewFullSession(s.Tenant, s.User, s.Application)
				*r = NewRotation(*s)
			}, true,
		},
		{
			"Rotate refuses another secret",
			func(_ *session.Session, r *session.Rotation) { r.Presented = NewHash() }, false,
		},
		{
			"Rotate refuses a secret that differs in its last bit",
			func(_ *session.Session, r *session.Rotation) { r.Presented[31] ^= 1 }, false,
		},
		{
			"Rotate refuses the successor before it is current",
			func(_ *session.Session, r *session.Rotation) { r.Presented = r.Next }, false,
		},
	}
}

func expiryRotations() []rotationCase {
	return []rotationCase{
		{
			"Rotate applies a millisecond before the idle expiry",
			func(s *session.Session, r *session.Rotation) { r.Now = s.IdleExpiresAt.Add(-time.Millisecond) }, true,
		},
		{
			"Rotate refuses at the idle expiry",
			func(s *session.Session, r *session.Rotation) { r.Now = s.IdleExpiresAt }, false,
		},
		{
			"Rotate refuses after the idle expiry",
			func(s *session.Session, r *session.Rotation) { r.Now = s.IdleExpiresAt.Add(time.Minute) }, false,
		},
		{
			"Rotate applies a second before the absolute expiry, and the idle expiry may pass it",
			func(s *session.Session, r *session.Rotation) {
				s.IdleExpiresAt = s.AbsoluteExpiresAt.Add(time.Hour)
				r.Now = s.AbsoluteExpiresAt.Add(-time.Second)
			}, true,
		},
		{
			"Rotate refuses in the last second before the absolute expiry",
			func(s *session.Session, r *session.Rotation) {
				s.IdleExpiresAt = s.AbsoluteExpiresAt.Add(time.Hour)
				r.Now = s.AbsoluteExpiresAt.Add(-999 * time.Millisecond)
			}, false,
		},
		{
			"Rotate refuses at the absolute expiry",
			func(s *session.Session, r *session.Rotation) {
				s.IdleExpiresAt = s.AbsoluteExpiresAt.Add(time.Hour)
				r.Now = s.AbsoluteExpiresAt
			}, false,
		},
		{
			"Rotate refuses after the absolute expiry",
			func(s *session.Session, r *session.Rotation) {
				s.IdleExpiresAt = s.AbsoluteExpiresAt.Add(time.Hour)
				r.Now = s.AbsoluteExpiresAt.Add(time.Second)
			}, false,
		},
	}
}

func policyRotations() []rotationCase {
	return []rotationCase{
		{
			"Rotate raises the session version where it supersedes",
			func(_ *session.Session, r *session.Rotation) { r.Supersede = true }, true,
		},
		{
			"Rotate takes the idle seconds from the session's own snapshot",
			func(s *session.Session, _ *session.Rotation) { s.Policy.Idle = 77 * time.Second }, true,
		},
		{
			"Rotate of a reusable session only extends it",
			func(s *session.Session, r *session.Rotation) { s.Policy.Reusable, r.Reusable = true, true }, true,
		},
		{
			"Rotate of a reusable session refuses another secret",
			func(s *session.Session, r *session.Rotation) {
				s.Policy.Reusable, r.Reusable, r.Presented = true, true, NewHash()
			}, false,
		},
		{
			"Rotate of a reusable session refuses at the idle expiry",
			func(s *session.Session, r *session.Rotation) {
				s.Policy.Reusable, r.Reusable, r.Now = true, true, s.IdleExpiresAt
			}, false,
		},
	}
}

// hookRotations set the claims of the claims hook.
func hookRotations() []rotationCase {
	set := func(own, hook json.RawMessage, full bool) func(*session.Session, *session.Rotation) {
		return func(s *session.Session, r *session.Rotation) {
			if full {
				*s = NewFullSession(s.Tenant, s.User, s.Application)
				*r = NewRotation(*s)
			}
			s.Claims, r.HookClaims = own, hook
		}
	}
	umlauts := json.RawMessage(`{"x":"` + strings.Repeat("ä", 1000) + `"}`) // 2 008 bytes
	return []rotationCase{
		{"Rotate sets the hook's claims of a session without claims", set(nil, claimsOf(100), false), true},
		{"Rotate replaces the hook's claims", set(claimsOf(10), claimsOf(100), true), true},
		{"Rotate replaces the hook's claims with none", set(claimsOf(10), json.RawMessage(`{}`), true), true},
		{"Rotate applies hook's claims that fill the limit beside the session's", set(claimsOf(1024), claimsOf(1024), true), true},
		{"Rotate refuses hook's claims of one byte too many beside the session's", set(claimsOf(1024), claimsOf(1025), true), false},
		{"Rotate applies hook's claims that fill the limit alone", set(nil, claimsOf(2048), false), true},
		{"Rotate counts the session's claims in bytes", set(umlauts, claimsOf(41), true), false},
		{"Rotate applies hook's claims beside claims of many bytes a character", set(umlauts, claimsOf(40), true), true},
		{"Rotate of a reusable session sets the hook's claims", func(s *session.Session, r *session.Rotation) {
			s.Policy.Reusable, r.Reusable, r.HookClaims = true, true, claimsOf(9)
		}, true},
		{"Rotate forward sets the hook's claims", func(s *session.Session, r *session.Rotation) {
			r.Forward, r.Presented, r.From, r.HookClaims = true, NewHash(), s.Generation+3, claimsOf(9)
		}, true},
	}
}

// forwardRotations present a token newer than the item.
func forwardRotations() []rotationCase {
	forward := func(change func(*session.Session, *session.Rotation)) func(*session.Session, *session.Rotation) {
		return func(s *session.Session, r *session.Rotation) {
			*s = NewFullSession(s.Tenant, s.User, s.Application)
			*r = NewRotation(*s)
			r.Forward, r.Presented, r.From = true, NewHash(), s.Generation+3
			change(s, r)
		}
	}
	return []rotationCase{
		{"Rotate forward applies to an older generation of the same root, and sets all times", forward(
			func(*session.Session, *session.Rotation) {}), true},
		{"Rotate forward applies to the generation before", forward(
			func(s *session.Session, r *session.Rotation) { r.From = s.Generation + 1 }), true},
		{"Rotate forward refuses the item's own generation", forward(
			func(s *session.Session, r *session.Rotation) { r.From = s.Generation }), false},
		{"Rotate forward refuses an older generation", forward(
			func(s *session.Session, r *session.Rotation) { r.From = s.Generation - 1 }), false},
		{"Rotate forward refuses another root", forward(
			func(_ *session.Session, r *session.Rotation) { r.Root = NewRootHash() }), false},
		{"Rotate forward refuses at the idle expiry", forward(
			func(s *session.Session, r *session.Rotation) { r.Now = s.IdleExpiresAt }), false},
		{"Rotate forward may supersede", forward(
			func(_ *session.Session, r *session.Rotation) { r.Supersede = true }), true},
	}
}

func (f fixture) checkRotation(c rotationCase) {
	f.Helper()
	s := NewSession(f.tenant, "user", "application")
	r := NewRotation(s)
	c.change(&s, &r)
	r.Key = s.Key
	checkWrite(f, s, r, f.Rotate, c.applied)
}

func rotateNothing(f fixture) {
	other := f.create(NewSession(f.tenant, "user", "application"))
	missing := NewSession(f.tenant, "user", "application")
	_, applied, err := f.Rotate(f.Context(), NewRotation(missing))
	f.wantError(err, session.ErrNoSession)
	if applied {
		f.Error("got applied true without a session, want false")
	}
	f.wantGone(missing.Key)
	f.wantState(other)
}

func rotatePredecessors(f fixture) {
	s := f.create(NewSession(f.tenant, "user", "application"))
	var earlier []session.Rotation
	for range 5 {
		r := NewRotation(s)
		earlier = append(earlier, r)
		var err error
		var applied bool
		want := r.Apply(s)
		s, applied, err = f.Rotate(f.Context(), r)
		f.must(err)
		if !applied {
			f.Fatal("got a refusal of the current token, want it applied")
		}
		f.wantSame("the rotated session", s, want)
	}
	for _, r := range earlier {
		r.RequestID, r.Now = NewID(), s.RotatedAt().Add(time.Second)
		got, applied, err := f.Rotate(f.Context(), r)
		f.must(err)
		if applied {
			f.Fatalf("got applied true for generation %d, want false", r.From)
		}
		f.wantSame("the session that refused", got, s)
	}
	f.wantState(s)
}

func rotateRepeated(f fixture) {
	s := f.create(NewSession(f.tenant, "user", "application"))
	r := NewRotation(s)
	first, applied, err := f.Rotate(f.Context(), r)
	f.must(err)
	if !applied || first.RotatedBy != r.RequestID {
		f.Fatalf("got applied %v by %v, want true by %v", applied, first.RotatedBy, r.RequestID)
	}
	second, applied, err := f.Rotate(f.Context(), r)
	f.must(err)
	if applied {
		f.Error("got applied true twice, want false the second time")
	}
	f.wantSame("the repeated answer", second, first)
	f.wantState(first)
}

func rotateNeighbours(f fixture) {
	s := NewSession(f.tenant, "user", "application")
	neighbours := []session.Session{s, s, s, s}
	neighbours[0].ID = NewID()
	neighbours[1].User += "2"
	neighbours[2].Application += "2"
	neighbours[3].Tenant += "2"
	f.createAll(append(neighbours, s))
	rotated, applied, err := f.Rotate(f.Context(), NewRotation(s))
	f.must(err)
	if !applied {
		f.Fatal("got a refusal of the current token, want it applied")
	}
	f.wantState(rotated)
	for _, neighbour := range neighbours {
		f.wantState(neighbour)
	}
}
