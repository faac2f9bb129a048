// Command issue is POST /jwt/issue.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New()
	f.Start(stencil.Issue(f.Shell(), session.NewIssuer(table.Store(f), f.Minter()).WithHook(table.Hook(f))))
}
