// Command retrieve-by-user is GET /jwt/refresh?userId=.
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
	f.Start(stencil.RetrieveByUser(f.Shell(), session.NewLister(table.Store(f), time.Now)))
}
