// Package overlap owns the overlap lab: sessions in virtual time under the rule of this service, and under the published
// rules of other products for a rotated refresh token. It counts the honest sessions that end as reuse, and how long
// an attacker with a copied token keeps one alive. It must never call the service; a test compares its rule with the
// service's.
//
// # Assumptions
//
// Requests and answers take a random time. A request that nobody waits for any more is still served. The clocks of
// containers differ by a second at most. The store is a single item: lost replies of the store, outages and restores
// belong to package proof.
//
// Tabs that refresh at every page load share a cookie jar. A load does not wait for the answer to the one before. An
// answer that arrives late replaces a newer cookie by an older one. Tabs under a Web Lock look for another tab's
// answer first. A page load drops the lock while the request is on its way. Workers of a server share a row, in which the
// last writer wins, and send a request three times at most. A client whose answer is lost presents the same token at its
// next use, even after a month.
//
// Under every rule a token that is not accepted ends the session. Some products refuse that token alone, as the page
// of FusionAuth says. Its client is logged out too, and the attacker's session lives longer than here. Windows are 30 s
// where the product leaves their length to its users, so that the rules compare.
//
// Users sleep 8 hours, attackers do not. How soon two holders collide depends on how irregular they are. Under a long
// overlap, two holders whose refreshes are almost in step are noticed the next morning, not within hours. The rider is
// the attacker whom no rule for bearer tokens catches; tokens bound to a key (DPoP, RFC 9449) stop this attacker.
package overlap
