package session

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
)

// MaxIDBytes is the longest user, application or token id, in bytes of UTF-8.
const MaxIDBytes = 128

// The errors of CheckID and CheckTenantID.
var (
	ErrIDBlank     = errors.New("must not be blank")
	ErrIDTooLong   = errors.New("must have at most 128 bytes of UTF-8")
	ErrIDInvalid   = errors.New("must be UTF-8 without control characters and without U+FFFD")
	ErrIDDots      = errors.New("must not be . or .., which clients remove from the path of a URL")
	ErrIDNotTenant = errors.New("must be 1 to 64 of A-Z a-z 0-9 - . _ ~, which a header and a URL can carry")
)

// CheckID reports why a string cannot be an id. A byte that is not UTF-8 becomes U+FFFD on its way through API Gateway, so
// no id has it. Clients remove dot segments from a path, encoded or not (RFC 3986 section 5.2.4): a deletion of one user's
// tokens would arrive as a deletion of all tokens of an application. Ids are compared byte by byte: never trimmed, folded or
// normalised.
func CheckID(id string) error {
	switch {
	case id == "." || id == "..":
		return ErrIDDots
	case strings.TrimSpace(id) == "":
		return ErrIDBlank
	case len(id) > MaxIDBytes:
		return ErrIDTooLong
	case !utf8.ValidString(id) || strings.ContainsFunc(id, func(c rune) bool { return unicode.IsControl(c) || c == utf8.RuneError }):
		return ErrIDInvalid
	}
	return nil
}

// CheckTenantID is CheckID for a tenant, whose id travels in a header and in the path of its issuer.
func CheckTenantID(id string) error {
	switch {
	case id == "." || id == "..":
		return ErrIDDots
	case !issuer.Tenant(id):
		return ErrIDNotTenant
	}
	return nil
}
