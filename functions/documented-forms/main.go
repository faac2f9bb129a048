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
	store := table.Store(f)
	f.Start(stencil.DocumentedForms(f.Shell(), stencil.NewForms(store, table.TokenDeleter(f, store), time.Now)))
}
