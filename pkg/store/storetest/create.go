package storetest

import (
	"encoding/json"
	"math"
	"sync/atomic"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func createCases() []contractCase {
	return []contractCase{
		{"Create keeps every field of a session", createKeepsEveryField},
		{"Create never replaces a session", createNeverReplaces},
		{"Of concurrent creations of one key exactly one is kept", createRace},
		{"Every byte of the ids distinguishes sessions", createHostileIDs},
	}
}

func createKeepsEveryField(f fixture) {
	variants := map[string]func(*session.Session){
		"as issued":             func(s *session.Session) { *s = NewSession(s.Tenant, s.User, s.Application) },
		"every field set":       func(*session.Session) {},
		"no device":             func(s *session.Session) { s.Device = nil },
		"a device of one field": func(s *session.Session) { s.Device = &session.Device{IP: "192.0.2.1"} },
		"no scope":              func(s *session.Session) { s.Scope = "" },
		"no claims":             func(s *session.Session) { s.Claims = nil },
		"claims kept byte by byte": func(s *session.Session) {
			s.Claims = json.RawMessage(`{ "b":1.0, "a":"\u00e4ä \"#%\n", "0":1e400 }`)
		},
		"no claims of the hook": func(s *session.Session) { s.HookClaims = nil },
		"claims of 2 KB":        func(s *session.Session) { s.Claims = claimsOf(2048) },
		"never rotated": func(s *session.Session) {
			s.Rotated, s.RotatedBy, s.LastSeen = [session.RotationTimes]time.Time{}, token.ID{}, session.Seen{}
		},
		"rotated once":       func(s *session.Session) { s.Rotated = [session.RotationTimes]time.Time{3: s.CreatedAt} },
		"seen without agent": func(s *session.Session) { s.LastSeen = session.SeenFrom("192.0.2.1", "") },
		"seen from nowhere":  func(s *session.Session) { s.LastSeen = session.SeenFrom("", "Browser/1.0") },
		"reusable":           func(s *session.Session) { s.Policy.Reusable = true },
		"greatest numbers": func(s *session.Session) {
			s.Generation, s.TokenKeyID, s.Epoch = math.MaxUint32, math.MaxUint32, math.MaxUint64
			s.SessionVersion = math.MaxUint32
		},
		"zero numbers": func(s *session.Session) { s.Generation, s.TokenKeyID, s.Epoch, s.SessionVersion = 0, 0, 0, 0 },
		"longest policy": func(s *session.Session) {
			s.Policy.Access, s.Policy.Idle, s.Policy.Overlap = 24*time.Hour, 87600*time.Hour, 0
			s.AbsoluteExpiresAt = s.CreatedAt.Add(87600 * time.Hour)
		},
		"milliseconds": func(s *session.Session) {
			s.CreatedAt = s.CreatedAt.Truncate(time.Second).Add(time.Millisecond)
			s.IdleExpiresAt = s.IdleExpiresAt.Truncate(time.Second).Add(999 * time.Millisecond)
			s.AbsoluteExpiresAt = s.AbsoluteExpiresAt.Truncate(time.Second).Add(500 * time.Millisecond)
		},
	}
	for name, change := range variants {
		s := NewFullSession(f.tenant, "user", "application")
		change(&s)
		f.Log(name)
		f.wantState(f.create(s))
	}
}

// claimsOf is a JSON object of size bytes.
func claimsOf(size int) json.RawMessage {
	claims := []byte(`{"x":"`)
	for len(claims) < size-len(`"}`) {
		claims = append(claims, 'x')
	}
	return append(claims, `"}`...)
}

func createNeverReplaces(f fixture) {
	first := f.create(NewFullSession(f.tenant, "user", "application"))
	second := NewSession(f.tenant, "user", "application")
	second.Key = first.Key
	if err := f.Create(f.Context(), second); err == nil {
		f.Fatal("got no error for a second session of the same key, want one")
	}
	f.wantState(first)
}

func createRace(f fixture) {
	rivals := make([]session.Session, 16)
	for i := range rivals {
		rivals[i] = NewSession(f.tenant, "user", "application")
		rivals[i].Key = rivals[0].Key
	}
	var created, winner atomic.Int64
	together(f.T, len(rivals), func(i int) error {
		if f.Create(f.Context(), rivals[i]) == nil {
			created.Add(1)
			winner.Store(int64(i))
		}
		return nil
	})
	if created.Load() != 1 {
		f.Fatalf("got %d created of %d, want 1", created.Load(), len(rivals))
	}
	f.wantState(rivals[winner.Load()])
}

func createHostileIDs(f fixture) {
	var all []session.Session
	for _, id := range HostileIDs() {
		all = append(all, NewSession(f.tenant, id, "a"), NewSession(f.tenant, "a", id), NewSession(f.tenant+"!", id, id))
	}
	// Without escaping, the keys of these pairs are equal.
	for _, mark := range []string{"#USER#", "#APP#", "#TOKEN#", "#", "/", "%23", "\x1f", "|"} {
		all = append(all, NewSession(f.tenant+mark+"a", "b", "c"), NewSession(f.tenant, "a"+mark+"b", "c"),
			NewSession(f.tenant, "a", "b"+mark+"c"))
	}
	for i := range all {
		all[i].ID = all[0].ID // only the other parts differ
	}
	all = all[:distinct(all)]
	f.createAll(all)
	inParallel(f.T, len(all), func(i int) error {
		page, _, err := f.Query(f.Context(), session.Query{
			Tenant: all[i].Tenant, User: all[i].User, Application: all[i].Application,
		})
		if diff := Diff([]session.Session{all[i]}, page); err == nil && diff != "" {
			f.Errorf("query of %q, %q, %q (-want +got):\n%s", all[i].Tenant, all[i].User, all[i].Application, diff)
		}
		return err
	})
}

// distinct moves the sessions of distinct keys to the front and counts them.
func distinct(all []session.Session) int {
	seen := map[session.Key]bool{}
	n := 0
	for _, s := range all {
		if !seen[s.Key] {
			seen[s.Key] = true
			all[n] = s
			n++
		}
	}
	return n
}
