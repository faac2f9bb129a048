// Package api owns the shell around every operation with a route: it turns an API Gateway event into a request that is
// read strictly, and an answer or an error into API Gateway's response and one log line. It holds the table of
// operations and who may run them, CORS and cookies. It must never know an interface, decide whether a session is good,
// touch a store, or put a credential into a log line or an error.
//
// The packages below this one are the published interfaces: each reads its requests into typed values, calls one verb of
// the core, and encodes answers and errors in its own shape.
package api
