package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// keyed is a harness with an application for each value of the setting dpop, named after it, and a key.
type keyed struct {
	*harness

	key, other fixture.ProofKey
}

func startKeyed(t *testing.T) keyed {
	h := start(t)
	for _, use := range []session.DPoP{session.DPoPOff, session.DPoPAllowed, session.DPoPRequired} {
		h.application("demo", string(use), func(s *session.Settings) { s.DPoP = use })
	}
	return keyed{h, fixture.NewProofKey("ES256"), fixture.NewProofKey("EdDSA")}
}

// came is what a request with proofs presents.
func (k keyed) came(proofs ...string) dpop.Presented {
	p := k.prove(k.key)
	p.Proofs = proofs
	return p
}

func (k keyed) prove(key fixture.ProofKey, further ...map[string]any) dpop.Presented {
	return key.Present(k.Now(), further...)
}

func (k keyed) try(g session.Grant, proof dpop.Presented) (session.Grant, error) {
	return k.Refresh(k.t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal(), Proof: proof})
}

// bound refreshes with a proof and wants tokens that are bound to its key.
func (k keyed) bound(g session.Grant, proof dpop.Presented, want session.Outcome) session.Grant {
	k.t.Helper()
	next, err := k.try(g, proof)
	if err != nil || next.Outcome != want {
		k.t.Fatalf("refresh: got %q, %v, want %q", next.Outcome, err, want)
	}
	k.wantBound(next)
	return next
}

func (k keyed) wantBound(g session.Grant) {
	k.t.Helper()
	bound := k.access(g).Confirmation
	if bound == nil || bound.JKT != k.key.Thumbprint || g.TokenType != "DPoP" || g.Session.JKT.String() != k.key.Thumbprint {
		k.t.Fatalf("got %+v of type %s in a session of %s, want the key %s", bound, g.TokenType, g.Session.JKT, k.key.Thumbprint)
	}
}

// unbound refreshes, wants a refusal that ends nothing, and that no key of the session was asked for.
func (k keyed) unbound(g session.Grant, proof dpop.Presented) {
	k.t.Helper()
	got, err := k.try(g, proof)
	if !errors.Is(err, session.ErrUnbound) || session.Final(err) || session.KindOf(err) != session.KindRefused || got.Refresh.Reveal() != "" {
		k.t.Fatalf("refresh: got %q, %v, want %v", got.Outcome, err, session.ErrUnbound)
	}
}

func TestASessionIsBoundByItsFirstProof(t *testing.T) {
	k := startKeyed(t)
	g := k.rotated(k.rotated(k.issue("alice", "allowed"), session.Rotated), session.Rotated)
	if g.TokenType != "Bearer" || k.access(g).Confirmation != nil || !g.Session.JKT.IsZero() {
		t.Fatalf("without a proof: got type %s, key %s, want Bearer and none", g.TokenType, g.Session.JKT)
	}
	g = k.bound(g, k.prove(k.key), session.Rotated)
	attempts := k.store.attempts.Load()
	k.unbound(g, k.came()) // the token says it: the store is not asked
	if got := k.store.attempts.Load() - attempts; got != 0 {
		t.Errorf("without a proof: got %d writes, want 0", got)
	}
	k.unbound(g, k.prove(k.other))
	k.bound(g, k.prove(k.key), session.Rotated)
}

func TestAnOffSessionIgnoresProofs(t *testing.T) {
	k := startKeyed(t)
	g := k.issue("alice", "off")
	for _, proof := range []dpop.Presented{k.prove(k.key), k.came(""), k.came("a", "b"), k.came()} {
		next, err := k.try(g, proof)
		if err != nil || next.Outcome != session.Rotated || next.TokenType != "Bearer" || !next.Session.JKT.IsZero() {
			t.Fatalf("%q: got %q of type %s, %v, want a Bearer token", proof.Proofs, next.Outcome, next.TokenType, err)
		}
		g = next
	}
}

func TestASessionCanBeBoundFromIssueOn(t *testing.T) {
	k := startKeyed(t)
	jkt, _ := dpop.ParseThumbprint(k.key.Thumbprint)
	for _, application := range []string{"allowed", "required"} {
		g, err := k.Issue(t.Context(), session.IssueRequest{Tenant: "demo", User: "alice", Application: application, JKT: jkt})
		if err != nil {
			t.Fatalf("%s: %v", application, err)
		}
		k.wantBound(g)
		k.unbound(g, k.came())
		k.unbound(g, k.prove(k.other, k.nonce()))
		k.bound(g, k.prove(k.key, k.nonce()), session.Rotated)
	}
	_, err := k.Issue(t.Context(), session.IssueRequest{Tenant: "demo", User: "alice", Application: "off", JKT: jkt})
	var input *session.InputError
	if !errors.As(err, &input) || len(input.Fields) != 1 || input.Fields[0].Field != "dpopJkt" {
		t.Errorf("off: got %v, want dpopJkt at fault", err)
	}
}

// nonce is the claim with one of this service.
func (k keyed) nonce() map[string]any {
	return map[string]any{"nonce": dpop.Nonce(k.keys.TokenKey(), k.Now())}
}

// Every refresh of the application needs a nonce, those of a bound session too.
func TestWhereAProofIsRequiredItNeedsANonce(t *testing.T) {
	k := startKeyed(t)
	g, stale := k.issue("alice", "required"), k.nonce()
	k.Pass(5*time.Minute + time.Second)
	for range 2 {
		k.unbound(g, k.came())
		var offer session.NonceError
		anHourAgo := map[string]any{"iat": k.Now().Add(-time.Hour).Unix()}
		for name, proof := range map[string]dpop.Presented{
			"none": k.prove(k.key), "a stale one": k.prove(k.key, stale), "none, and another iat": k.prove(k.key, anHourAgo),
			"an invented one": k.prove(k.key, map[string]any{"nonce": "n"}),
		} {
			_, err := k.try(g, proof)
			if !errors.Is(err, session.ErrNonce) || !errors.As(err, &offer) || session.KindOf(err) != session.KindNonce {
				t.Fatalf("%s: got %v, want %v with a nonce", name, err, session.ErrNonce)
			}
		}
		g = k.bound(g, k.prove(k.key, anHourAgo, map[string]any{"nonce": offer.Nonce}), session.Rotated)
		k.unbound(g, k.prove(k.other, k.nonce()))
	}
}

func TestAnIatThatIsOffIsOfferedANonce(t *testing.T) {
	k := startKeyed(t)
	g := k.issue("alice", "allowed")
	for _, off := range []time.Duration{61 * time.Second, -61 * time.Second} {
		iat := map[string]any{"iat": k.Now().Add(off).Unix()}
		_, err := k.try(g, k.prove(k.key, iat))
		var offer session.NonceError
		if !errors.Is(err, dpop.ErrInvalid) || session.KindOf(err) != session.KindBadProof || !errors.As(err, &offer) {
			t.Fatalf("%s off: got %v, want %v with a nonce", off, err, dpop.ErrInvalid)
		}
		g = k.bound(g, k.prove(k.key, iat, map[string]any{"nonce": offer.Nonce}), session.Rotated)
	}
}

// The store would answer ErrUnavailable, and so would the read of a session whose scope is narrowed.
func TestAProofIsJudgedBeforeTheStore(t *testing.T) {
	k := startKeyed(t)
	bound := k.bound(k.issue("alice", "allowed"), k.prove(k.key), session.Rotated)
	allowed, required := k.issue("alice", "allowed"), k.issue("alice", "required")
	unreachable := errors.New("the store was asked")
	k.store.before = func(session.Rotation) error { return unreachable }
	k.store.failApplication, k.store.failLoad = unreachable, unreachable
	for name, c := range map[string]struct {
		of    session.Grant
		proof dpop.Presented
		want  error
	}{
		"allowed, a bad one":  {allowed, k.prove(k.key, map[string]any{"htm": "GET"}), dpop.ErrInvalid},
		"allowed, an empty":   {allowed, k.came(""), dpop.ErrInvalid},
		"allowed, two":        {allowed, k.came(k.prove(k.key).Proofs[0], k.prove(k.key).Proofs[0]), dpop.ErrInvalid},
		"bound, none":         {bound, k.came(), session.ErrUnbound},
		"bound, another iat":  {bound, k.prove(k.key, map[string]any{"iat": 1}), dpop.ErrInvalid},
		"required, none":      {required, k.came(), session.ErrUnbound},
		"required, no nonce":  {required, k.prove(k.key), session.ErrNonce},
		"a good one, at last": {allowed, k.prove(k.key), unreachable},
	} {
		for _, scope := range []string{"", "read"} {
			_, err := k.Refresh(t.Context(), session.RefreshRequest{Token: c.of.Refresh.Reveal(), Proof: c.proof, Scope: scope})
			if !errors.Is(err, c.want) {
				t.Errorf("%s, scope %q: got %v, want %v", name, scope, err, c.want)
			}
		}
	}
}

// Law 4: only its key ends a bound session by reuse, and for the immediate predecessor its proof is a retry at any time.
func TestOnlyItsKeyEndsABoundSession(t *testing.T) {
	k := startKeyed(t)
	first := k.issue("alice", "allowed")
	second := k.bound(first, k.prove(k.key), session.Rotated)
	k.Pass(24 * time.Hour)
	again := k.bound(first, k.prove(k.key), session.Retried)
	if again.Refresh != second.Refresh {
		t.Error("a retry after a day: got another token, want the session's current one")
	}
	third := k.bound(second, k.prove(k.key), session.Rotated)
	k.Pass(24 * time.Hour)
	k.unbound(first, k.came())
	k.unbound(first, k.prove(k.other))
	k.unbound(second, k.came())
	third = k.bound(third, k.prove(k.key), session.Rotated)
	if _, err := k.try(first, k.prove(k.key)); !errors.Is(err, session.ErrReused) {
		t.Fatalf("its own key with the first token: got %v, want %v", err, session.ErrReused)
	}
	if _, err := k.try(third, k.prove(k.key)); !errors.Is(err, session.ErrUnknown) {
		t.Fatalf("after the reuse: got %v, want %v", err, session.ErrUnknown)
	}
}

// A request without a proof reads the session before another request binds it, and writes after.
func TestASessionBoundBetweenTwoRequestsRefusesTheOther(t *testing.T) {
	k := startKeyed(t)
	g := k.issue("alice", "allowed")
	k.store.before = func(session.Rotation) error {
		k.store.before = nil
		k.bound(g, k.prove(k.key), session.Rotated)
		return nil
	}
	k.unbound(g, k.came())
	k.bound(g, k.prove(k.key), session.Retried)
}

// No table of proofs: whoever replays a captured request gets what its holder got, bound to the holder's key.
func TestAReplayedProofYieldsOnlyASuccessorOfTheSameKey(t *testing.T) {
	k := startKeyed(t)
	g := k.issue("alice", "allowed")
	captured := k.prove(k.key)
	next := k.bound(g, captured, session.Rotated)
	k.Pass(59 * time.Second)
	replayed := k.bound(g, captured, session.Retried)
	if replayed.Refresh != next.Refresh {
		t.Error("the replay: got another refresh token than its holder, want the same")
	}
	k.unbound(replayed, k.came())
	k.unbound(replayed, k.prove(k.other))
	k.bound(replayed, captured, session.Rotated) // within the minute of the proof, and bound as before
	k.Pass(2 * time.Second)
	if _, err := k.try(replayed, captured); !errors.Is(err, dpop.ErrInvalid) {
		t.Errorf("the replay after a minute: got %v, want %v", err, dpop.ErrInvalid)
	}
}

func TestAReusableSessionIsBoundToo(t *testing.T) {
	k := startKeyed(t)
	k.application("demo", "both", func(s *session.Settings) { s.Usage, s.DPoP = session.Reusable, session.DPoPAllowed })
	g := k.issue("alice", "both")
	bound := k.bound(g, k.prove(k.key), session.Extended)
	k.unbound(bound, k.came())
	k.unbound(g, k.came()) // its text is older and its secret is current
	_, err := k.Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal(), Scope: "more"})
	k.want("a scope, without a proof", err, session.ErrUnbound)
	k.bound(g, k.prove(k.key), session.Extended)
}
