// Package process owns what every function starts with on AWS: its environment, its logger, its keys and the frame of its
// answers. Each part is made by its own method, which also names the variables that it needs, so that a function links,
// opens and requires only what it uses. It must never know a session, nor read the value of a secret itselp.
package process

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// Process is one deployed function.
type Process struct {
	Environment

	AWS aws.Config
	Log telemetry.Log

	// Made when first asked for: all parts share one connection and one cache of each key set.
	secrets     *awssecrets.Client
	tokenKeys   *keys.Ring[keys.TokenSet]
	signingKeys *keys.Ring[keys.SigningSet]
	publicKeys  *keys.Ring[keys.PublicSet]
}

// New reads the environment. Start reports what is wrong with it.
func New() *Process {
	p := &Process{Environment: NewEnvironment(os.Getenv)}
	config, err := awsconfig.Load(os.Getenv)
	p.Refuse(err)
	p.AWS = config
	p.Log = telemetry.Log{
		Logger: slog.New(lambdacontext.NewLogHandler()), Namespace: p.Get(Metrics), Calls: &telemetry.Calls{},
	}
	return p
}

// Start serves the events of the function. A wrong environment ends the process, as Lambda expects of a failed init,
// with every mistake on standard error.
func (p *Process) Start(handler any) {
	if err := p.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "this function cannot start:", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

// EventBus is the name of the bus of lifecycle events.
func (p *Process) EventBus() string { return p.Need(EventBus) }

// SecretsManager is the one client of its service.
func (p *Process) SecretsManager() *awssecrets.Client {
	if p.secrets == nil {
		p.secrets = awssecrets.NewFromConfig(p.AWS)
	}
	return p.secrets
}

// ring caches a key set and logs while it serves a stale one.
func ring[Set any](p *Process, fetch func(context.Context) (*Set, error)) *keys.Ring[Set] {
	r := keys.NewRing(fetch)
	r.OnStale = func(err error) { p.Log.Error("serving stale keys", "error", err.Error()) }
	return r
}

// PublicKeys verify access tokens.
func (p *Process) PublicKeys() *keys.Ring[keys.PublicSet] {
	if p.publicKeys == nil {
		p.publicKeys = ring(p, secretsmanager.PublicKeys(p.SecretsManager(), p.Need(PublicKeys)))
	}
	return p.publicKeys
}

// SigningKeys sign access tokens.
func (p *Process) SigningKeys() *keys.Ring[keys.SigningSet] {
	if p.signingKeys == nil {
		p.signingKeys = ring(p, secretsmanager.SigningKeys(p.SecretsManager(), p.Need(SigningKeys)))
	}
	return p.signingKeys
}

// TokenKeys make and verify refresh tokens.
func (p *Process) TokenKeys() *keys.Ring[keys.TokenSet] {
	if p.tokenKeys == nil {
		p.tokenKeys = ring(p, secretsmanager.TokenKeys(p.SecretsManager(), p.Need(TokenKeys)))
	}
	return p.tokenKeys
}

// Frame surrounds every operation with a route.
func (p *Process) Frame() frame.Frame {
	return frame.Frame{Origins: p.CORS(), Log: p.Log}
}
