// Command documented-forms is POST /jwt/refresh/{tokenId} and DELETE /jwt/refresh.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.TokenKeys)
	store, core := f.Store(), f.Core()
	core.Sessions.Retriever = session.NewRetriever(store, time.Now)
	core.Sessions.Lister = session.NewLister(store, time.Now)
	core.Sessions.Deleter = session.NewDeleter(store, time.Now)
	core.Sessions.TokenDeleter = session.NewTokenDeleter(store, f.TokenKeys(), time.Now)
	core.Sessions.UserDeleter = session.NewUserDeleter(store, time.Now)
	core.Sessions.ApplicationDeleter = session.NewApplicationDeleter(store)
	core.Sessions.AnchorDeleter = session.NewAnchorDeleter(store, time.Now)
	lambda.Start(api.DocumentedForms(core))
}
