// Command oauth-token is POST /oauth2/token.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/oauth"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New()
	f.Start(oauth.Token(f.Shell(), f.Companion(), session.NewRefresher(table.Store(f), f.Minter())))
}
