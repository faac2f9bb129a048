package storetest

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"reflect"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Now is the wall clock in the resolution of stored sessions. The sessions of NewSession are live by it, so no store drops
// them; a case of an expired one moves the clock of the rotation.
func Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// NewTenant makes a random tenant id.
func NewTenant() string { return "storetest-" + rand.Text() }

// NewID makes a session id.
func NewID() token.ID {
	id, _ := token.NewID(time.Now(), rand.Reader) // rand.Reader never fails
	return id
}

// NewHash makes the hash of a random secret.
func NewHash() token.Hash {
	var secret token.Secret
	_, _ = rand.Read(secret[:])
	return secret.Hash()
}

// NewRootHash makes the hash of a random root.
func NewRootHash() token.RootHash {
	var secret token.Secret
	_, _ = rand.Read(secret[:])
	return secret.RootHash(token.ID{})
}

// NewThumbprint makes the thumbprint of a key that nobody has.
func NewThumbprint() (t dpop.Thumbprint) {
	_, _ = rand.Read(t[:])
	return t
}

// NewSession makes a rotating session as Issue does: created now, with an idle time of one hour and a life of ten.
func NewSession(tenant, user, application string) session.Session {
	now := Now()
	policy := session.Policy{Access: 15 * time.Minute, Idle: time.Hour, Overlap: 30 * time.Second}
	return session.Session{
		Key:        session.Key{Tenant: tenant, User: user, Application: application, ID: NewID()},
		SecretHash: NewHash(), RootHash: NewRootHash(), TokenKeyID: 1, AccessTokenID: NewID(),
		CreatedAt: now, IdleExpiresAt: now.Add(policy.Idle), AbsoluteExpiresAt: now.Add(10 * time.Hour),
		Policy: policy,
	}
}

// NewFullSession makes a refreshed session without empty fields.
func NewFullSession(tenant, user, application string) session.Session {
	s := NewSession(tenant, user, application)
	s.Generation, s.TokenKeyID, s.Epoch = 7, 0xfffffffe, 3
	for slot := range s.Rotated {
		s.Rotated[slot] = s.CreatedAt.Add(time.Duration(slot+1) * time.Second)
	}
	s.RotatedBy, s.SessionVersion, s.Updates, s.JKT = NewID(), 4, 5, NewThumbprint()
	s.LastSeen = session.SeenFrom("2001:db8::7", "App/1.0 (a user agent that is longer than what is kept of it; ä)")
	s.Policy.KeepPreviousAccess = true
	s.Scope = "read write:all"
	s.Device = &session.Device{Name: "Aino's phone 📱", Type: "mobile", UserAgent: "App/1.0 (x; y)", IP: "2001:db8::1"}
	s.Claims = json.RawMessage(`{"roles":["admin"],"n":12345678901234567890,"deep":{"ä":null,"e":""}}`)
	s.HookClaims = json.RawMessage(`{"roles":["ä"]}`)
	return s
}

// NewRotation makes the write of a refresh that presents the current token of s, with a proof if it is bound, a minute after its latest change.
func NewRotation(s session.Session) session.Rotation {
	latest := s.CreatedAt
	for _, at := range s.Rotated {
		if at.After(latest) {
			latest = at
		}
	}
	return session.Rotation{
		Key: s.Key, Presented: s.SecretHash, Root: s.RootHash, From: s.Generation, Reusable: s.Policy.Reusable, JKT: s.JKT,
		Next: NewHash(), NextKeyID: s.TokenKeyID + 1, AccessTokenID: NewID(), RequestID: NewID(),
		Seen: session.SeenFrom("192.0.2.1", "Browser/1.0"), Now: latest.Add(time.Minute),
	}
}

// NewApplication makes an application with the default settings.
func NewApplication(tenant, id string) session.Application {
	return session.Application{Tenant: tenant, ID: id, Name: "Application " + id, Settings: session.DefaultSettings()}
}

// NewAPIKey makes an API key with all permissions, which expires in an hour.
func NewAPIKey(tenant string) session.APIKey {
	var id [16]byte
	_, _ = rand.Read(id[:])
	now := Now()
	return session.APIKey{
		ID: hex.EncodeToString(id[:]), SecretHash: NewHash(), Tenant: tenant, Name: "Backend «ä»",
		Permissions: []session.Permission{session.MayIssue, session.MayRead, session.MayRevoke},
		CreatedAt:   now, ExpiresAt: now.Add(time.Hour),
	}
}

// Diff compares stored values; "" means equal. Times must be in UTC, an empty slice equals nil, and permissions may be in
// any order.
func Diff(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return "" // faster than cmp
	}
	return gocmp.Diff(want, got,
		gocmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		gocmp.Transformer("hex", func(h token.Hash) string { return hex.EncodeToString(h[:]) }),
		gocmp.Transformer("rfc3339", func(t time.Time) string { return t.Format(time.RFC3339Nano) }),
		gocmp.FilterValues(func(a, b json.RawMessage) bool { return len(a)+len(b) > 0 },
			gocmp.Transformer("text", func(raw json.RawMessage) string { return string(raw) })),
		cmpopts.SortSlices(func(a, b session.Permission) bool { return a < b }),
		cmpopts.EquateEmpty(),
	)
}

// Descending is the order of Query: application, then id, byte by byte, the greatest first.
func Descending(a, b session.Session) int {
	return cmp.Or(cmp.Compare(b.Application, a.Application), cmp.Compare(string(b.ID[:]), string(a.ID[:])))
}

// together calls do n times, all concurrently.
func together(t *testing.T, n int, do func(i int) error) {
	t.Helper()
	start := make(chan struct{})
	errs := make(chan error, n)
	for i := range n {
		go func() {
			<-start
			errs <- do(i)
		}()
	}
	close(start)
	report(t, n, errs)
}

// inParallel calls do for 0 to n-1, sixteen at a time.
func inParallel(t *testing.T, n int, do func(i int) error) {
	t.Helper()
	errs := make(chan error, n)
	next := make(chan int)
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for i := range next {
				errs <- do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
	report(t, n, errs)
}

func report(t *testing.T, n int, errs <-chan error) {
	t.Helper()
	failed := false
	for range n {
		if err := <-errs; err != nil {
			failed = true
			t.Error(err)
		}
	}
	if failed {
		t.FailNow()
	}
}
