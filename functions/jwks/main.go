// Command jwks is GET /.well-known/jwks.json.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/jwks"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New()
	f.Start(jwks.Handler(f.Shell(), f.PublicKeys()))
}
