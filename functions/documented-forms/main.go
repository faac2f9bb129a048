// Command documented-forms is POST /jwt/refresh/{tokenId} and DELETE /jwt/refresh.
package main

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

func main() {
	f := deploy.New()
	f.Start(stencil.DocumentedForms(f.Shell(), stencil.NewForms(table.Store(f), f.TokenKeys(), time.Now)))
}
