// Command authorizer is the Lambda REQUEST authorizer of every route that needs a credential.
package main

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

func main() {
	f := deploy.New()
	a := authorizer.Authorizer{Store: table.Store(f), Verifier: f.Verifier(), Now: time.Now, PublicURLs: f.PublicURLs()}
	f.Start(a.Handler(f.Log))
}
