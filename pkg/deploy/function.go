// Package deploy owns what a function starts with on AWS: its configuration, its logger, and the real adapters
// behind the core's ports. Each part is made by its own method, so that a function links and opens only what it
// names. It must never read a secret's value itself.
package deploy

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager"
	"github.com/stencil-auth/refresh-tokens/pkg/operator"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Function is one deployed function.
type Function struct {
	config  Config
	AWS     aws.Config
	Log     telemetry.Log
	secrets *awssecrets.Client // made when the first keys are asked for: all share its connection

	tokenKeys *keys.Ring[keys.TokenSet]
}

// New reads the environment; needed names the variables that must be set. A wrong environment ends the process,
// as Lambda expects of a failed init, with every mistake on standard error.
func New(needed ...string) *Function {
	c, err := Read(os.Getenv, needed...)
	config, awsErr := awsconfig.Load(os.Getenv)
	OrExit(errors.Join(err, awsErr))
	log := telemetry.Log{Logger: slog.New(lambdacontext.NewLogHandler()), Namespace: c.Metrics, Calls: &telemetry.Calls{}}
	return &Function{config: c, AWS: config, Log: log}
}

// OrExit ends the process with what is wrong, if anything is.
func OrExit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "this function cannot start:", err)
		os.Exit(1)
	}
}

// Store is the table. Each of its requests is counted in the log line, the SDK's retries included.
func (f *Function) Store() *dynamo.Store {
	client := dynamodb.NewFromConfig(f.AWS, func(o *dynamodb.Options) {
		o.HTTPClient = counted{o.HTTPClient, f.Log.Calls.Add}
		o.DisableValidateResponseChecksum = true // awsconfig does it, for 8 allocations less
	})
	store := dynamo.New(client, f.config.Table)
	store.EpochCopies = f.config.EpochCopies
	return store
}

// counted is an HTTP client that reports each request before it sends it.
type counted struct {
	dynamodb.HTTPClient

	add func(context.Context)
}

// Do is the HTTP client's.
func (c counted) Do(request *http.Request) (*http.Response, error) {
	c.add(request.Context())
	return c.HTTPClient.Do(request)
}

// EventBus is the name of the bus of lifecycle events.
func (f *Function) EventBus() string { return f.config.EventBus }

// secretsManager is the one client of its service.
func (f *Function) secretsManager() *awssecrets.Client {
	if f.secrets == nil {
		f.secrets = awssecrets.NewFromConfig(f.AWS)
	}
	return f.secrets
}

// documents are the key documents.
func (f *Function) documents() *secretsmanager.Source {
	return secretsmanager.New(secretsmanager.Config{
		Client: f.secretsManager(), TokenKeys: f.config.TokenKeys, SigningKeys: f.config.SigningKeys, PublicKeys: f.config.PublicKeys,
	})
}

// ring caches a key set and logs while it has to serve a stale one.
func ring[Set any](f *Function, fetch func(context.Context) (*Set, error)) *keys.Ring[Set] {
	r := keys.NewRing(fetch)
	r.OnStale = func(err error) { f.Log.Error("serving stale keys", "error", err.Error()) }
	return r
}

// PublicKeys verify access tokens.
func (f *Function) PublicKeys() *keys.Ring[keys.PublicSet] {
	return ring(f, f.documents().PublicKeys)
}

// SigningKeys sign access tokens.
func (f *Function) SigningKeys() *keys.Ring[keys.SigningSet] {
	return ring(f, f.documents().SigningKeys)
}

// TokenKeys make and verify refresh tokens. All verbs share one cache.
func (f *Function) TokenKeys() *keys.Ring[keys.TokenSet] {
	if f.tokenKeys == nil {
		f.tokenKeys = ring(f, f.documents().TokenKeys)
	}
	return f.tokenKeys
}

// Verifier checks access tokens. The signer may have run on another machine, so that clocks differ.
func (f *Function) Verifier() token.Verifier {
	return token.Verifier{Issuer: f.config.Issuer, Keys: f.PublicKeys(), Now: time.Now, Leeway: token.Skew}
}

// Minter makes the tokens of sessions.
func (f *Function) Minter() session.Minter {
	return session.NewMinter(f.config.Issuer, f.TokenKeys(), f.SigningKeys(), time.Now, rand.Reader)
}

// Shell is what surrounds every operation with a route.
func (f *Function) Shell() api.Shell {
	return api.Shell{Issuer: f.config.Issuer, Origins: api.Origins{Allowed: f.config.Origins}, Log: f.Log}
}

// Operator is what operator functions are built on.
func (f *Function) Operator() operator.Operator {
	return operator.Operator{Store: f.Store(), Now: time.Now, Random: rand.Reader, Log: f.Log}
}
