package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/process"
	"github.com/stencil-auth/refresh-tokens/pkg/operator"
	opsocket "github.com/stencil-auth/refresh-tokens/pkg/operator/socket"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// settings answers what rtctl doctor looks at, by the names of template.yaml's parameters.
func (c config) settings(context.Context, json.RawMessage) (any, error) {
	return map[string]string{
		"Issuer": c.baseURL(), "AllowedOrigins": c.getenv(process.Origins), "CookieDomain": c.cookies,
	}, nil
}

// operatorFunctions are those that AWS invokes with IAM, and the settings.
func operatorFunctions(cfg config, store session.Store, log telemetry.Log) map[string]opsocket.Function {
	functions := map[string]opsocket.Function{"settings": cfg.settings}
	o := operator.Operator{Store: store, Now: time.Now, Random: rand.Reader, Log: log}
	for operation, function := range o.Functions() {
		functions[string(operation)] = function
	}
	return functions
}

// serveOperators answers the operator functions on the socket of the data directory, until the returned function ends
// that.
func (s *service) serveOperators(dir string) (end func() error, err error) {
	l, err := opsocket.Listen(dir)
	if err != nil {
		return nil, fmt.Errorf("the operators' socket: %w", err)
	}
	server := &http.Server{
		Handler: opsocket.Handler(s.operators), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		ErrorLog: s.httpErrors(),
	}
	go func() { _ = server.Serve(l) }() // it ends with end
	return server.Close, nil
}
