package session

import (
	"errors"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Law 4: on a refused condition the old item tells why, by a pure function. Every branch, and every border.
func TestJudge(t *testing.T) {
	const overlap = 30 * time.Second
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	presented, next, other := token.Hash{1}, token.Hash{2}, token.Hash{3}
	mine, theirs := token.ID{1}, token.ID{2}
	type state struct {
		stored    token.Hash
		by        token.ID
		ago       time.Duration // since the rotation
		idle, abs time.Duration // what is left
		requires  bool
		has       bool
		reusable  bool
		want      error
	}
	ok := func(s state) state { s.idle, s.abs = time.Hour, time.Hour; return s }
	for name, c := range map[string]state{
		"retry at once":                  ok(state{stored: next, by: theirs}),
		"retry at the overlap":           ok(state{stored: next, by: theirs, ago: overlap}),
		"retry after the overlap":        ok(state{stored: next, by: theirs, ago: overlap + time.Millisecond, want: ErrReused}),
		"clock behind the rotation":      ok(state{stored: next, by: theirs, ago: -time.Minute}),
		"own attempt after the overlap":  ok(state{stored: next, by: mine, ago: time.Hour}),
		"own id on another secret":       ok(state{stored: other, by: mine, want: ErrReused}),
		"superseded twice":               ok(state{stored: other, by: theirs, want: ErrReused}),
		"idle over":                      {stored: presented, abs: time.Hour, want: ErrExpired},
		"absolute over":                  {stored: presented, idle: time.Hour, want: ErrExpired},
		"expired goes before reuse":      {stored: other, want: ErrExpired},
		"expired goes before retry":      {stored: next, by: mine, want: ErrExpired},
		"a millisecond left":             {stored: other, idle: time.Millisecond, abs: time.Millisecond, want: ErrReused},
		"access required":                ok(state{stored: presented, requires: true, want: ErrAccessRequired}),
		"access required of a retry":     ok(state{stored: next, by: mine, requires: true, want: ErrAccessRequired}),
		"reuse goes before access":       ok(state{stored: other, requires: true, want: ErrReused}),
		"required and there":             ok(state{stored: next, requires: true, has: true}),
		"current, nothing refuses":       ok(state{stored: presented, want: ErrUnavailable}),
		"reusable, nothing refuses":      ok(state{stored: presented, reusable: true, want: ErrUnavailable}),
		"reusable with another secret":   ok(state{stored: other, reusable: true, want: ErrReused}),
		"reusable never counts as retry": ok(state{stored: next, reusable: true, by: mine, want: ErrReused}),
	} {
		s := Session{
			SecretHash: c.stored, RotatedBy: c.by, RotatedAt: now.Add(-c.ago),
			IdleExpiresAt: now.Add(c.idle), AbsoluteExpiresAt: now.Add(c.abs),
			Policy: Policy{Overlap: overlap, RequireAccessToken: c.requires, Reusable: c.reusable},
		}
		r := Rotation{Presented: presented, Next: next, RequestID: mine, Now: now, HasAccess: c.has, Reusable: c.reusable}
		if err := judge(s, r); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// Law 4: the write's condition, at its borders.
func TestPermits(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	h := token.Hash{1}
	good := Session{SecretHash: h, IdleExpiresAt: now.Add(time.Millisecond), AbsoluteExpiresAt: now.Add(time.Millisecond)}
	r := Rotation{Presented: h, Now: now}
	if !r.Permits(good) {
		t.Error("refuses a good session")
	}
	for what, change := range map[string]func(*Session){
		"another secret":  func(s *Session) { s.SecretHash = token.Hash{2} },
		"idle expiry now": func(s *Session) { s.IdleExpiresAt = now },
		"absolute now":    func(s *Session) { s.AbsoluteExpiresAt = now },
		"access required": func(s *Session) { s.Policy.RequireAccessToken = true },
	} {
		s := good
		change(&s)
		if r.Permits(s) {
			t.Errorf("permits in spite of %s", what)
		}
	}
}
