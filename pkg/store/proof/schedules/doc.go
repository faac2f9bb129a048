// Package schedules owns the proof over every schedule. It runs the verbs of package session over the embedded store and
// stops each client before every request to the store. For small scenarios it explores all orders of these requests. It
// holds tests only.
//
// # How
//
// A client has containers of its own; its verbs run unchanged. A schedule is a list of choices: which request of which
// client the store carries out next. A schedule is replayed from its start, in one bubble of testing/synctest, with the
// clocks and the randomness of its clients. The next schedule differs in the last choice that has an alternative (depth
// first). Every schedule has a tenant of its own.
//
// A scenario with a budget of faults also explores the faults that each request may meet with DynamoDB and its SDK:
//
//   - the answer is lost and the request repeated, unless it is a creation;
//   - the first attempt arrives after its repetition, at any time;
//   - the container ends before the request or after it, and the client asks another container.
//
// # Reduction
//
// Two requests commute if they touch different items, or if both read. Schedules that differ only in the order of such
// neighbours are equivalent: every answer in them is the same. Sleep sets (Godefroid 1996) leave out schedules of which
// an equivalent one was explored. Once a request was explored as the next one, its siblings leave it out. They do so until
// they carry out a request that does not commute with it.
//
// Parallel requests of one client, such as the write and the read of a refresh, commute like those of two clients.
// Faults share a budget, and so never commute with each other. The end of a container never commutes with its other
// requests. Time needs no rule: each client has a clock of its own, which the store does not move.
//
// A law about order ("a refresh that starts after a deletion was answered") may hold in one of two equivalent schedules
// alone. A scenario that checks such a law is ordered: it is explored without the reduction.
package schedules
