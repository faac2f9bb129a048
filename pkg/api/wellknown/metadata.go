package wellknown

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
)

// metadata is the authorization server's description (RFC 8414 section 2).
type metadata struct {
	Issuer                   string   `json:"issuer"`
	TokenEndpoint            string   `json:"token_endpoint"`
	TokenAuthMethods         []string `json:"token_endpoint_auth_methods_supported"`
	RevocationEndpoint       string   `json:"revocation_endpoint"`
	RevocationAuthMethods    []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionEndpoint    string   `json:"introspection_endpoint"`
	IntrospectionAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	JWKSURI                  string   `json:"jwks_uri"`
	GrantTypes               []string `json:"grant_types_supported"`
	ResponseTypes            []string `json:"response_types_supported"` // required, and empty
}

// Metadata is GET /.well-known/oauth-authorization-server.
func Metadata(f frame.Frame, service issuer.Service) frame.Handler {
	issuer := string(service)
	body := metadata{
		Issuer:        issuer,
		TokenEndpoint: issuer + "/oauth2/token", TokenAuthMethods: []string{"none"},
		RevocationEndpoint: issuer + "/oauth2/revoke", RevocationAuthMethods: []string{"none"},
		IntrospectionEndpoint: issuer + "/oauth2/introspect", IntrospectionAuthMethods: []string{"Bearer"},
		JWKSURI: issuer + "/.well-known/jwks.json", GrantTypes: []string{"refresh_token"}, ResponseTypes: []string{},
	}
	return serve(f, "oauth-metadata", func(context.Context) (any, error) { return body, nil })
}
