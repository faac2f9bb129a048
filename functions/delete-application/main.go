// Command delete-application is deleting an application, invoked with IAM.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

func main() {
	f := deploy.New()
	f.Start(table.Operator(f).DeleteApplication)
}
