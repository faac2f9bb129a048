// Package api owns the shell around every operation on sessions: in the frame of pkg/frame it turns an API Gateway event
// into a request that is read strictly, and errors of the core into statuses. It holds the table of operations and who
// may run them, and cookies. It must never know an interface, decide whether a session is good, touch a store, or put a
// credential into a log line or an error.
//
// The packages below this one are the published interfaces: each reads its requests into typed values, calls one verb of
// the core, and encodes answers and errors in its own shape.
package api
