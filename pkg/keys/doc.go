// Package keys owns the keys of the service: the signing keys (JWK, RFC 7517) of access tokens and the token keys (HMAC)
// of refresh tokens. It parses them, caches them and publishes the public halves. It must never log or print a private
// key, and marshals one only into a secret document.
//
// Both kinds have one document format, a JWK set in which each key has a status. Exactly one key is "active": it makes
// all new tokens. A "next" key is published and accepted but makes no token yet. A "retired" key is only accepted. What is
// left of a "past" key is the public half of a signing key, for access tokens beside a refresh alone, or the id of a
// token key that was dropped.
// Adapters fetch the documents: pkg/keys/file and pkg/keys/secretsmanager.
package keys
