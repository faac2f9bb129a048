// Package lifecycle owns the events about sessions, applications and API keys: it turns records of the table's stream into
// events on an Amazon EventBridge bus. Events hold ids, counters, reasons and authors, and of applications and API keys
// names and settings. A token, a secret, a hash, a claim, a device or an address must never get into an event or a log
// line, and nothing here writes to the table.
//
// # Events
//
// The source is refresh-tokens. The events of extent "user", "application" and "key" are the entries of the history (law
// 9), with reason, author and request. The time is that of the change. The detail-type is one of:
//
//	token.issued           a session started
//	token.updated          claims, scope, end or device of sessions changed; with "changed":{"supersede":true} the access
//	                       tokens that they handed out before the event's time are over
//	token.deleted          sessions of one user were deleted; with extent "application", all of an application were,
//	                       whose new epoch the event has
//	token.evicted          a session left because of the limit of sessions
//	token.reuse_detected   a superseded token was presented, and its session ended
//	token.denied           the claims hook ended a session
//	token.retry_elsewhere  a token was repeated from another address and user agent, once per generation
//	token.rolled_forward   a token was newer than the table, as after a restore
//	token.imported         sessions of another system were brought along
//	application.created, application.changed, application.deleted   with what changed, and its value
//	key.created, key.rotated, key.deleted                           of an API key
//
// Events of extent "token" are about the item of one session, and have its ids and its generation alone:
//
//	token.deleted          the item was removed; of 1 000 sessions that one request deleted there are 1 000 such events
//	token.expired          an expired one was removed, usually by DynamoDB's TTL, hours or days after its expiry
//	token.refreshed        the session was refreshed
//
// An event of extent "user" names the first 50 sessions and counts all. So who must know of every ended session reads
// token.deleted of extent "token", and token.deleted and application.deleted of an application.
//
// The template's event source mapping leaves out refreshes, which would be most of the bill, unless PublishRefreshed is
// true. Sessions that were deleted with their application are removed later; their events are token.expired. An entry of
// the history that could not be written has no event: it is in the log, in full.
//
// # Delivery
//
// Each event is delivered at least once. A user's events are sent in the order of the changes, because a user's sessions
// and entries share a partition key. EventBridge promises no order, and an event that it refuses follows later ones:
// compare at and generation. A repeated event has the same id in its detail.
//
// The answer to Lambda has the sequence number of the first record that was not published, and Lambda continues there.
// Lambda gives up a batch, not a record, and halves only a batch that fails as a whole. So a batch fails as a whole when
// its first record cannot be read, until that record is alone. What Lambda gives up leaves a description without content
// in the queue DeadLetters.
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
package lifecycle
