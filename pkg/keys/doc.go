// Package keys owns the service's keys: the signing key set (JWK, RFC 7517) behind access tokens and the token
// keys (HMAC) behind refresh tokens. It holds them, caches them and publishes the public halves; it must never
// log, print or marshal a private one outside a secret document.
//
// Both kinds live in one document format, a JWK set whose members carry a status: exactly one key is "active"
// and is the only one that makes anything new; a "next" key is published and accepted but makes nothing yet; a
// "retired" key is only accepted. Where a document comes from is an adapter's business (see local).
package keys
