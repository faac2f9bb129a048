// Package dynamo owns the sessions, applications and API keys in Amazon DynamoDB. It is the session.Store of production.
// keys.go has the layout of the one table, copies.go the copies of applications, and each verb of the port is in the file
// of its kind.
//
// It must never decide what package session decides (expiry, overlap, reuse, permission), never read the environment,
// never log, and never put a key or a value of the table into the text of an error.
//
// # Requests and capacity
//
// A verb is one request; a batch is one request per 25 deletes or 100 reads. Units are those of
// on-demand tables for items below 1 KB, such as a session with its ids, device and scope. Claims come on top. A strongly
// consistent read is 1 unit per 4 KB, a write 1 unit per KB, a transactional write 2.
//
//	verb            request                            read  write  remark
//	Rotate          UpdateItem                                1     also when refused; it writes no index
//	Update          UpdateItem                                1     also when refused; for a session over 1 KB as for Rotate
//	Application     GetItem                            1
//	ApplicationOf   GetItem                            1            2 where the user's copy is missing
//	Load            BatchGetItem of 2                  2            3 in two requests where that is missing
//	Applications    BatchGetItem of n                  n            as many again where copies are missing
//	Locate          Query on ByTokenId                 0.5          up to 3 more for an id of the last 5 s
//	Query           Query                              1 per 4 KB of the page
//	Create          PutItem                                   2     table and index
//	Delete          DeleteItem                                2     table and index; 1 if refused
//	DeleteBatch     BatchWriteItem per 25                     2n    table and index
//	Record          PutItem                                   1     an entry of the history
//	Entries         Query                              1 per 4 KB of the page
//	PutApplication  UpdateItem                                1     with N copies a TransactWriteItems of 2N more
//	  a new one     TransactWriteItems of 2                   4     with N copies of N + 1; one that was deleted is 1 more
//	AdvanceEpoch    UpdateItem                                1     whatever the number of sessions; with copies as above
//	DeleteApplication  UpdateItem                             1     likewise
//	ListApplications, ListTenants, ListAPIKeys  Query  1 per 4 KB
//	APIKey          GetItem                            1
//	PutAPIKey       TransactWriteItems of 2                   4
//	RotateAPIKey    TransactWriteItems of 4                   8
//	DeleteAPIKey    TransactWriteItems of 2                   4
//	Import          TransactWriteItems of 2                   6     table and index
//	Imported        GetItem                            1
//
// A refresh is Rotate in parallel with ApplicationOf: 1 write unit and 1 read unit, one round trip deep.
//
// # Repeated requests
//
// The SDK repeats a request whose answer was lost, so a write must tolerate its own repetition:
//
//   - Rotate: the effect of the first attempt refuses the second, and the item that refused it has the request's own
//     RequestID. A reusable session is extended to the same instant again.
//   - Update: its counter refuses the second attempt; the verb reads what the first one made of the session.
//   - Create is sent once: a repetition could arrive after the deletion of the session.
//   - Delete: the second attempt finds nothing and returns ErrPerhapsDeleted, although the first one deleted. DynamoDB
//     cannot tell that from a deletion by somebody else.
//   - PutApplication: the version refuses the second attempt, and the application has the id of the write.
//   - AdvanceEpoch and DeleteApplication: the epoch refuses the second attempt, and the application has the id of the
//     write, unless another deletion followed it, which then is the one that ended its sessions.
//   - TransactWriteItems (new applications, API keys) has a client token, by which DynamoDB recognizes a repetition for
//     ten minutes.
//   - Record: its condition refuses the second attempt.
//   - DeleteBatch has the same effect however often it is sent.
package dynamo
