// Package cold owns the tests of cold starts: what a built function does from its start to its first request for an
// event. It has no code of its own and must never assert a time, which differs from machine to machine.
package cold
