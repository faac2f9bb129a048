// Package lambda owns the tests of the functions as they are deployed: built, and run behind a Lambda Runtime API
// (pkg/e2e/lambda/runtimeapi), with the table in DynamoDB Local and the keys in a fake Secrets Manager over HTTP. Every
// file under events/ is replayed here, and functions are killed, frozen and cut off from what they need. It has no code
// of its own and must never get any.
package lambda
