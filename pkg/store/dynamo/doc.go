// Package dynamo owns the sessions, applications and API keys in Amazon DynamoDB: it is the session.Store of
// production. keys.go holds the layout of the one table, and each verb of the port is in the file of its kind.
//
// It must never decide anything that package session decides (expiry, overlap, reuse, permission), never read
// the environment, never log, and never let a key or a value of the table into the text of an error.
//
// # Requests and capacity
//
// Every verb is one request, but for EndReused; a batch is one per 25 deletes or 100 reads. Units are those of on-demand tables
// for items of our own size: a session with its ids, device and scope stays under 1 KB, see keys.go; claims
// come on top. A strongly consistent read is 1 unit per 4 KB, a write 1 unit per KB.
//
//	verb            request                            read  write  remark
//	Rotate          UpdateItem                                1     also when refused; no index is written
//	Application     GetItem                            1
//	ApplicationOf   GetItem                            1            2 where the user's copy is missing
//	Load            BatchGetItem of 2                  2            3 in two requests where that is missing
//	Applications    BatchGetItem of n                  n            as many again where copies are missing
//	Locate          Query on ByTokenId                 0.5          up to 3 more for an id of the last 5 s
//	Query           Query                              1 per 4 KB of the page
//	Create          PutItem                                   2     table and index
//	Delete          DeleteItem                                2     table and index; 1 if it is not there
//	EndReused       UpdateItem, then DeleteItem               3     1 if it is not there
//	DeleteBatch     BatchWriteItem per 25                     2n    table and index
//	PutApplication  UpdateItem                                1     with N copies a TransactWriteItems of 2N more
//	AdvanceEpoch    UpdateItem                                1     whatever the number of sessions; with copies as above
//	APIKey          GetItem                            1
//	PutAPIKey       PutItem                                   1
//	DeleteAPIKey    DeleteItem                                1
//
// A refresh is Rotate beside ApplicationOf: 1 write unit and 1 read unit, one round trip deep.
//
// # Hot keys
//
// One application item serves 3 000 strong reads per second, the most of a DynamoDB partition. Beyond that its epoch
// has N copies (EpochCopies), of which each session reads one, chosen by a hash of its user: see copies.go.
//
// # Repeated requests
//
// The SDK repeats a request whose answer was lost, so every write has to bear being done twice:
//
//   - Rotate: the second attempt is refused by what the first one wrote, and the item that refused it carries
//     the request's own RequestID. A reusable session is simply extended to the same instant again.
//   - Create and PutAPIKey: the item in the way carries the very secret hash that was to be added, which nobody
//     else can have drawn. That is success.
//   - Delete and DeleteAPIKey: the second attempt finds nothing and says so (ErrNoSession, ErrNoAPIKey), though
//     it was our own first one that deleted. DynamoDB cannot tell the two apart, and "gone" is the truth that
//     matters: answering ErrUnavailable instead would only make the caller ask again to learn the same.
//   - AdvanceEpoch: the epoch may advance by two, and the answer is the latter. Harmless: an epoch is compared
//     for equality only, and no session was issued under the one between them that should have survived.
//   - TransactWriteItems carries a token of the request, by which DynamoDB knows it again for ten minutes; later the
//     condition, that the application is as it was read, refuses it.
//   - EndReused, DeleteBatch and PutApplication give the same result however often they are done.
package dynamo
