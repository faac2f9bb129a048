// Command delete-by-user-and-application is DELETE /jwt/users/{userId}/applications/{applicationId}/refresh.
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
	f.Start(stencil.DeleteByUserAndApplication(f.Shell(), session.NewUserDeleter(table.Store(f), time.Now)))
}
