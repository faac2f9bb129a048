// Command authenticate-refresh is POST /api/v1/authenticate/refresh of KirjaSwappi.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/kirjaswappi"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

func main() {
	f := deploy.New()
	refresher, _ := table.Refresher(f)
	f.Start(kirjaswappi.AuthenticateRefresh(f.Shell(), refresher))
}
