package operator

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// APIKeyReference names an API key of a tenant.
type APIKeyReference struct {
	TenantID string `json:"tenantId"`
	KeyID    string `json:"keyId"`
}

func (in APIKeyReference) attrs() []slog.Attr {
	return named("tenant", in.TenantID, "keyId", loggedKeyID(in.KeyID))
}

// DeleteAPIKey ends an API key at once.
func (o Operator) DeleteAPIKey(ctx context.Context, raw json.RawMessage) (APIKeyReference, error) {
	return function[APIKeyReference, APIKeyReference]{api.DeleteAPIKey, o.deleteAPIKey}.invoke(ctx, o.Log, raw)
}

func (o Operator) deleteAPIKey(ctx context.Context, in APIKeyReference) (APIKeyReference, error) {
	var bad api.Faults
	bad.CheckID("tenantId", in.TenantID)
	checkKeyID(&bad, in.KeyID)
	if err := bad.Err(); err != nil {
		return in, err
	}
	err := o.Store.DeleteAPIKey(ctx, in.TenantID, in.KeyID)
	if err == nil {
		o.record(ctx, session.Entry{Tenant: in.TenantID, Event: session.EventKeyDeleted, APIKey: in.KeyID})
	}
	return in, err
}

// checkKeyID refuses a whole API key where its id belongs.
func checkKeyID(bad *api.Faults, id string) {
	if token.IsAPIKey(id) {
		bad.Add("keyId", "invalid", "is the middle part of a key sak_<id>_<secret>, not the whole key")
		return
	}
	bad.CheckID("keyId", id)
}

// loggedKeyID is what a log line shows: a whole key has a secret.
func loggedKeyID(id string) string {
	if token.IsAPIKey(id) {
		return ""
	}
	return id
}
