// Package runtimeapi owns a Lambda execution environment for tests and benchmarks: it builds functions for this
// machine, serves AWS's Runtime API to one process on a loopback port, and starts, invokes, freezes, thaws and ends that
// process as Lambda does. It must never know what a function does, and never be linked into one.
//
// The Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) refuses what the real one does: an
// answer to a request that is not the current one is a 400 InvalidRequestID; an answer given twice, an init error after
// the init phase, and a request for the next event before the answer to this one are a 403 InvalidStateTransition; an
// answer over 6 MB is a 413.
//
//	dir := t.TempDir()
//	err := runtimeapi.Build(ctx, dir, runtimeapi.Functions+"refresh")
//	p, err := runtimeapi.Start(ctx, runtimeapi.Function{Name: "refresh", Binary: dir + "/refresh", Env: []string{"TABLE_NAME=tokens"}})
//	defer p.Close()
//	answer, err := p.Invoke(ctx, event, 10*time.Second)
package runtimeapi
