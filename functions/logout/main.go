// Command logout is POST /jwt/logout.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

func main() {
	f := deploy.New()
	f.Start(stencil.Logout(f.Shell(), table.TokenDeleter(f, table.Store(f))))
}
