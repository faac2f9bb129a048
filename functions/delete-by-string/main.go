// Command delete-by-string is POST /jwt/revoke.
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
	f.Start(stencil.DeleteByString(f.Shell(), session.NewTokenDeleter(table.Store(f), f.TokenKeys(), time.Now)))
}
