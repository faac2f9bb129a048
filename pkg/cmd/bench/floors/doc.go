// Package floors owns the performance floors of the service: what a refresh, an authorisation, a deletion and a cold
// start may cost at most. Counts are asserted wherever tests run; `make bench` measures the rest too, prints a table and
// fails where a count or a same-run ratio misses its floor. It holds tests only, and must never fail on a time, which
// differs from machine to machine.
//
// Functions are measured as they are deployed: built with the Makefile's flags and run by package runtimeapi against
// a server on a loopback address that answers as DynamoDB and Secrets Manager do, and beside a function that does
// nothing (bare), taking turns with it. Allocations are counted in process, over the wiring of the deployed functions;
// the server allocates nothing. Requests and capacity units are those of DynamoDB Local.
//
// # Where the allocations of a refresh go
//
// A warm refresh allocates 698 times, 67 KB. By the package next to each allocation that is none of the standard
// library's (go test -run 'Hold/^refresh$' -memprofile m -memprofilerate 1):
//
//	allocations  bytes
//	       29 %   27 %  aws-sdk-go-v2 and smithy-go: serializers, signer
//	       21 %   19 %  net/http under them
//	       13 %   16 %  golang-jwt, of which three quarters is crypto/ecdsa
//	       11 %   11 %  pkg/store/dynamo: expression values, keys, the wire
//	        9 %    9 %  aws-lambda-go, encoding/json of event and answer
//	        8 %    6 %  pkg/token, HMACs and payload
//	        7 %    8 %  pkg/api, strict JSON and the answer
//	        2 %    4 %  everything else
//
// Through the SDK's own client it were 1 117 and 104 KB, 71 % of them the SDK's and net/http's: it builds a stack of
// middleware for each of the two calls. See wire.go of pkg/store/dynamo.
package floors
