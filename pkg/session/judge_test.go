package session

import (
	"errors"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// chain is a session's tokens by generation, and the key that each of them is signed with.
type chain struct {
	tokens []token.Refresh
	keys   []keys.TokenKey
}

func testKey(id keys.TokenKeyID) keys.TokenKey {
	return keys.TokenKey{ID: id, Secret: [32]byte{byte(id), 1}}
}

// newChain derives the tokens of generations 0 to n, each signed with the key that signedWith names.
func newChain(t *testing.T, n int, signedWith func(generation int) keys.TokenKeyID) chain {
	t.Helper()
	first := token.Refresh{
		Tenant: "demo", User: "u", Application: "web", Session: token.ID{7}, Secret: token.Secret{1, 16: 2},
		KeyID: signedWith(0),
	}
	c := chain{tokens: []token.Refresh{first}, keys: []keys.TokenKey{testKey(signedWith(0))}}
	for g := 1; g <= n; g++ {
		issuing := testKey(signedWith(g))
		next, _, err := c.tokens[g-1].Successor(c.keys[g-1], issuing)
		if err != nil {
			t.Fatal(err)
		}
		c.tokens, c.keys = append(c.tokens, next), append(c.keys, issuing)
	}
	return c
}

// present is the rotation that a request with the token of a generation asks for.
func (c chain) present(generation int, now time.Time) Rotation {
	t := c.tokens[generation]
	r := Rotation{
		Key: keyOf(t), Presented: t.Secret.Hash(), Root: t.Secret.RootHash(t.Session), From: t.Generation,
		RequestID: token.ID{99}, Now: now,
	}
	if generation+1 < len(c.tokens) {
		r.Next = c.tokens[generation+1].Secret.Hash()
	}
	return r
}

// at is the session whose current token has a generation and whose rotations came at these times before now, the
// latest first.
func (c chain) at(generation int, now time.Time, ago ...time.Duration) Session {
	t := c.tokens[generation]
	s := Session{
		Key: keyOf(t), SecretHash: t.Secret.Hash(), RootHash: t.Secret.RootHash(t.Session), TokenKeyID: t.KeyID,
		Generation: t.Generation, RotatedBy: token.ID{1}, IdleExpiresAt: now.Add(time.Hour),
		AbsoluteExpiresAt: now.Add(time.Hour), Policy: Policy{Overlap: 5 * time.Minute},
	}
	for i, d := range ago {
		s.Rotated[(generation-1-i)%RotationTimes] = now.Add(-d)
	}
	return s
}

func (c chain) presentation(generation, current int, later ...keys.TokenKey) presentation {
	return presentation{
		token: c.tokens[generation], own: c.keys[generation], later: append([]keys.TokenKey{c.keys[current]}, later...),
	}
}

func sameKey(int) keys.TokenKeyID { return 1 }

func TestATokenIsJudgedByItsOwnRotation(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	c := newChain(t, 9, sameKey)
	every := func(d time.Duration) []time.Duration { return []time.Duration{d, 2 * d, 3 * d, 4 * d, 5 * d, 6 * d} }
	for name, test := range map[string]struct {
		presented, current int
		ago                []time.Duration
		overlap            time.Duration
		want               error // nil: a retry
		bound              bool
	}{
		"one behind, at the overlap":                   {6, 7, every(5 * time.Minute), 5 * time.Minute, nil, false},
		"one behind, after the overlap":                {6, 7, every(5*time.Minute + time.Millisecond), 5 * time.Minute, ErrReused, false},
		"one behind, the clock behind the rotation":    {6, 7, every(-time.Minute), 5 * time.Minute, nil, false},
		"one behind, no overlap, in the same moment":   {6, 7, every(0), 0, nil, false},
		"two behind, within a minute":                  {5, 7, every(30 * time.Second), 5 * time.Minute, nil, false},
		"two behind, after a minute of a long overlap": {5, 7, every(30*time.Second + time.Millisecond), 5 * time.Minute, ErrReused, false},
		"two behind, after a short overlap":            {5, 7, every(6 * time.Second), 10 * time.Second, ErrReused, false},
		"four behind after eight seconds":              {3, 7, every(2 * time.Second), 30 * time.Second, nil, false},
		"six behind, within a minute":                  {1, 7, every(10 * time.Second), 5 * time.Minute, nil, false},
		"seven behind, in the same moment":             {0, 7, every(0), 5 * time.Minute, ErrReused, false},
		"one behind, bound, long after the overlap":    {6, 7, every(24 * time.Hour), 30 * time.Second, nil, true},
		"two behind, bound, after a minute":            {5, 7, every(30*time.Second + time.Millisecond), 5 * time.Minute, ErrReused, true},
		"two behind, its own rotation long ago, the successor's just now": {
			5, 7, []time.Duration{time.Second, time.Hour}, 5 * time.Minute, ErrReused, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.at(test.current, now, test.ago...)
			s.Policy.Overlap = test.overlap
			r := c.present(test.presented, now)
			if test.bound {
				bind(&s, &r)
			}
			got := judge(s, r, c.presentation(test.presented, test.current))
			if !errors.Is(got.err, test.want) || test.want == nil && got.outcome != Retried {
				t.Fatalf("got %q, %v, want %v", got.outcome, got.err, test.want)
			}
			if test.want == nil && got.current != c.tokens[test.current] {
				t.Error("got another token, want the session's current one")
			}
		})
	}
}

func TestVerdictsFollowTheOrderOfLaw4(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	c := newChain(t, 9, sameKey)
	other := newChain(t, 9, func(int) keys.TokenKeyID { return 2 }) // the same root and another link
	type change func(*Session, *Rotation)
	over := func(s *Session, _ *Rotation) { s.IdleExpiresAt = now }
	lastSecond := func(s *Session, _ *Rotation) { s.AbsoluteExpiresAt = now.Add(999 * time.Millisecond) }
	mine := func(s *Session, r *Rotation) { s.RotatedBy = r.RequestID }
	wrongRoot := func(s *Session, _ *Rotation) { s.RootHash[0]++ }
	unproven := func(s *Session, _ *Rotation) { s.JKT[0] = 1 }
	otherKey := func(s *Session, r *Rotation) { s.JKT[0], r.JKT[0] = 1, 2 }
	reusable := func(s *Session, r *Rotation) { s.Policy.Reusable, r.Reusable = true, true }
	for name, test := range map[string]struct {
		presented, current int
		from               chain
		changes            []change
		want               error
		outcome            Outcome
		again, forward     bool
	}{
		"a wrong root goes before the expiry":        {6, 7, c, []change{wrongRoot, over}, ErrWrongRoot, "", false, false},
		"a wrong root of a newer generation":         {8, 7, c, []change{wrongRoot}, ErrWrongRoot, "", false, false},
		"expired goes before its own attempt":        {6, 7, c, []change{over, mine}, ErrExpired, "", false, false},
		"expired goes before reuse":                  {0, 8, c, []change{over}, ErrExpired, "", false, false},
		"in its last second it is over":              {6, 7, c, []change{lastSecond}, ErrExpired, "", false, false},
		"its own attempt, whatever the overlap":      {6, 7, c, []change{mine}, nil, Rotated, false, false},
		"its own attempt on a reusable session":      {7, 7, c, []change{mine, reusable}, nil, Extended, false, false},
		"expired goes before a missing proof":        {7, 7, c, []change{over, unproven}, ErrExpired, "", false, false},
		"its own attempt, bound since":               {6, 7, c, []change{mine, unproven}, nil, Rotated, false, false},
		"current, bound and without a proof":         {7, 7, c, []change{unproven}, ErrUnbound, "", false, false},
		"current, with the proof of another key":     {7, 7, c, []change{otherKey}, ErrUnbound, "", false, false},
		"in its window, without a proof":             {6, 7, c, []change{justNow, unproven}, ErrUnbound, "", false, false},
		"newer than the item, without a proof":       {8, 7, c, []change{unproven}, ErrUnbound, "", false, false},
		"newer than the item, with its proof":        {8, 7, c, []change{bind}, nil, "", false, true},
		"long superseded, without a proof":           {0, 8, c, []change{unproven}, ErrUnbound, "", false, false},
		"long superseded, with another key's proof":  {0, 8, c, []change{otherKey}, ErrUnbound, "", false, false},
		"long superseded, with its proof":            {0, 8, c, []change{bind}, ErrReused, "", false, false},
		"a wrong root goes before a missing proof":   {6, 7, c, []change{wrongRoot, unproven}, ErrWrongRoot, "", false, false},
		"current: the session moved":                 {7, 7, c, nil, nil, "", true, false},
		"newer than the item":                        {8, 7, c, nil, nil, "", false, true},
		"long superseded":                            {0, 8, c, nil, ErrReused, "", false, false},
		"another link of the same generation":        {7, 7, other, nil, ErrDroppedKey, "", false, false},
		"another link, one behind, in its window":    {6, 7, other, []change{justNow}, ErrDroppedKey, "", false, false},
		"another link, one behind, after its window": {6, 7, other, nil, ErrReused, "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := c.at(test.current, now, time.Hour, time.Hour), test.from.present(test.presented, now)
			for _, change := range test.changes {
				change(&s, &r)
			}
			p := presentation{token: test.from.tokens[test.presented], own: test.from.keys[test.presented], later: []keys.TokenKey{testKey(1)}}
			got := judge(s, r, p)
			if !errors.Is(got.err, test.want) || (got.err == nil) != (test.want == nil) ||
				got.outcome != test.outcome || got.again != test.again || got.forward != test.forward {
				t.Errorf("got %+v, want %v, %q, again %t, forward %t", got, test.want, test.outcome, test.again, test.forward)
			}
		})
	}
}

func bind(s *Session, r *Rotation) { s.JKT[0], r.JKT[0] = 1, 1 }

func justNow(s *Session, r *Rotation) {
	for slot := range s.Rotated {
		s.Rotated[slot] = r.Now
	}
}

// The secret of each successor follows from its predecessor's key, and only the current key is stored.
func TestTheChainIsFoundThroughRotationsOfTheTokenKey(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for name, test := range map[string]struct {
		keyOf func(int) keys.TokenKeyID
		later []keys.TokenKey
		want  error
	}{
		"one key throughout":                         {sameKey, nil, nil},
		"the key changed in the middle":              {func(g int) keys.TokenKeyID { return keys.TokenKeyID(1 + g/5) }, []keys.TokenKey{testKey(2), testKey(1)}, nil},
		"the key changed, and the former is unknown": {func(g int) keys.TokenKeyID { return keys.TokenKeyID(1 + g/5) }, []keys.TokenKey{testKey(2)}, ErrDroppedKey},
		"a key each generation":                      {func(g int) keys.TokenKeyID { return keys.TokenKeyID(1 + g) }, []keys.TokenKey{testKey(8), testKey(7)}, ErrDroppedKey},
	} {
		t.Run(name, func(t *testing.T) {
			c := newChain(t, 8, test.keyOf)
			s, r := c.at(8, now), c.present(2, now)
			justNow(&s, &r)
			got := judge(s, r, c.presentation(2, 8, test.later...))
			if !errors.Is(got.err, test.want) || test.want == nil && got.current != c.tokens[8] {
				t.Errorf("got %v, want %v and the current token", got.err, test.want)
			}
		})
	}
	c := newChain(t, 8, sameKey)
	s, r := c.at(8, now), c.present(7, now)
	justNow(&s, &r)
	if got := judge(s, r, presentation{token: c.tokens[7], own: c.keys[7]}); !errors.Is(got.err, ErrDroppedKey) {
		t.Errorf("the key of the current token was dropped: got %v, want %v", got.err, ErrDroppedKey)
	}
}

// A restored table may make the service issue one generation twice: the same secret, signed with the key before and with
// the key after a rotation. Tabs that hold either are answered with the successor of both.
func TestATokenThatWasIssuedUnderTwoKeysHasOneSuccessor(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	c := newChain(t, 8, func(g int) keys.TokenKeyID {
		if g == 6 {
			return 2
		}
		return 1
	})
	for _, current := range []int{7, 8} {
		s, r := c.at(current, now), c.present(6, now)
		justNow(&s, &r)
		for _, signedWith := range []keys.TokenKeyID{1, 2} {
			p := c.presentation(6, current, testKey(1), testKey(2))
			p.token.KeyID, p.own = signedWith, testKey(signedWith)
			if got := judge(s, r, p); got.err != nil || got.outcome != Retried || got.current != c.tokens[current] {
				t.Errorf("generation 6 of key %d, %d is current: got %+v, want a retry and the current token", signedWith, current, got)
			}
		}
	}
}
