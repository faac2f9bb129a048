// Command delete-by-application is DELETE /jwt/applications/{applicationId}/refresh.
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
	f.Start(stencil.DeleteByApplication(f.Shell(), session.NewApplicationDeleter(table.Store(f), time.Now)))
}
