// Package overlap owns the overlap lab: sessions in virtual time under the rule of this service and under the rules
// that other products publish for a refresh token that was rotated. It counts the honest sessions that end as reuse,
// and how long a thief keeps one alive. It must never call the service; a test compares its rule with the service's.
//
// # Assumptions
//
// Requests and answers take a random time; a request that nobody waits for any more is served all the same. Containers
// have clocks that differ by a second at most. The store is a single item: lost replies of the store, outages and
// restores belong to package proof.
//
// Tabs that refresh at every page load share a cookie jar. A load does not wait for the answer to the one before, and
// an answer that arrives late replaces a newer cookie by an older one. Tabs under a Web Lock look for another tab's
// answer first; a page load drops the lock with the request on its way. Workers of a server share a row, in which the
// last writer wins, and repeat a request three times. A client whose answer is lost shows the same token when it is
// used next, be it in a month.
//
// Under every rule a token that is not accepted ends the session. Some products refuse that token alone, as the page
// of FusionAuth says: its client is logged out all the same, and a thief lives longer than here. Windows are 30 s where
// the product leaves their length to its users, so that the rules compare.
//
// Users sleep 8 hours, thieves do not. How soon two holders meet depends on how irregular they are: under a long
// overlap two holders whose refreshes are almost in step are noticed the next morning, not within hours. The rider is
// the thief whom no rule for bearer tokens catches; a token that is bound to a key (DPoP) is.
package overlap
