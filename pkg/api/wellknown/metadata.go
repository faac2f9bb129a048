package wellknown

import (
	"context"
	"net/url"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
)

// metadata is the authorization server's description (RFC 8414 section 2), and what verifiers require of an OpenID
// provider's (OpenID Connect Discovery 1.0 section 3). It names nothing that this service does not do.
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
	// SigningAlgs are those of access tokens. Verifiers look for them under the name of ID tokens.
	SigningAlgs  []string `json:"id_token_signing_alg_values_supported"`
	SubjectTypes []string `json:"subject_types_supported"`
	Scopes       []string `json:"scopes_supported"` // empty: a backend grants what it likes
	// ExpirationTypes are those of draft-ietf-oauth-refresh-token-expiration.
	ExpirationTypes []string `json:"refresh_token_expiration_types_supported"`
	ProofAlgs       []string `json:"dpop_signing_alg_values_supported"` // RFC 9449 section 5.1
}

// Metadata describes the service as the issuer of the tenant that the path names. It says nothing about whether the tenant
// exists. A path without a tenant names the service itself.
func Metadata(f frame.Frame, service issuer.Service) frame.Handler {
	return serve(f, "oauth-metadata", func(_ context.Context, e *events.APIGatewayProxyRequest) (any, error) {
		encoded, found := e.PathParameters["tenantId"]
		if !found {
			return describe(service, string(service)), nil
		}
		tenant, err := url.PathUnescape(encoded)
		if err != nil || !issuer.Tenant(tenant) {
			return nil, errNoTenant
		}
		return describe(service, service.Of(tenant)), nil
	})
}

func describe(service issuer.Service, iss string) metadata {
	base := string(service)
	return metadata{
		Issuer:        iss,
		TokenEndpoint: base + "/oauth2/token", TokenAuthMethods: []string{"none"},
		RevocationEndpoint: base + "/oauth2/revoke", RevocationAuthMethods: []string{"none"},
		IntrospectionEndpoint: base + "/oauth2/introspect", IntrospectionAuthMethods: []string{"Bearer"},
		JWKSURI: base + "/.well-known/jwks.json", GrantTypes: []string{"refresh_token"}, ResponseTypes: []string{},
		SigningAlgs: []string{"ES256", "EdDSA", "RS256"}, SubjectTypes: []string{"public"}, Scopes: []string{},
		ExpirationTypes: []string{"authorization", "token_timeout"},
		ProofAlgs:       []string{"ES256", "EdDSA", "RS256"},
	}
}
