// Package gateway owns the behaviour of an AWS API Gateway REST API (v1) in front of Lambda functions, here plain
// Go functions: routing, events, the REQUEST authorizer and its policy, function answers and gateway responses, all
// as the template says. It must never be kinder than AWS: what a deployed API refuses is refused here, with the same
// status and body.
//
// It differs from AWS on purpose in three points. Throttles are not enforced. A body that is not valid UTF-8 arrives
// as base64 with IsBase64Encoded set, where an API without binary media types would damage it; base64 answers are
// decoded likewise. A malformed percent-encoding in a query is a 400: dropping the key, as Go's parser does, could
// widen the selection of a delete.
//
// The authorizer and the function of a request share the maps of its event; they must not change them.
package gateway
