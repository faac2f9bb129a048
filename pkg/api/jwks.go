package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// jwksMaxAge is how long a verifier may keep the published keys.
const jwksMaxAge = "public, max-age=300"

// Jwks is GET /.well-known/jwks.json (RFC 7517 section 5): every public key that a valid access token may name.
func Jwks(c Core, public *keys.Ring[keys.PublicSet]) Handler {
	return c.serve(opJwks, raw{}, func(ctx context.Context, _ *request) (answer, error) {
		set, err := public.Get(ctx)
		if err != nil {
			return answer{}, err
		}
		return answer{data: json.RawMessage(set.JWKS()), header: http.Header{"Cache-Control": {jwksMaxAge}}}, nil
	})
}
