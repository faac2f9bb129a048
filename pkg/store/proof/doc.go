// Package proof owns the tests that hold both stores, and DynamoDB under faults, to the laws of the service: what an
// operation of session.Verbs costs, that both stores answer alike, that concurrent histories are linearizable, that no
// client is logged out without a thief, and that what is at rest refreshes nothing. Package schedules explores every
// order of requests of small scenarios, and bench overlap compares rules for rotated tokens. It holds tests only and must
// never weaken a law to let a store pass.
//
// DynamoDB is AWS's own engine, see package dynamotest. PROOF=long, which `make prove` sets, runs the random
// proofs many times longer.
//
// # Which clients are never logged out
//
// A session that no thief touches lives on, whatever the network and DynamoDB lose or delay, as long as its clients do
// what browsers and SDKs do:
//
//   - a client presents the token that its cookie jar or storage holds. Tabs that share one may refresh at every page
//     load, several at once, without waiting, and an answer that arrives late may replace a newer cookie;
//   - while a token is answered late it falls at most six generations behind;
//   - some answer arrives early enough that nobody presents a token later than overlapSeconds after its own rotation
//     (a minute at most for one that is two and more generations behind). Repetitions do not extend that time, and the
//     use of the successor does not end it;
//   - a restored table holds a state of the session whose idle time has not passed, and the token keys rotate less
//     often than once a minute.
//
// An outage of reads that is longer than the overlap ends nothing either, but for two kinds of clients that are then
// outside these bounds. The first refresh that meets the outage in a container is written before its read fails; from
// then on the container reads first, as a new one does, and one at rest for a minute. And a jar may hold a superseded
// cookie when the outage begins, because a late answer has just replaced a newer one: some 2 of 1000 sessions of
// page-load tabs that meet an outage of a minute under an overlap of 30 s. TestNobodyIsLoggedOut... counts them apart.
//
// A client that comes back with a token after its window, because every answer was lost for longer, is logged out: a
// thief who held the old token would look just the same.
package proof
