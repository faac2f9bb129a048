// Command import-sessions is bringing sessions of another system along, invoked with IAM.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

func main() {
	f := deploy.New()
	f.Start(table.Operator(f).ImportSessions)
}
