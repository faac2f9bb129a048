package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/handlers"
	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/gateway"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/file"
	"github.com/stencil-auth/refresh-tokens/pkg/openapi"
	opsocket "github.com/stencil-auth/refresh-tokens/pkg/operator/socket"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// service is the gateway with all behind it.
type service struct {
	gateway *gateway.Gateway
	handler http.Handler // the gateway and the pages /docs and /openapi.json, with a log line for each request
	home    string       // the place of the data, for the greeting
	close   func() error
	log     *slog.Logger

	operators map[string]opsocket.Function // by the name of the operation
}

const wantsDirectory = "LOCAL_DIR must be a directory that this user can write"

// open makes the service. Errors say how to repair the settings.
func open(ctx context.Context, cfg config, stderr io.Writer) (*service, error) {
	lines := gateway.Lines{Handler: newLog(cfg, stderr)}
	logger := slog.New(lines)
	template, err := readTemplate(cfg.template)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.dir, 0o700); err != nil {
		return nil, fmt.Errorf("%w (%s)", err, wantsDirectory)
	}
	source, err := file.Open(cfg.dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("keys: %w (%s)", err, wantsDirectory)
	}
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	counted := newCounts(time.Now)
	log := telemetry.Log{Logger: logger, Count: counted.add}
	store, home, closeStore, err := openStore(ctx, cfg, template, log)
	if err != nil {
		return nil, err
	}
	s := &service{
		home: home, close: closeStore, log: logger, operators: operatorFunctions(cfg, store, log),
	}
	s.operators["counts"] = counted.answer
	parts := assemble(cfg, log, store, source)
	if err := seed(ctx, cfg, store); err != nil {
		return nil, errors.Join(fmt.Errorf("first credentials: %w", err), closeStore())
	}
	if s.gateway, err = openGateway(parts, &template.API); err != nil {
		return nil, errors.Join(err, closeStore())
	}
	pages, err := openapi.Handler(s.gateway)
	if err != nil {
		return nil, errors.Join(err, closeStore())
	}
	s.handler = lines.Serve(pages)
	return s, nil
}

// readTemplate reads a template, or the one that the program was built with.
func readTemplate(name string) (*stack.Template, error) {
	if name == "" {
		return stack.Laptop()
	}
	return stack.Read(name, nil)
}

// assemble makes the same handlers that functions/ deploys, over local stores and keys.
func assemble(cfg config, logger telemetry.Log, store session.Store, source *file.Source) handlers.Parts {
	public := keys.NewRing(source.PublicKeys)
	accepted := session.Accepted{Pattern: cfg.pattern}
	if cfg.imported {
		accepted.Store = store
	}
	return handlers.Parts{
		Shell: api.Shell{
			Issuer: cfg.issuer(), Frame: frame.Frame{Origins: cfg.origins, Log: logger}, CookieDomain: cfg.cookies,
			PublicURLs: cfg.publicURLs(),
		},
		Store: store,
		Authorizer: &authorizer.Authorizer{
			Store: store, Verifier: token.Verifier{Issuer: cfg.issuer(), Keys: public, Now: time.Now}, Now: time.Now,
			PublicURLs: cfg.publicURLs(),
		},
		TokenKeys: keys.NewRing(source.TokenKeys), SigningKeys: keys.NewRing(source.SigningKeys), PublicKeys: public,
		Hook: cfg.hook, Accepted: accepted, Now: time.Now,
	}
}

func openGateway(p handlers.Parts, routes *stack.API) (*gateway.Gateway, error) {
	functions := map[string]gateway.Function{}
	for operation, handler := range p.All() {
		functions[string(operation)] = gateway.Function(handler)
	}
	return gateway.New(gateway.Config{
		API:          routes,
		Functions:    functions,
		Authorizers:  map[string]gateway.Authorizer{"authorizer": p.Authorizer.Handler(p.Shell.Log)},
		CORS:         p.Shell.Origins.Headers,
		OtherMethods: stencil.OtherMethods,
		Log:          p.Shell.Log.Logger,
	})
}

// httpErrors writes the errors of net/http to the log.
func (s *service) httpErrors() *log.Logger { return slog.NewLogLogger(s.log.Handler(), slog.LevelWarn) }
