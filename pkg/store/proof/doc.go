// Package proof owns the tests that hold both stores, and DynamoDB under faults, to the laws of the service: what an
// operation of session.Verbs costs, that both homes answer alike, that concurrent histories are linearizable,
// that no client is logged out without a thief, and that what is at rest refreshes nothing. It holds tests only and
// must never weaken a law to let a store pass.
//
// DynamoDB is AWS's own engine, see package dynamotest. PROOF=long, which `make prove` sets, runs the random
// proofs many times longer.
//
// # Which clients are never logged out
//
// A session that no thief touches lives on, whatever the network and DynamoDB lose or delay, as long as its
// clients do what browsers and SDKs do:
//
//   - a client presents the newest token that it knows; tabs that share a cookie jar or storage share what they
//     know as soon as an answer arrives;
//   - it refreshes when its access token is over, and the access token lasts longer than the overlap;
//   - it repeats a refresh that was not answered, and some answer arrives early enough that nobody presents a
//     token later than overlapSeconds after it was rotated. The first rotation of a token counts, its repetitions
//     do not extend the overlap.
//
// These laws do not promise it to a client that keeps presenting a token whose successor has been used already:
// that use closes the window, because a thief who held the old token would look just the same. So a tab that
// refreshes twice while another tab's refresh is still on its way may end the session, and so does one that
// comes back with a token after the overlap because every answer was lost for longer than that.
package proof
