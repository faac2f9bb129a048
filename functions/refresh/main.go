// Command refresh is POST /jwt/refresh.
package main

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

func main() {
	f := deploy.New()
	refresher, store := table.Refresher(f)
	a := &authorizer.Authorizer{Store: store, Verifier: f.Verifier(), Now: time.Now, PublicURLs: f.PublicURLs()}
	forms := stencil.NewForms(store, table.TokenDeleter(f, store), time.Now)
	f.Start(stencil.Refresh(f.Shell(), a, f.Companion(), refresher, forms))
}
