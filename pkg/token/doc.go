// Package token owns the form of each credential: the self-locating refresh token, the access token (a JWT, RFC 9068)
// and the API key. It makes, parses, verifies and derives them, and it hides them: a secret prints as [redacted], and
// only Reveal, called by a response encoder, shows it. It must never touch a store, and never decide whether a session
// is live.
package token
