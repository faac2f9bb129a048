// Command oauth-token is POST /oauth2/token.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/oauth"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

func main() {
	f := deploy.New()
	refresher, _ := table.Refresher(f)
	f.Start(oauth.Token(f.Shell(), f.Companion(), refresher))
}
