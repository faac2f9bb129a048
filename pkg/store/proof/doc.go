// Package proof owns the tests that hold both stores, and DynamoDB under faults, to the laws of the service. They check
// what an operation of session.Verbs costs, that both stores answer alike and that concurrent histories are linearizable.
// They also check that no honest client is logged out, and that data at rest refreshes nothing. Package schedules
// explores every order of requests of small scenarios; bench overlap compares rules for rotated tokens. Package proof
// holds tests only and must never weaken a law to let a store pass.
//
// DynamoDB is AWS's own engine, see package dynamotest. PROOF=long, which `make prove` sets, runs the random
// proofs many times longer.
//
// # Which clients are never logged out
//
// A session whose tokens nobody copied stays alive, whatever the network and DynamoDB lose or delay. Its clients must do
// what browsers and SDKs do:
//
//   - a client presents the token that its cookie jar or storage holds. Tabs that share one may refresh at every page
//     load, several at once, without waiting. An answer that arrives late may replace a newer cookie;
//   - while a token is answered late, it falls at most six generations behind;
//   - some answer arrives early enough that nobody presents a token later than overlapSeconds after its own rotation;
//     a minute at most for a token two or more generations behind. Repetitions do not extend that time, and the use of
//     the successor does not end it;
//   - a restored table holds a state of the session whose idle time has not passed;
//   - the token keys rotate less often than once a minute.
//
// An outage of reads that is longer than the overlap puts two kinds of clients outside these bounds. The first refresh
// that meets the outage in a container is written before its read fails. From then on the container reads first, as a new
// one does, and one at rest for a minute. Secondly, a jar may hold a superseded cookie when the outage begins, because a
// late answer has just replaced a newer one. That happens to some 2 of 1000 sessions of page-load tabs, in an outage of a
// minute under an overlap of 30 s. TestNobodyIsLoggedOutAndEveryReplayIsCaught counts them apart.
//
// A client whose answers were all lost for longer than its token's window is logged out. An attacker with a copy of the
// old token would look the same.
package proof
