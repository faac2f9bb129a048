// Package dpop owns proofs of possession (RFC 9449): how a proof is read and verified, the URLs that it may name, and
// nonces. It must never decide whether a session or an access token needs a proof, and it remembers none: a proof may come
// twice.
package dpop
