package stencil

import (
	"context"
	"net/http"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
)

// DocumentedForms is POST /jwt/refresh/{tokenId} and DELETE /jwt/refresh: forms that only their body or query
// tells apart. They end in the same operations that the canonical routes run.
func DocumentedForms(shell api.Shell, forms Forms) api.Handler {
	return shell.Serve(api.DocumentedForms, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		p, err := r.Principal()
		if err != nil {
			return api.Answer{}, err
		}
		resolve := forms.item
		if r.Event.HTTPMethod == http.MethodDelete {
			resolve = forms.delete
		}
		f, err := resolve(r)
		if err != nil {
			return api.Answer{}, err
		}
		return f.answer(ctx, r, p)
	})
}
