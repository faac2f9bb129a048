package deploy

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// How long tokens are accepted at most, by a clock that is behind.
const (
	longestAccess  = session.MaxAccessSeconds*time.Second + token.Skew
	longestSession = session.MaxAbsoluteSeconds*time.Second + token.Skew
)

// RotateSigningKeys rotates the keys of access tokens and publishes their public halves.
func (f *Function) RotateSigningKeys() *rotation.Rotation {
	return &rotation.Rotation{
		Operation: string(api.RotateSigningKeys), Keys: rotation.SigningKeys(f.signingAlg(), longestAccess), Secrets: f.secretsManager(),
		ARN: f.Need(SigningKeys), PublicARN: f.Need(PublicKeys), Now: time.Now, Log: f.Log,
	}
}

// RotateTokenKeys rotates the keys of refresh tokens.
func (f *Function) RotateTokenKeys() *rotation.Rotation {
	return &rotation.Rotation{
		Operation: string(api.RotateTokenKeys), Keys: rotation.TokenKeys(longestSession), Secrets: f.secretsManager(),
		ARN: f.Need(TokenKeys), Now: time.Now, Log: f.Log,
	}
}
