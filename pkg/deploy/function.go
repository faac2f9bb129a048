// Package deploy owns what a function starts with on AWS: its environment, its logger and the adapters behind the core's
// ports. Each part is made by its own method, which also names the variables that it needs, so that a function links,
// opens and requires only what it uses. It must never read the value of a secret itself.
package deploy

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Function is one deployed function.
type Function struct {
	Environment

	AWS aws.Config
	Log telemetry.Log

	secrets   *awssecrets.Client // made when the first keys are asked for: all share its connection
	tokenKeys *keys.Ring[keys.TokenSet]
}

// New reads the environment. Start reports what is wrong with it.
func New() *Function {
	f := &Function{Environment: NewEnvironment(os.Getenv)}
	config, err := awsconfig.Load(os.Getenv)
	f.Refuse(err)
	f.AWS = config
	f.Log = telemetry.Log{
		Logger: slog.New(lambdacontext.NewLogHandler()), Namespace: f.Get(Metrics), Calls: &telemetry.Calls{},
	}
	return f
}

// Start serves the events of the function. A wrong environment ends the process, as Lambda expects of a failed init,
// with every mistake on standard error.
func (f *Function) Start(handler any) {
	if err := f.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "this function cannot start:", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

// EventBus is the name of the bus of lifecycle events.
func (f *Function) EventBus() string { return f.Need(EventBus) }

// secretsManager is the one client of its service.
func (f *Function) secretsManager() *awssecrets.Client {
	if f.secrets == nil {
		f.secrets = awssecrets.NewFromConfig(f.AWS)
	}
	return f.secrets
}

// ring caches a key set and logs while it serves a stale one.
func ring[Set any](f *Function, fetch func(context.Context) (*Set, error)) *keys.Ring[Set] {
	r := keys.NewRing(fetch)
	r.OnStale = func(err error) { f.Log.Error("serving stale keys", "error", err.Error()) }
	return r
}

// PublicKeys verify access tokens.
func (f *Function) PublicKeys() *keys.Ring[keys.PublicSet] {
	return ring(f, secretsmanager.PublicKeys(f.secretsManager(), f.Need(PublicKeys)))
}

// SigningKeys sign access tokens.
func (f *Function) SigningKeys() *keys.Ring[keys.SigningSet] {
	return ring(f, secretsmanager.SigningKeys(f.secretsManager(), f.Need(SigningKeys)))
}

// TokenKeys make and verify refresh tokens. All verbs share one cache.
func (f *Function) TokenKeys() *keys.Ring[keys.TokenSet] {
	if f.tokenKeys == nil {
		f.tokenKeys = ring(f, secretsmanager.TokenKeys(f.secretsManager(), f.Need(TokenKeys)))
	}
	return f.tokenKeys
}

// Verifier checks access tokens that another machine has signed, whose clock may differ.
func (f *Function) Verifier() token.Verifier {
	return token.Verifier{Issuer: f.Issuer(), Keys: f.PublicKeys(), Now: time.Now, Leeway: token.Skew}
}

// Minter makes the tokens of sessions.
func (f *Function) Minter() session.Minter {
	return session.NewMinter(f.Issuer(), f.TokenKeys(), f.SigningKeys(), time.Now, rand.Reader)
}

// Shell surrounds every operation with a route. The issuer in it may be empty: the parts that need one require it.
func (f *Function) Shell() api.Shell {
	return api.Shell{Issuer: f.Get(Issuer), Origins: api.Origins{Allowed: f.origins()}, Log: f.Log}
}
