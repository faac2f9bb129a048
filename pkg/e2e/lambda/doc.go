// Package functions owns the world that the files under events/ speak of; its tests replay every file through the function
// that it is for, built as it is deployed and run behind a Lambda Runtime API (pkg/e2e/lambda/runtimeapi), with the table in
// DynamoDB Local and the keys in a fake Secrets Manager over HTTP. It must never be linked into a function: it holds keys
// in the clear.
//
// What must come of an event stands once, in the rows of pkg/api/event_rows_test.go that the files are written from.
//
// Everything in the world is derived from names, so that a token written into an event file stays good. Access tokens
// bear times; a world of another time than the files' own signs them anew, see World.Move.
package lambda
