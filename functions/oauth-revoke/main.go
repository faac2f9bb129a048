// Command oauth-revoke is POST /oauth2/revoke.
package main

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api/oauth"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New()
	store := table.Store(f)
	revoker := session.NewRevoker(store, f.TokenKeys(), f.Verifier(), time.Now).Accepting(table.Accepted(f, store))
	f.Start(oauth.Revoke(f.Shell(), revoker))
}
