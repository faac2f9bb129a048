// Package e2e owns the black-box tests of the HTTP contract: it starts the service as its users do, speaks HTTP to it and
// believes nothing but the answers. It holds tests only. So that it stays a second opinion it must never import another
// package of this module, but for the DynamoDB engine that the service runs over and the search for leaks.
package e2e
