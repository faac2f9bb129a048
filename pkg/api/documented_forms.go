package api

import (
	"context"
	"net/http"
)

// DocumentedForms is POST /jwt/refresh/{tokenId} and DELETE /jwt/refresh: forms that only their body or query
// tells apart. They end in the very operations that the canonical routes run.
func DocumentedForms(c Core) Handler {
	return c.serve(opDocumentedForms, envelope{}, func(ctx context.Context, r *request) (answer, error) {
		p, err := r.principal()
		if err != nil {
			return answer{}, err
		}
		var f form
		if r.event.HTTPMethod == http.MethodDelete {
			f, err = resolveDelete(r)
		} else {
			f, err = resolveItem(r)
		}
		if err != nil {
			return answer{}, err
		}
		return c.run(ctx, r, p, f)
	})
}
