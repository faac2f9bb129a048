// Command oauth-metadata is GET /.well-known/oauth-authorization-server.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/oauth"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New()
	f.Start(oauth.Metadata(f.Shell(), f.Issuer()))
}
