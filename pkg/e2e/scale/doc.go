// Package main owns the measurement of cost against the number of sessions: it fills stores from a thousand to a
// million sessions and shows that refresh, list, delete by user and delete by application take what they took. "make
// scale" runs it; a test of the package counts the DynamoDB requests of smaller stores, exactly.
//
// Stores of all sizes stand side by side and every round measures each of them once, in random order, so that a
// moment in which the machine is busy with something else falls on all alike. What is told is the ratio of the
// largest store's median to the smallest one's: pass up to 1.2, MISS above. Milliseconds only indicate.
//
// Sizes: the embedded store up to 10^6. DynamoDB Local up to 10^5, for it takes only some thousand sessions per
// second and keeps them in memory; and because it is one SQLite database, its milliseconds say nothing of
// DynamoDB's. Its requests do: they are the same at every size.
//
// What grows a little in the embedded store is the height of its trees: between 10^3 and 10^6 sessions each gets two
// levels more (keys of some 60 bytes, 33 to a page), so that a write of a session reads, rewrites and syncs two pages
// more in each tree that it touches, and they lie further apart in the file. A refresh touches one tree, a deletion
// two: on a disk that syncs in 0.2 ms that is about a fifth of the one and half of the other, 0.1 and 0.2 ms. A
// deletion by application touches none of them, and the free list stays short. Larger pages (8 and 16 KB were tried)
// make no difference to the growth.
//
// It must never fail because of a time, and never leave a file or an engine behind.
package main
