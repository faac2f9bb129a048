// Package embedded owns the store of a single process: a session.Store in one file, durable, concurrent and safe
// when its process is killed. It is the store of a laptop and the oracle of the model tests.
//
// Writers queue to one goroutine. It runs all that wait in one transaction, syncs the file and then answers them. So an
// answered change survives, and many callers share one sync. Reads see the latest commit and never wait for a writer.
// Expired sessions are removed in the background.
//
// The package must never decide whether a session is valid (Rotation.Permits does), never answer before the sync,
// and never share its file with another process.
package embedded
