package handlers_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/handlers"
	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

func TestEveryOperationWithARouteHasAHandlerThatLogsItsName(t *testing.T) {
	var log bytes.Buffer
	shell := api.Shell{Frame: frame.Frame{Log: telemetry.Log{Logger: slog.New(slog.NewJSONHandler(&log, nil))}}}
	all := handlers.Parts{Shell: shell, Authorizer: &authorizer.Authorizer{}}.All()
	for _, rule := range api.Rules() {
		handler, want := all[rule.Operation], rule.Who != api.AWS && rule.Who != api.Operators
		if got := handler != nil; got != want {
			t.Errorf("%s: got a handler: %v, want %v", rule.Operation, got, want)
		}
		if handler == nil || rule.Operation == api.Preflight { // the request after a preflight has the line
			continue
		}
		log.Reset()
		_, err := handler(t.Context(), events.APIGatewayProxyRequest{HTTPMethod: "GET"})
		var line struct{ Op api.Operation }
		if err = cmp.Or(err, json.Unmarshal(log.Bytes(), &line)); err != nil || line.Op != rule.Operation {
			t.Errorf("%s: got the line %s and %v, want one line with op=%s", rule.Operation, &log, err, rule.Operation)
		}
	}
}
