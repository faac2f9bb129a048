// Package jwks owns GET /.well-known/jwks.json, the public keys of access tokens. It must never see a private key, and
// knows no session.
package jwks

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// Handler answers with every public key that a valid access token may name (RFC 7517 section 5).
func Handler(shell api.Shell, public *keys.Ring[keys.PublicSet]) api.Handler {
	return shell.Serve(api.Jwks, failure, func(ctx context.Context, _ *api.Request) (api.Answer, error) {
		set, err := public.Get(ctx)
		if err != nil {
			return api.Answer{}, err
		}
		return api.Answer{Body: json.RawMessage(set.JWKS()), Header: http.Header{"Cache-Control": {api.PublicMaxAge()}}}, nil
	})
}

// failure has the shape of what API Gateway itself raises.
func failure(err error) api.Answer {
	e := api.ErrorOf(err)
	return e.Answer(struct {
		Success bool   `json:"success"`
		Message string `json:"message"`
		Data    any    `json:"data"`
	}{Message: e.Message})
}
