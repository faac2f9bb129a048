package deploy

import (
	"fmt"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/process"
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
		Operation: string(api.RotateSigningKeys), Keys: rotation.SigningKeys(f.signingAlg(), longestAccess), Secrets: f.SecretsManager(),
		ARN: f.Need(process.SigningKeys), PublicARN: f.Need(process.PublicKeys), Now: time.Now, Log: f.Log,
	}
}

// RotateTokenKeys rotates the keys of refresh tokens.
func (f *Function) RotateTokenKeys() *rotation.Rotation {
	return &rotation.Rotation{
		Operation: string(api.RotateTokenKeys), Keys: rotation.TokenKeys(longestSession), Secrets: f.SecretsManager(),
		ARN: f.Need(process.TokenKeys), Now: time.Now, Log: f.Log,
	}
}

func (f *Function) signingAlg() string {
	alg := f.Need(process.SigningAlg)
	if !slices.Contains([]string{"", "ES256", "EdDSA", "RS256"}, alg) {
		f.Refuse(fmt.Errorf("%s must be ES256, EdDSA or RS256", process.SigningAlg))
	}
	return alg
}
