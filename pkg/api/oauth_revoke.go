package api

import "context"

// OauthRevoke is POST /oauth2/revoke (RFC 7009): whoever holds a token of either kind ends its session. A token
// that is unknown or over is a success too (section 2.2); token_type_hint is not needed to find one.
func OauthRevoke(c Core) Handler {
	return c.serve(opOauthRevoke, oauth{}, func(ctx context.Context, r *request) (answer, error) {
		form, err := r.form()
		if err != nil {
			return answer{header: pragma()}, err
		}
		client, err := r.client(form)
		if err != nil {
			return answer{header: pragma()}, err
		}
		text := form.Get("token")
		if text == "" {
			return answer{header: pragma()}, invalidRequest("token is required.")
		}
		return answer{data: struct{}{}, header: pragma()}, c.Sessions.Revoke(ctx, text, client)
	})
}
