// Command user-refresh-token is POST /User/RefreshToken of the 7G registry API.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/seveng"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
)

func main() {
	f := deploy.New()
	refresher, _ := table.Refresher(f)
	f.Start(seveng.UserRefreshToken(f.Shell(), f.Companion(), refresher))
}
