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
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/process"
	"github.com/stencil-auth/refresh-tokens/pkg/operator"
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
