package session

import (
	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// NonceError offers a nonce beside its reason (RFC 9449 section 8).
type NonceError struct {
	Nonce string
	Err   error
}

func (e NonceError) Error() string { return e.Err.Error() }

// Unwrap is the reason.
func (e NonceError) Unwrap() error { return e.Err }

// prove judges the proof of a refresh by what the token says, before any request to the store, and returns its key: zero
// where a proof is ignored, or optional and absent. Errors: ErrUnbound for one that is missing, dpop.ErrInvalid, ErrNonce;
// the latter two may be a NonceError.
func (m Minter) prove(presented token.Refresh, came dpop.Presented, set *keys.TokenSet) (dpop.Thumbprint, error) {
	switch {
	case presented.DPoP == token.DPoPOff, presented.DPoP == token.DPoPAllowed && came.Absent():
		return dpop.Thumbprint{}, nil
	case came.Absent():
		return dpop.Thumbprint{}, ErrUnbound
	}
	proof, err := came.Verify()
	now := m.clock.now()
	switch {
	case err != nil, proof.HasNonce(set, now):
	case presented.DPoP == token.DPoPRequired:
		err = NonceError{dpop.Nonce(set.Active, now), ErrNonce}
	case !proof.Recent(now):
		err = NonceError{dpop.Nonce(set.Active, now), dpop.InvalidError{Reason: "its iat is more than 60 s off, and it has no nonce."}}
	}
	return proof.Key, err
}
