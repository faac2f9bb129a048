// Command oauth-introspect is POST /oauth2/introspect.
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
	introspector := session.NewIntrospector(table.Store(f), f.TokenKeys(), f.Verifier(), time.Now)
	f.Start(oauth.Introspect(f.Shell(), introspector))
}
