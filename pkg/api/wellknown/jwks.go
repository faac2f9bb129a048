package wellknown

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// JWKS answers with every public key that a valid access token may name (RFC 7517 section 5).
func JWKS(f frame.Frame, public *keys.Ring[keys.PublicSet]) frame.Handler {
	return serve(f, "jwks", func(ctx context.Context, _ *events.APIGatewayProxyRequest) (any, error) {
		set, err := public.Get(ctx)
		if err != nil {
			return nil, err
		}
		return json.RawMessage(set.JWKS()), nil
	})
}
