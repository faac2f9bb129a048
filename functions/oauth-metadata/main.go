// Command oauth-metadata is GET /.well-known/oauth-authorization-server.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/wellknown"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/process"
)

func main() {
	p := process.New()
	p.Start(wellknown.Metadata(p.Frame(), p.Issuer()))
}
