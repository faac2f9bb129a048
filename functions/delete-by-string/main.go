// Command delete-by-string is POST /jwt/revoke.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

func main() {
	f := deploy.New()
	f.Start(stencil.DeleteByString(f.Shell(), table.TokenDeleter(f, table.Store(f))))
}
