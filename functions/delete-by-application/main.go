// Command delete-by-application is DELETE /jwt/applications/{applicationId}/refresh.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName)
	store, core := f.Store(), f.Core()
	core.Sessions.ApplicationDeleter = session.NewApplicationDeleter(store)
	core.Sessions.AnchorDeleter = session.NewAnchorDeleter(store, time.Now)
	lambda.Start(api.DeleteByApplication(core))
}
