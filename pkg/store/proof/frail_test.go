package proof

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"fmt"
	"io"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// frail is a store of one session that is Rotation.Permits and Rotation.Apply, behind an SDK that repeats requests
// and a network that loses them and their answers. While a request waits for its repetition others come through.
type frail struct {
	session.Store

	browser *browser
}

var errLost = fmt.Errorf("%w: no answer", session.ErrUnavailable)

// sdkDelays are those of package awsconfig, and none after the last attempt.
func sdkDelays() []time.Duration {
	return []time.Duration{0, 0, 25 * time.Millisecond, 100 * time.Millisecond, 0}
}

// sdk repeats a request as the SDK does.
func (f *frail) sdk(do func()) error {
	b := f.browser
	for _, delay := range sdkDelays() {
		dice := 0
		if !b.calm {
			dice = b.dice.IntN(16)
		}
		if dice != 1 { // otherwise the request is lost
			do()
		}
		if dice != 1 && dice != 2 { // otherwise the answer is
			return nil
		}
		b.run(b.now.Add(delay))
	}
	return errLost
}

func (f *frail) Rotate(_ context.Context, r session.Rotation) (state session.Session, applied bool, err error) {
	b := f.browser
	missing := false
	err = f.sdk(func() {
		if missing = b.stored == nil; missing {
			return
		}
		if state, applied = *b.stored, r.Permits(*b.stored); applied {
			state = r.Apply(state)
			b.stored = &state
		}
	})
	if err == nil && missing {
		err = session.ErrNoSession
	}
	return state, applied, err
}

// EndReused takes two requests, as on DynamoDB: the first ends the session, the second removes what nobody sees.
func (f *frail) EndReused(context.Context, session.Key) error {
	missing := false
	err := f.sdk(func() { missing, f.browser.stored = f.browser.stored == nil, nil })
	if err == nil && missing {
		err = session.ErrNoSession
	}
	if err != nil {
		return err
	}
	_ = f.sdk(func() {}) // the session is over, whatever becomes of its removal
	return nil
}

func (f *frail) Create(_ context.Context, s session.Session) error {
	f.browser.stored = &s
	return nil
}

// ApplicationOf runs beside Rotate, so it may not touch anything that changes.
func (f *frail) ApplicationOf(context.Context, session.Key) (session.Application, error) {
	return f.browser.app, nil
}

// simulation is what all schedules share.
type simulation struct {
	overlap time.Duration
	tokens  *keys.Ring[keys.TokenSet]
	signing *keys.Ring[keys.SigningSet]
}

func newSimulation(overlap time.Duration) simulation {
	return simulation{
		overlap: overlap,
		tokens:  ringOf(keys.ParseTokenSet, keys.GenerateTokenKey(keys.Active)),
		signing: keys.NewRing(func(context.Context) (*keys.SigningSet, error) {
			return &keys.SigningSet{Active: keys.SigningKey{ID: "none", Alg: "EdDSA", Signer: blank{}}}, nil
		}),
	}
}

// blank signs with nothing: nobody looks at these access tokens, and there are hundreds of thousands.
type blank struct{}

func (blank) Public() crypto.PublicKey { return ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)) }

func (blank) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return make([]byte, ed25519.SignatureSize), nil
}
