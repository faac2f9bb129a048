// Command authorize-resource is the Lambda authorizer of the owner's other APIs.
package main

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/process"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

func main() {
	f := deploy.New()
	r := authorizer.Resource{
		Sessions: table.Store(f), Verifier: f.Verifier(), Now: time.Now,
		Audience: f.Need(process.Audience), TakesDPoP: f.TakesDPoP(), Policy: f.AnswersWithPolicy(),
	}
	f.Start(r.Handler(f.Log))
}
