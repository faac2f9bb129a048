// Command jwks is GET /.well-known/jwks.json.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/wellknown"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/process"
)

func main() {
	p := process.New()
	p.Start(wellknown.JWKS(p.Frame(), p.PublicKeys()))
}
