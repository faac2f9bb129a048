// Package oauth owns the standard OAuth 2.0 endpoints: token (RFC 6749), revocation (RFC 7009), introspection (RFC
// 7662) and metadata (RFC 8414). One file is one operation. It must never decide whether a session is good, and never
// know another interface.
package oauth
