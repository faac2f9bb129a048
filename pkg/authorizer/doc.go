// Package authorizer owns the way from request headers to a principal: which credential is presented, whether it
// is good, and for which tenant. It must never look at what is asked for (that is the operation's business), but for
// whether the route wants a tenant header, and never say more to a caller than "unauthorised" or "another tenant".
//
// It runs in two places with the same result: as the Lambda authorizer in front of the API (handler.go), and in
// process on POST /jwt/refresh, where the form of the body decides whether a credential is needed at all. Resource is the
// Lambda authorizer of the owner's other APIs, which know access tokens alone.
package authorizer
