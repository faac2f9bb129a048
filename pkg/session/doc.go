// Package session owns the sessions of this service: what one is, who may end it and when it is over. A session is
// the whole life of one refresh token: its id never changes, its secret changes at every refresh. Each verb (Issuer,
// Refresher, Deleter, ...) is a small value with a port of its own; it decides purely and writes with one conditional
// request. The package knows no cloud and no HTTP. It must never log, and a secret leaves it only inside a token.Text.
//
// # The laws
//
// Comments and tests of this repository cite these laws by number.
//
//  1. One session is one item, for life. A refresh updates the item in place and touches no key attribute. The index
//     by id only finds a session; what is decided is read strongly. The store deletes late, so every expiry is checked
//     in code. Times are whole milliseconds.
//  2. A refresh token locates its own session: the string yields the full primary key. It has at most 255 characters
//     and a tag (HMAC) over everything before it, so that a forged or corrupted token is refused without the store.
//     The table holds a hash of the secret. The ids in a token are readable by its holder.
//  3. The successor is derived from the presented token and its key, so that a refresh is idempotent: whoever repeats
//     it computes the same refresh token and the same jti. Nothing usable is stored to answer a retry.
//  4. A refresh is one conditional write, in parallel with one strongly consistent read of the application. The item
//     of a refused write tells why, by a pure function of values: expired, a retry within the overlap, or reuse, which
//     ends the session. A session of an older epoch is refused even if its write was applied. All refusals read the
//     same to the caller; logs and metrics tell them apart.
//  5. A deletion is exact and immediate: of one session by id or by any of its refresh tokens, of a user, of a user in
//     one application, or of an application by raising its epoch. Once it is answered, no refresh that starts later
//     succeeds and the authorizer refuses the access tokens of the session. Of concurrent deletions of one session
//     exactly one returns it.
//  6. An access token (RFC 9068) is bound to its session. A verifier pins the algorithm of the key and requires kid,
//     iss, aud, exp and typ. The authorizer also reads the session and refuses an access token of a session that is
//     over. An access token beside a refresh may be expired but must verify and name the same session, or nothing
//     rotates.
//  7. The tenant of the request is the tenant of the credential. Permission is checked for the operation, before any
//     lookup, so that existence is not told to the unauthorised. A user's access token reads and deletes that user's
//     sessions alone. Tenants, applications and keys are managed by operators.
//  8. Keys rotate without an interruption: a key is published before it signs and stays until the last token that it
//     signed has expired. Without keys the answer is 503, and nothing rotates. JWKS and the authorizer read public
//     keys only.
//  9. Every refusal and every reuse has an outcome in the log and in the metrics. A line names ids, never a token, a
//     secret or a hash. Changes of sessions are published as events.
//  10. Sessions of another system cannot be imported.
//  11. A session keeps a copy of the settings of its application. A change of the application does not change it.
package session
