// Package rotation owns the life of a key: the four steps of a Secrets Manager rotation, and the removal of a leaked
// key. It must never lose a key that may still verify a token, never let a key make a token before every verifier can
// know it, and never log or return a private key.
//
// # Rotation
//
// A rotation promotes the next key to active, retires the active one with the time (of a signing key it keeps the
// public half only), removes retired keys whose last token has expired, and adds a new next key. createSecret makes the
// new document, setSecret publishes the public halves of all its keys (signing keys only; verifiers and JWKS read the
// public secret), testSecret reads it as the service does, finishSecret makes it current. Every step may be repeated or
// interrupted anywhere. The first rotation of an empty secret makes an active and a next key.
//
// # Times
//
// A pending document becomes current within MaxPending or is cancelled, so that the times in it are off by no more.
//
//   - A next key may be promoted at MinNextAge, 3 h 11 min: MaxPending, then Lead, 2 h 11 min: two hours of the caches of
//     other verifiers, the caches of JWKS and of the secret, 5 min each, and a margin of one.
//   - A retired key stays for Keep: MaxPending, then the cache of the container that made the last token with it, then
//     the time that this token is accepted. The caller takes that time from the limits of the settings.
//
// A rotation that begins before the next key has its age changes nothing, and succeeds: the active key stays, and the
// outcome is "kept". An error would leave a pending version that blocks the next rotation.
//
// Keys are removed by rotations only. A signing key that has been retired for that long is past: its public half stays in
// the private document alone, for access tokens beside a refresh, for 400 days. A document remembers at most 64 past
// keys; the oldest leave.
//
// # Emergency
//
// An operator who invokes the function with {"dropKeyId": "..."} removes that key at once. If it is the active one, the
// next key is promoted, whatever its age. Containers use the leaked key until their cache expires (keys.CacheFor).
// Clients refresh access tokens of a dropped signing key, which is past from then on. The document remembers the id of a
// dropped token key, so that its refresh tokens are refused as of a dropped key; the answer says how to end their
// sessions. A pending rotation is cancelled, since its document may still hold the key.
package rotation
