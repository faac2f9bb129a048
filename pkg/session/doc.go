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
//     Its secret is a root, kept for the life of the session, and a link, which changes. The table holds a hash of the
//     whole and a hash of the root: a dump of it alone, or the token keys alone, forges nothing and ends nothing. Token
//     keys and one old token of a session yield its current one. The ids in a token are readable by its holder.
//  3. The successor is derived from the presented token and its key, so that a refresh is idempotent: whoever repeats
//     it computes the same refresh token and the same jti. Nothing usable is stored to answer a retry. A retry is
//     answered with the times of now, so that no answer holds an access token that is over. A session with less than
//     one second left is over.
//  4. A refresh is one conditional write, in parallel with one strongly consistent read of the application. The item
//     of a refused write tells why, by a pure function of values, in this order: (1) unknown, of no session or of an
//     older epoch; (2) wrong root; (3) expired; (4) this request's own earlier attempt, a success; (5) a bound session
//     without a proof by its key, which ends nothing; (6) current, so that the write is due again; (7) one generation
//     behind, a retry within the overlap of its own rotation, or at any time by the key of a bound session; (8) two to
//     six behind, a retry within a minute of it at most; (9) in its window and not derived by a known key, a dropped
//     key; (10) newer than the item, so that it rolls forward; (11) reuse, which ends the session. All refusals read
//     the same to the caller; logs and metrics tell them apart, and no other check answers differently for a
//     superseded token than for one of a session that is gone: a request that narrows reads session and application
//     first, which judge only a token that is current there; a retry is judged by its own request after the write. A
//     write that was applied is answered: the application is read on for three seconds, and read first where the
//     latest read failed or is a minute old. No first attempt takes effect late: a creation is not repeated, and
//     epochs and settings change on the condition of what was read.
//     A claims hook is asked before the write, and its claims are part of it: one that fails rotates nothing or keeps
//     its earlier claims. A denial ends the session if the root fits.
//  5. A deletion is exact and immediate: of one session by id or by any of its refresh tokens, of a user, of a user in
//     one application, or of an application by raising its epoch. Once it is answered, no refresh that starts later
//     succeeds and the authorizer refuses the access tokens of the session. Of concurrent deletions of one session
//     exactly one returns it. A refresh token ends a session only if its root fits. Whoever verifies access tokens
//     offline accepts them until they expire. The session limit has one order: the least recently refreshed leaves, and
//     a login whose own session is among those that leave is issued again.
//  6. An access token (RFC 9068) is bound to its session. A verifier pins the algorithm of the key and requires kid,
//     iss, aud, exp and typ. The issuer is that of the token's tenant: <Issuer>/t/<tenant>. The audience is the
//     application and its audiences; resource (RFC 8707) picks among them. A token of smaller scope or audience than
//     its session's says narrowed, and its jti follows from the session's current one, its scope and its audience. The
//     authorizer also reads the session and refuses an access token of a session that is over, of an earlier session
//     version, or, where the session keeps only the latest, with another jti. Superseding raises the session version,
//     in an update or with a rotation through the 7G interface. An access token beside a refresh may be expired but must
//     verify and name the same session, or nothing rotates. It counts as absent when it came by cookie and does not fit; when
//     it is narrowed; and, where it is optional, when its key or issuer is unknown.
//  7. The tenant of the request is the tenant of the credential. Permission is checked for the operation, before any
//     lookup, so that existence is not told to the unauthorised. A user's access token reads and deletes that user's
//     sessions alone; a narrowed one manages none, since it was given to somebody else. Tenants, applications and keys
//     are managed by operators. An id that a header or a path cannot carry is refused where it comes into being.
//  8. Keys rotate without an interruption: a key is published before it signs and stays until the last token that it
//     signed has expired. Without keys the answer is 503, and nothing rotates. JWKS and the authorizer read public
//     keys only. A token whose key was dropped is refused as that, after one more look at the source; it reads nothing
//     and ends nothing. The public half of a past signing key verifies access tokens beside a refresh, and nothing else.
//  9. Every ending has a reason and an author. Issue, update, deletion, eviction, reuse, roll forward and a retry from
//     elsewhere (once for each generation) leave one entry each in the history of their user, and so do the changes of
//     applications and API keys in that of their tenant: one write right after the change, by the same request. What
//     cannot be written is logged in full and stops nothing; a process that ends between the two leaves none. An
//     ordinary refresh writes none. Events are published from the entries, with reason and author; the item of a session
//     adds its id alone, when it is removed or refreshed. Every refusal has an outcome in the log and in the metrics. A
//     line names ids, never a user, a token, a secret or a hash.
//  10. Sessions of another system can be imported by the SHA-256 of their refresh tokens: an ordinary session of
//     generation 0, whose secret follows from that hash, and a locator under another hash of it, made together where
//     neither exists. Neither item yields a secret. Presenting the foreign token is one strong read of the locator and
//     the ordinary rotation; its successor is derived under the key that it is issued under. No deletion removes the
//     locator, so a repeated import never brings back what was ended. Native tokens pay nothing.
//  11. A session keeps a copy of the settings of its application, audiences aside. In absolute life, access lifetime (by
//     iat) and overlap the stricter of copy and application, as it is now, counts: in refresh, authorizer, lists,
//     retrieval and introspection, from the application that is read anyway, without a write. An absolute end that only
//     the application knows refuses as expired although the write went through. Other settings hold for sessions issued
//     from then on. Nothing is loosened for living sessions.
package session
