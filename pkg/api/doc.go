// Package api owns the HTTP contract: it turns API Gateway events into calls of the core and the core's results
// and errors into answers. One file is one operation; request.go, input.go and json.go read, answer.go and
// envelope.go write, forms.go resolves the documented forms. It must never decide whether a session is good,
// touch a store, or put a token or a caller's credential into a log or an error.
//
// Every operation is a function of a request; a shell (handler.go) around it answers preflights, recovers from
// panics, logs one line and hands result or error to the encoder of the interface that the route belongs to.
package api
