// Package arch owns the tests that hold the architecture: who may import whom, that one operation has one
// name everywhere, and the measures of the code. It has no code of its own and must never get any.
package arch
