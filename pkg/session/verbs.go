package session

import "github.com/stencil-auth/refresh-tokens/pkg/token"

// Verbs are all verbs over one store, for a process that runs them all.
type Verbs struct {
	Identifier
	Issuer
	Refresher
	Retriever
	Lister
	Historian
	Updater
	UserUpdater
	Deleter
	TokenDeleter
	UserDeleter
	ApplicationDeleter
	AnchorDeleter
	Revoker
	Introspector
}

// Accepting also takes the refresh tokens of another system, wherever one of this service is taken to refresh or to end.
func (v Verbs) Accepting(a Accepted) Verbs {
	v.Refresher, v.TokenDeleter, v.Revoker = v.Refresher.Accepting(a), v.TokenDeleter.Accepting(a), v.Revoker.Accepting(a)
	return v
}

// NewVerbs makes all verbs, with the clock and the token keys of the minter.
func NewVerbs(store Store, minter Minter, verifier token.Verifier) Verbs {
	return Verbs{
		Identifier:         NewIdentifier(minter.tokenKeys),
		Issuer:             NewIssuer(store, minter),
		Refresher:          NewRefresher(store, minter),
		Retriever:          NewRetriever(store, minter.clock),
		Lister:             NewLister(store, minter.clock),
		Historian:          NewHistorian(store, minter.clock),
		Updater:            NewUpdater(store, minter.clock),
		UserUpdater:        NewUserUpdater(store, minter.clock),
		Deleter:            NewDeleter(store, minter.clock),
		TokenDeleter:       NewTokenDeleter(store, minter.tokenKeys, minter.clock),
		UserDeleter:        NewUserDeleter(store, minter.clock),
		ApplicationDeleter: NewApplicationDeleter(store, minter.clock),
		AnchorDeleter:      NewAnchorDeleter(store, minter.clock),
		Revoker:            NewRevoker(store, minter.tokenKeys, verifier, minter.clock),
		Introspector:       NewIntrospector(store, minter.tokenKeys, verifier, minter.clock),
	}
}
