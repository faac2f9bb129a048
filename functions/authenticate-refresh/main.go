// Command authenticate-refresh is POST /api/v1/authenticate/refresh of KirjaSwappi.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/kirjaswappi"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New()
	f.Start(kirjaswappi.AuthenticateRefresh(f.Shell(), session.NewRefresher(table.Store(f), f.Minter())))
}
