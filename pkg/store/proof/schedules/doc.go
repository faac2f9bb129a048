// Package schedules owns the proof over every schedule: it runs the verbs of package session over the embedded store,
// stops each client before every request to the store, and explores all orders of these requests for small scenarios.
// It holds tests only.
//
// # How
//
// A client has containers of its own; its verbs run unchanged. A schedule is a list of choices: which
// request of which client the store carries out next. A schedule is replayed from its start, in one bubble of
// testing/synctest, with the clocks and the randomness of its clients; the next one differs in its last choice that has
// an alternative (depth first). Every schedule has a user of its own.
//
// A scenario with a budget of faults also explores what may become of each request, as DynamoDB and its SDK have it: the
// answer is lost and the request repeated (a creation is not); the first attempt arrives later than the repetition, at
// any time; the container ends before the request or after it, and the client asks another container.
//
// # Reduction
//
// Two requests commute if they touch different items, or if both read; so do schedules that differ in the order of such
// neighbours alone: every answer in them is the same. Sleep sets (Godefroid 1996) leave out schedules of which an
// equivalent one was explored: after a request was explored as the next one, it is not tried again in its siblings
// until a request was carried out that does not commute with it. Requests of one client that wait at the same time, as
// the write and the read of a refresh do, commute as those of two clients do. Faults share a budget, and so never commute
// with each other; an end of a container never commutes with its other requests. Time needs no rule: each client has a
// clock of its own, which the store does not move.
//
// What a law says of order ("a refresh that starts after a deletion was answered") is not the same in all equivalent
// schedules. A scenario that checks such a law is ordered: it is explored without the reduction.
package schedules
