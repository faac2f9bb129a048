// Package deploy owns what the functions that work on sessions start with on AWS, over pkg/deploy/process. It must never
// read the value of a secret itself.
package deploy

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/process"
	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Function is one deployed function that works on sessions.
type Function struct{ *process.Process }

// New reads the environment. Start reports what is wrong with it.
func New() *Function { return &Function{process.New()} }

// Verifier checks access tokens that another machine has signed, whose clock may differ.
func (f *Function) Verifier() token.Verifier {
	return token.Verifier{Issuer: f.Issuer(), Keys: f.PublicKeys(), Now: time.Now, Leeway: token.Skew}
}

// Companion checks access tokens beside a refresh.
func (f *Function) Companion() token.Companion {
	return token.Companion{Verifier: f.Verifier(), Past: f.SigningKeys()}
}

// Minter makes the tokens of sessions.
func (f *Function) Minter() session.Minter {
	return session.NewMinter(f.Issuer(), f.TokenKeys(), f.SigningKeys(), time.Now, rand.Reader)
}

// Shell surrounds every operation with a route. The issuer in it may be empty: the parts that need one require it.
func (f *Function) Shell() api.Shell {
	return api.Shell{
		Issuer: issuer.Service(f.Get(process.Issuer)), Frame: f.Frame(), CookieDomain: f.CookieDomain(), PublicURLs: f.PublicURLs(),
	}
}

// PublicURLs are those that a proof of possession may name.
func (f *Function) PublicURLs() (bases []dpop.Base) {
	named := f.Get(process.PublicURLs)
	for one := range strings.SplitSeq(cmp.Or(named, f.Get(process.Issuer)), ",") {
		base, err := dpop.ParseBase(strings.TrimSpace(one))
		if err != nil && named != "" {
			f.Refuse(fmt.Errorf("%s: %q must be a URL such as https://auth.example.com", process.PublicURLs, one))
		}
		bases = append(bases, base)
	}
	return bases
}
