// Package rotation owns how keys come, change places and go: the four steps of a Secrets Manager rotation, and the
// way to drop a leaked key at once. It must never lose a key that may still verify a token, never let a key make
// anything before all who verify can know it, and never log or return a private half.
//
// # Normal rotation
//
// A rotation promotes the next key to active, retires the active one with the time (of a signing key it keeps the
// public half only), drops retired keys whose last token has expired, and adds a new next key. createSecret makes the
// new document, setSecret publishes the public halves of all its keys (signing keys only; the public secret is what
// verifiers and JWKS read), testSecret reads it as the service will, finishSecret makes it current. Every step may be
// repeated or broken off anywhere. The first rotation of an empty secret makes an active and a next key.
//
// # Times, in seconds
//
// What is not yet current is cancelled at the age of MaxPending, so that times in a document are off by no more:
//
//	MaxPending                                                                     3 600
//	a next key may be promoted at the age of MinNextAge
//	  = MaxPending + JWKS max-age + secret cache + margin
//	  = 3 600 + 300 + 300 + 60                                                     4 260
//	a retired signing key stays for KeepSigning
//	  = longest access token + MaxPending + secret cache of its last signer + skew
//	  = 86 400 + 3 600 + 300 + 60                                                 90 360
//	a retired token key stays for KeepToken
//	  = longest absolute lifetime + MaxPending + secret cache of its last user + skew
//	  = 315 360 000 + 3 600 + 300 + 60                                       315 363 960
//
// A rotation that begins before the next key has that age changes nothing, and succeeds: the active key stays, and
// the log says "kept". Refusing it would leave a pending version that blocks what comes after.
//
// Keys leave at rotations only. An expired access token that accompanies a refresh therefore verifies for at least
// the rest of the interval in which its key retired and, at a schedule of 90 days, for 90 days.
//
// # Emergency
//
// An operator who invokes the function with {"dropKeyId": "..."} removes that key at once. If it was the active one
// the next key takes its place, whatever its age. Containers that cached the leaked key use it for up to 300 s more.
// What a dropped key made is worth nothing from then on: access tokens of a signing key are refused and clients
// refresh; of a token key every session ends whose current refresh token stands under it, and its users log in again.
// A rotation under way is cancelled, for its document may still hold the key.
package rotation
