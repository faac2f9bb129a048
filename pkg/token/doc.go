// Package token owns every credential's form: the opaque refresh token, the access token (JWT, RFC 9068 style)
// and the API key. It makes, parses, verifies and derives them, and it hides them: a secret prints as
// [redacted], and only Reveal, called by a response encoder, shows it. It must never touch a store and never
// decide whether a session is still good.
package token
