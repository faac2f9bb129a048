// Package session owns the sessions of this service: what one is, who may end it and when it is over. A session
// is one refresh token's whole life; its id never changes, its secret changes at every refresh.
//
// The verbs (issue, refresh, retrieve, list, delete) decide purely and write atomically: a decision is a
// function of values and an injected clock, and each write is a single conditional request to a Store. The
// package knows no cloud, no HTTP and no encoding of an answer; it must never log, and must never let a secret
// leave except inside a token.Text.
package session
