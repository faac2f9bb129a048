// Package wellknown owns the documents below /.well-known/: the public keys of access tokens, and the description of the
// authorization server. Anybody may read and cache them. It must never see a private key, and knows no session, so that
// its functions start without the code of sessions.
package wellknown

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

var errNoTenant = errors.New("not the id of a tenant")

// serve answers with a document that caches may keep. A rotation of the keys waits for them.
func serve(
	f frame.Frame, operation string, document func(context.Context, *events.APIGatewayProxyRequest) (any, error),
) frame.Handler {
	cache := http.Header{"Cache-Control": {fmt.Sprintf("public, max-age=%d", keys.PublishedFor/time.Second)}}
	return f.Serve(operation, failure, func(
		ctx context.Context, e *events.APIGatewayProxyRequest, _ *telemetry.Line,
	) (frame.Answer, error) {
		body, err := document(ctx, e)
		return frame.Answer{Body: body, Header: cache}, err
	})
}

// failure has the shape of what API Gateway itself raises.
func failure(err error) frame.Answer {
	f := frame.Failed
	switch {
	case errors.Is(err, keys.ErrUnavailable):
		f = frame.Unavailable
	case errors.Is(err, errNoTenant):
		f = frame.Failure{Status: http.StatusNotFound, Message: "There is no such route: this cannot be the id of a tenant."}
	}
	return f.Answer(struct {
		Success bool   `json:"success"`
		Message string `json:"message"`
		Data    any    `json:"data"`
	}{Message: f.Message})
}
