package authorizer

import (
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/frame"
)

// Headers are a request's headers, and read those that say who calls. Method and Path are what a proof of possession is for.
type Headers struct {
	frame.Headers

	Method, Path string
}

// HeadersOf are the headers of an event.
func HeadersOf(single map[string]string, multi map[string][]string) Headers {
	return Headers{Headers: frame.Headers{Single: single, Multi: multi}}
}

// Of are the headers of a request with a method and a path.
func (h Headers) Of(method, path string) Headers {
	h.Method, h.Path = method, path
	return h
}

// Proof is what the request proves (RFC 9449), unread, at a service with these public URLs.
func (h Headers) Proof(bases []dpop.Base) dpop.Presented {
	return dpop.Presented{Proofs: h.Values(headerProof), Method: h.Method, Path: h.Path, Bases: bases}
}

const (
	headerTenant = "X-Stencil-TenantId"
	// headerTenantMisspelt is how the Stencil guide prints it in one place.
	headerTenantMisspelt = "x-stencil-tenanid"
	headerAuthorization  = "Authorization"
	headerProof          = "DPoP"
)

// Authorization returns the one Authorization header, "" for none. Errors: ErrAmbiguous.
func (h Headers) Authorization() (string, error) {
	values := h.Values(headerAuthorization)
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	default:
		return "", ErrAmbiguous
	}
}

// Tenant returns the one tenant id that the headers name, "" for none. Errors: ErrAmbiguous.
func (h Headers) Tenant() (string, error) {
	proper, misspelt := h.Values(headerTenant), h.Values(headerTenantMisspelt)
	if len(proper) > 1 || len(misspelt) > 1 || len(proper)+len(misspelt) == 2 && proper[0] != misspelt[0] {
		return "", ErrAmbiguous
	}
	for _, value := range append(proper, misspelt...) {
		return value, nil
	}
	return "", nil
}

// NameTenant says whether there is any tenant header, a blank one included.
func (h Headers) NameTenant() bool {
	return len(h.Values(headerTenant))+len(h.Values(headerTenantMisspelt)) > 0
}

// Bearer takes the token out of a Bearer credential (RFC 6750 section 2.1); false for any other scheme.
func Bearer(authorization string) (string, bool) { return Credential(authorization, "Bearer") }

// Credential takes the token out of a credential of one of the schemes (RFC 9110 section 11.4); false for any other.
func Credential(authorization string, schemes ...string) (string, bool) {
	_, credential, _ := strings.Cut(authorization, " ")
	credential = strings.TrimLeft(credential, " ")
	ok := Scheme(authorization, schemes...) && credential != "" && !strings.ContainsAny(credential, " \t,")
	return credential, ok
}

// Scheme reports whether a credential is of one of the schemes, whose case does not matter.
func Scheme(authorization string, schemes ...string) bool {
	scheme, _, _ := strings.Cut(authorization, " ")
	return slices.ContainsFunc(schemes, func(s string) bool { return strings.EqualFold(s, scheme) })
}
