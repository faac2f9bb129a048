// Package main owns the measurement of cost against the number of sessions: it fills stores from a thousand to a
// million sessions and shows how refresh, list, delete by user and delete by application grow with them. "make scale"
// runs it; a test of the package counts the DynamoDB requests of smaller stores, exactly.
//
// Local services, up to 10^6 sessions: what is told is the latency of the HTTP operation as a backend sees it, from
// the request until its answer is read and checked, over one connection that is kept. Each size has a process of the
// built service with its own directory; only the sessions that nobody asked it for are written straight into its file,
// while it does not run.
//
// DynamoDB Local, up to 10^5: the core in this process, for the engine takes only some thousand sessions per second and
// keeps them in memory; and because it is one SQLite database, its milliseconds say nothing of DynamoDB's. Its
// requests do: they are the same at every size.
//
// Places of all sizes stand side by side and every round measures each of them once, in random order, so that a
// moment in which the machine is busy with something else falls on all alike. What is told is the ratio of the
// largest one's median to the smallest one's: pass up to 1.2, MISS above. Milliseconds only indicate.
//
// What grows a little in the embedded store is the height of its B+trees: between 10^3 and 10^6 sessions each gets two
// levels more (keys of some 60 bytes, 33 to a page), so that a write of a session reads, rewrites and syncs two pages
// more in each tree that it touches, and they lie further apart in the file. A refresh and a deletion touch one tree, a
// deletion by application none of them, and the free list stays short.
//
// It must never fail because of a time, never reach anything but 127.0.0.1, and never leave a file or a process behind.
package main
