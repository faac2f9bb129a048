// Command oauth-metadata is GET and HEAD of the metadata, of the service and of each tenant.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/wellknown"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/process"
)

func main() {
	p := process.New()
	p.Start(wellknown.Metadata(p.Frame(), p.Issuer()))
}
