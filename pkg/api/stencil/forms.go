package stencil

import (
	"context"
	"net/http"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Forms are the operations that the documented forms resolve to.
type Forms struct {
	retriever          session.Retriever
	lister             session.Lister
	deleter            session.Deleter
	tokenDeleter       session.TokenDeleter
	userDeleter        session.UserDeleter
	applicationDeleter session.ApplicationDeleter
	anchorDeleter      session.AnchorDeleter
}

// NewForms runs the operations over a store; what deletes by a refresh token says which tokens it takes.
func NewForms(store session.Store, tokenDeleter session.TokenDeleter, now func() time.Time) Forms {
	return Forms{
		session.NewRetriever(store, now), session.NewLister(store, now), session.NewDeleter(store, now),
		tokenDeleter, session.NewUserDeleter(store, now),
		session.NewApplicationDeleter(store, now), session.NewAnchorDeleter(store, now),
	}
}

// form is what a request means: an operation with everything that the request gives it.
type form struct {
	op  api.Operation
	in  api.Input
	run func(context.Context, authorizer.Principal) (api.Answer, error)
}

// answer checks the permission for the resolved operation, not for the wire verb, then the ids, then runs it.
func (f form) answer(ctx context.Context, r *api.Request, p authorizer.Principal) (api.Answer, error) {
	r.Operation = f.op
	if err := api.Permit(p, f.op, f.in[keyUserID]); err != nil {
		return api.Answer{}, err
	}
	var bad api.Faults
	bad.CheckIDs(f.in, keyID, keyTokenID, keyUserID, keyApplicationID)
	e, err := readEnding(f.in, p)
	if err := api.JoinFaults(bad.Err(), err); err != nil {
		return api.Answer{}, err
	}
	return f.run(e.because(session.WithCause(ctx, session.Cause{By: p.Author()})), p)
}

func (f Forms) retrieveByID(in api.Input, text string) form {
	return form{api.RetrieveByID, in, func(ctx context.Context, p authorizer.Principal) (api.Answer, error) {
		id, err := tokenID(text)
		if err != nil {
			return api.Answer{}, err
		}
		return retrieveByID(ctx, f.retriever, p, id)
	}}
}

// hint goes with the answer to the one request that the guide prints for two operations.
const hint = `These are the user's tokens; nothing was deleted. To delete them, add "operation":"delete" to the body, ` +
	"or send DELETE /jwt/users/{userId}/refresh."

func (f Forms) retrieveByUser(in api.Input) form {
	return form{api.RetrieveByUser, in, func(ctx context.Context, p authorizer.Principal) (api.Answer, error) {
		req, err := readList(p.Tenant, in)
		if err != nil {
			return api.Answer{}, err
		}
		a, err := retrieveByUser(ctx, f.lister, req, p, hint)
		a.Header = http.Header{api.HeaderOperation: {string(api.RetrieveByUser)}}
		return a, err
	}}
}

func (f Forms) deleteByID(in api.Input, text string) form {
	return form{api.DeleteByID, in, func(ctx context.Context, p authorizer.Principal) (api.Answer, error) {
		id, err := tokenID(text)
		if err != nil {
			return api.Answer{}, err
		}
		return deleteByID(ctx, f.deleter, p, id)
	}}
}

func (f Forms) deleteByString(in api.Input) form {
	return form{api.DeleteByString, in, func(ctx context.Context, p authorizer.Principal) (api.Answer, error) {
		return deleteByString(ctx, f.tokenDeleter, p, in[keyToken]+in[keyTokenString])
	}}
}

// deleteByUser deletes in one application where the input names it.
func (f Forms) deleteByUser(op api.Operation, in api.Input) form {
	return form{op, in, func(ctx context.Context, p authorizer.Principal) (api.Answer, error) {
		e, err := readEnding(in, p)
		if err != nil {
			return api.Answer{}, err
		}
		q := session.Query{Tenant: p.Tenant, User: in[keyUserID], Application: in[keyApplicationID]}
		return deleteByUser(ctx, f.userDeleter, e, q)
	}}
}

func (f Forms) deleteByApplication(in api.Input) form {
	return form{api.DeleteByApplication, in, func(ctx context.Context, p authorizer.Principal) (api.Answer, error) {
		epoch, err := f.applicationDeleter.DeleteByApplication(ctx, p.Tenant, in[keyApplicationID])
		return epochAdvanced(in[keyApplicationID], epoch, err)
	}}
}

// deleteByAnchor is deleteByApplication where the id of a live token must be of this application.
func (f Forms) deleteByAnchor(in api.Input, anchor string) form {
	return form{api.DeleteByApplication, in, func(ctx context.Context, p authorizer.Principal) (api.Answer, error) {
		id, err := tokenID(anchor)
		if err != nil {
			return api.Answer{}, err
		}
		epoch, err := f.anchorDeleter.DeleteByAnchor(ctx, p.Caller(), id, in[keyApplicationID])
		return epochAdvanced(in[keyApplicationID], epoch, err)
	}}
}
