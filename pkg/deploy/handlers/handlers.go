// Package handlers owns the list of all operations with a route, for a process that serves them together: the laptop
// service and tests. A deployed function must never import it, since it links them all.
package handlers

import (
	"crypto/rand"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/api/kirjaswappi"
	"github.com/stencil-auth/refresh-tokens/pkg/api/oauth"
	"github.com/stencil-auth/refresh-tokens/pkg/api/seveng"
	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/api/wellknown"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Parts are what all operations with a route are made of, for a process that serves them together.
type Parts struct {
	Shell       api.Shell
	Store       session.Store
	Authorizer  *authorizer.Authorizer
	TokenKeys   *keys.Ring[keys.TokenSet]
	SigningKeys *keys.Ring[keys.SigningSet]
	PublicKeys  *keys.Ring[keys.PublicSet]
	Accepted    session.Accepted // none by default
	Hook        session.Hook     // asks nobody by default
	Now         func() time.Time
}

// All are all operations with a route.
func (p Parts) All() map[api.Operation]api.Handler {
	shell, store, verifier := p.Shell, p.Store, p.Authorizer.Verifier
	companion := token.Companion{Verifier: verifier, Past: p.SigningKeys}
	minter := session.NewMinter(shell.Issuer, p.TokenKeys, p.SigningKeys, p.Now, rand.Reader)
	deleter := session.NewTokenDeleter(store, p.TokenKeys, p.Now).Accepting(p.Accepted)
	refresher := session.NewRefresher(store, minter).WithHook(p.Hook, store).Accepting(p.Accepted)
	users := session.NewUserDeleter(store, p.Now)
	forms := stencil.NewForms(store, deleter, p.Now)
	return map[api.Operation]api.Handler{
		api.Issue:                      stencil.Issue(shell, session.NewIssuer(store, minter).WithHook(p.Hook)),
		api.Refresh:                    stencil.Refresh(shell, p.Authorizer, companion, refresher, forms),
		api.RetrieveByID:               stencil.RetrieveByID(shell, session.NewRetriever(store, p.Now)),
		api.RetrieveByUser:             stencil.RetrieveByUser(shell, session.NewLister(store, p.Now)),
		api.RetrieveHistory:            stencil.RetrieveHistory(shell, session.NewHistorian(store, p.Now)),
		api.UpdateByID:                 stencil.UpdateByID(shell, session.NewUpdater(store, p.Now)),
		api.UpdateByUser:               stencil.UpdateByUser(shell, session.NewUserUpdater(store, p.Now)),
		api.DeleteByID:                 stencil.DeleteByID(shell, session.NewDeleter(store, p.Now)),
		api.DeleteByString:             stencil.DeleteByString(shell, deleter),
		api.DeleteByUser:               stencil.DeleteByUser(shell, users),
		api.DeleteByApplication:        stencil.DeleteByApplication(shell, session.NewApplicationDeleter(store, p.Now)),
		api.DeleteByUserAndApplication: stencil.DeleteByUserAndApplication(shell, users),
		api.Logout:                     stencil.Logout(shell, deleter),
		api.DocumentedForms:            stencil.DocumentedForms(shell, forms),
		api.Jwks:                       wellknown.JWKS(shell.Frame, p.PublicKeys),
		api.UserRefreshToken:           seveng.UserRefreshToken(shell, companion, refresher),
		api.AuthenticateRefresh:        kirjaswappi.AuthenticateRefresh(shell, refresher),
		api.OauthToken:                 oauth.Token(shell, companion, refresher),
		api.OauthRevoke:                oauth.Revoke(shell, session.NewRevoker(store, p.TokenKeys, verifier, p.Now).Accepting(p.Accepted)),
		api.OauthIntrospect:            oauth.Introspect(shell, session.NewIntrospector(store, p.TokenKeys, verifier, p.Now)),
		api.OauthMetadata:              wellknown.Metadata(shell.Frame, shell.Issuer),
		api.Preflight:                  shell.Preflight,
	}
}
