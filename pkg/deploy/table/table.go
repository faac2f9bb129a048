// Package table owns the wiring of the functions that use the DynamoDB table. It is apart from pkg/deploy so that the
// others, jwks and oauth-metadata, link neither the store nor its client. It must never read or write the table itself.
package table

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/process"
	"github.com/stencil-auth/refresh-tokens/pkg/hook"
	"github.com/stencil-auth/refresh-tokens/pkg/operator"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
)

// Store is the table of a function. The log line counts each of its requests, the SDK's retries included.
func Store(f *deploy.Function) *dynamo.Store {
	client := dynamodb.NewFromConfig(f.AWS, func(o *dynamodb.Options) {
		o.HTTPClient = counted{o.HTTPClient, f.Log.Calls.Add}
		o.DisableValidateResponseChecksum = true // awsconfig does it, for 8 allocations less
	})
	store := dynamo.New(client, f.Need(process.TableName))
	copies, err := strconv.Atoi(cmp.Or(f.Get(process.EpochCopies), "1"))
	if err != nil || copies < 1 || copies > dynamo.MaxEpochCopies {
		f.Refuse(fmt.Errorf("%s must be a number from 1 to %d", process.EpochCopies, dynamo.MaxEpochCopies))
	}
	store.EpochCopies, store.Unrecorded = copies, api.Unrecorded(f.Log)
	return store
}

// Refresher exchanges the refresh tokens of the table, and asks the claims hook where the deployment has one.
func Refresher(f *deploy.Function) (session.Refresher, *dynamo.Store) {
	store := Store(f)
	return session.NewRefresher(store, f.Minter()).WithHook(Hook(f), store).Accepting(Accepted(f, store)), store
}

// TokenDeleter deletes by refresh tokens.
func TokenDeleter(f *deploy.Function, store *dynamo.Store) session.TokenDeleter {
	return session.NewTokenDeleter(store, f.TokenKeys(), time.Now).Accepting(Accepted(f, store))
}

// Accepted are the refresh tokens of another system that the deployment accepts.
func Accepted(f *deploy.Function, store *dynamo.Store) (a session.Accepted) {
	accepts, pattern := f.AcceptsImported()
	if accepts {
		a.Store, a.Pattern = store, pattern
	}
	return a
}

// Hook asks the claims hook; it asks nobody where the deployment has none.
func Hook(f *deploy.Function) session.Hook {
	arn := f.Get(process.HookARN)
	if arn == "" {
		return session.Hook{}
	}
	ask, err := hook.Lambda(f.AWS, awsconfig.Single(f.AWS), arn)
	if err != nil {
		f.Refuse(fmt.Errorf("%s: %w", process.HookARN, err))
	}
	return session.Hook{Ask: ask, Refuse: f.RefusesWithoutHook()}
}

// counted is an HTTP client that reports each request before it sends it.
type counted struct {
	dynamodb.HTTPClient

	add func(context.Context)
}

// Do implements dynamodb.HTTPClient.
func (c counted) Do(request *http.Request) (*http.Response, error) {
	c.add(request.Context())
	return c.HTTPClient.Do(request)
}

// Operator is the value behind the functions that an operator invokes.
func Operator(f *deploy.Function) operator.Operator {
	return operator.Operator{Store: Store(f), Now: time.Now, Random: rand.Reader, Log: f.Log}
}
