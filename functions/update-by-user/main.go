// Command update-by-user is PATCH /jwt/users/{userId}/refresh.
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
	f.Start(stencil.UpdateByUser(f.Shell(), session.NewUserUpdater(table.Store(f), time.Now)))
}
