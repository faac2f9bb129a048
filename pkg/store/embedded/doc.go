// Package embedded owns the store of a single process: a session.Store in one file, durable, concurrent and safe
// against the sudden death of its process. It is what runs on a laptop and the oracle of the model tests.
//
// Writers queue to one goroutine, which runs everything that waits in one transaction, syncs the file and only
// then answers all of them; so a change that was answered survives, and many callers share one sync. Reads see
// the latest commit and never wait for a writer. Sessions that have expired are removed in the background.
//
// The package must never decide whether a session is good (Rotation.Permits does), never answer before the sync,
// and never share its file with another process.
package embedded
