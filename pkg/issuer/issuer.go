// Package issuer owns the names of the issuers of access tokens (claim iss): every tenant is one. It must never know a
// session or a key, so that functions that publish documents can link it.
package issuer

import (
	"net/url"
	"strings"
)

// Service is the URL of a deployment, without a slash at its end. It is the issuer of no access token itself.
type Service string

const perTenant = "/t/"

// Of is the issuer of a tenant's access tokens.
func (s Service) Of(tenant string) string {
	// Every byte but A-Z a-z 0-9 - . _ ~ is encoded, with upper-case hex.
	return string(s) + perTenant + strings.ReplaceAll(url.QueryEscape(tenant), "+", "%20")
}

// Has reports whether iss is the issuer of some tenant of this deployment, whether the tenant exists or not.
func (s Service) Has(iss string) bool {
	tenant, ok := strings.CutPrefix(iss, string(s)+perTenant)
	return ok && s != "" && Tenant(tenant)
}

const (
	maxTenantBytes   = 64
	tenantCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)

// Tenant reports whether a string can be the id of a tenant: 1 to 64 characters that a header and the path of an issuer
// carry as they are (RFC 3986 section 2.3), and no dot segment, which clients remove from a path.
func Tenant(id string) bool {
	return id != "" && len(id) <= maxTenantBytes && strings.Trim(id, tenantCharacters) == "" && id != "." && id != ".."
}
