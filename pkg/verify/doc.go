// Package verify owns the offline verification of access tokens, for APIs in Go that are not this service: the signature,
// the tenant, the audience and the time, and what lifecycle events say has ended. It must never call the service for a
// token, link AWS, or know more of an error than its caller needs to answer.
//
// # What is checked
//
// RFC 9068 section 4 and RFC 8725: typ is at+jwt, the algorithm is that of the key which kid names in the service's key
// set (ES256, EdDSA or RS256), the header has no crit, and iss is <Issuer>/t/<tenant> of a tenant that the Config names.
// aud has the Config's Audience, and exp has not passed. A token that is bound to a key (RFC 9449) is refused unless the
// Config has PublicURLs. A narrowed token, which was made for one resource server, is good if that is this one.
//
// # Late by how much
//
// Without a Denylist, a token of an ended session is good until it expires, accessTokenSeconds (900 by default) after it was
// signed. A Denylist refuses it once the event arrives. From the change to an SQS queue that takes seconds: a batch of the
// table's stream waits for one, then come EventBridge and SQS. Stats tells the delay that was.
//
// A Denylist does not know what no event says: a rotation through the 7G interface, or of an application with
// keepPreviousAccessToken false, which ends the access token before; an end or a setting that became earlier or stricter;
// a supersede, or an end of an application, whose history entry could not be written (law 9: the service logs it); and what
// ended before the process began, unless its events are fed again. Such tokens are good until they expire. Who needs more
// asks the service: authorize-resource or POST /oauth2/introspect.
//
// Who can send to the source of a Denylist can refuse tokens, and never admit one.
package verify
