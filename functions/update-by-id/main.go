// Command update-by-id is PATCH /jwt/refresh/{tokenId}.
package main

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New()
	f.Start(stencil.UpdateByID(f.Shell(), session.NewUpdater(table.Store(f), time.Now)))
}
