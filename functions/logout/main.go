// Command logout is POST /jwt/logout.
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
	store := table.Store(f)
	deleter := session.NewTokenDeleter(store, f.TokenKeys(), time.Now).Accepting(table.Accepted(f, store))
	f.Start(stencil.Logout(f.Shell(), deleter))
}
