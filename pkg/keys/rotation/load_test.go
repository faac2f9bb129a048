package rotation_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Law 8: keys rotate without an interruption. Three rotations of either kind run step by step while chains of tokens
// are refreshed, retried and verified by containers and resource servers whose caches have every age: nothing fails.
func TestNoRequestFailsDuringRotations(t *testing.T) {
	f := newFleet(t)
	tokens := make([]string, chains)
	for n := range tokens {
		f.Pass(tick / chains / 2) // the containers start one after another
		var err error
		if tokens[n], err = f.issue(n, []string{"web", "service"}[n/7]); err != nil {
			t.Fatal(err)
		}
	}
	const rotations = 3
	ticks := int(rotation.MinNextAge/tick) + 6
	for at := range ticks*rotations + 2 {
		all := f.drive(t, tokens, at)
		if round, begun := at/ticks, at%ticks-(ticks-5); round < rotations && begun >= 0 && begun < len(steps) { // while the chains run
			if begun == 0 {
				f.start(f.signing)
				f.start(f.tokens)
			}
			err1 := f.step(f.signing, steps[begun], f.fake.Version(f.signingARN, fakesm.Pending))
			if err := errors.Join(err1, f.step(f.tokens, steps[begun], f.fake.Version(f.tokARN, fakesm.Pending))); err != nil {
				t.Fatal(err)
			}
		}
		all.Wait()
		if t.Failed() {
			return
		}
		f.Pass(tick)
	}
	f.wantRotations(t, rotations+1)
}

// drive refreshes and retries the token of every chain twice, all at once.
func (f *fleet) drive(t *testing.T, tokens []string, at int) *sync.WaitGroup {
	var all sync.WaitGroup
	for n := range tokens {
		all.Go(func() {
			for range 2 {
				next, err := f.refresh(tokens[n], n+at)
				if err != nil {
					t.Errorf("chain %d, tick %d: got %v, want success", n, at, err)
					return
				}
				tokens[n] = next
			}
		})
	}
	return &all
}

// wantRotations wants that so many keys of each kind have made a token.
func (f *fleet) wantRotations(t *testing.T, want int) {
	t.Helper()
	for what, seen := range map[string]*sync.Map{"signing": &f.signed, "token": &f.tagged} {
		n := 0
		seen.Range(func(any, any) bool { n++; return true })
		if n != want {
			t.Errorf("got %d %s keys, want %d", n, what, want)
		}
	}
}

// A retry in a container that already has the new keys gets the token of the first answer, with its old key.
func TestARetryAnswersTheSameAcrossARotation(t *testing.T) {
	f := newFleet(t)
	text, err := f.issue(0, "web")
	if err != nil {
		t.Fatal(err)
	}
	f.Pass(rotation.MinNextAge)
	first, err := f.containers[0].sessions.Refresh(t.Context(), session.RefreshRequest{Token: text})
	if err != nil {
		t.Fatal(err)
	}
	f.rotate(f.signing)
	f.rotate(f.tokens)
	f.Pass(20 * time.Second)
	fresh := f.newContainer()
	again, err := fresh.sessions.Refresh(t.Context(), session.RefreshRequest{Token: text})
	if err != nil {
		t.Fatal(err)
	}
	if again.Outcome != session.Retried || again.Refresh.Reveal() != first.Refresh.Reveal() ||
		again.Session.AccessTokenID != first.Session.AccessTokenID {
		t.Errorf("got %q, the same token %v, want %q of the same token", again.Outcome, again.Refresh == first.Refresh, session.Retried)
	}
	if a, b := kidOf(t, first.Access.Reveal()), kidOf(t, again.Access.Reveal()); a == b {
		t.Errorf("both access tokens have key %s, want two keys", a)
	}
	if err := f.use(again); err != nil {
		t.Error(err)
	}
	next, err := fresh.sessions.Refresh(t.Context(), session.RefreshRequest{Token: again.Refresh.Reveal()})
	if err != nil || next.Session.TokenKeyID == first.Session.TokenKeyID {
		t.Errorf("the next refresh: got key %s, %v, want the new one", next.Session.TokenKeyID, err)
	}
}

func kidOf(t *testing.T, text string) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(text, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(parsed.Header["kid"])
}

// After an emergency, access tokens of a dropped signing key are refused until they are refreshed; refresh tokens of a
// dropped token key are refused.
func TestTokensOfADroppedKeyAreRefusedAsThat(t *testing.T) {
	f := newFleet(t)
	text, err := f.issue(0, "web")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.drop(f.signing, the(t, f.current(f.signing), keys.Active).ID); err != nil {
		t.Fatal(err)
	}
	f.containers = []*container{f.newContainer(), f.newContainer(), f.newContainer(), f.newContainer()}
	for _, s := range f.verifiers {
		s.fetched = time.Time{}
	}
	if text, err = f.refresh(text, 0); err != nil {
		t.Fatalf("after the signing key was dropped: got %v, want success", err)
	}
	if _, err := f.drop(f.tokens, the(t, f.current(f.tokens), keys.Active).ID); err != nil {
		t.Fatal(err)
	}
	fresh := f.newContainer()
	if _, err := fresh.sessions.Refresh(t.Context(), session.RefreshRequest{Token: text}); !errors.Is(err, session.ErrDroppedKey) {
		t.Errorf("a token of a dropped key: got %v, want %v", err, session.ErrDroppedKey)
	}
	f.containers[0] = fresh
	if _, err := f.issue(4, "web"); err != nil {
		t.Errorf("a new session: got %v, want success", err)
	}
}
