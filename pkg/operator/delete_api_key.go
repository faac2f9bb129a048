package operator

import (
	"context"
	"encoding/json"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
)

// APIKeyReference names an API key of a tenant.
type APIKeyReference struct {
	TenantID string `json:"tenantId"`
	KeyID    string `json:"keyId"`
}

func (in APIKeyReference) tenant() string { return in.TenantID }

// DeleteAPIKey ends an API key at once.
func (o Operator) DeleteAPIKey(ctx context.Context, raw json.RawMessage) (APIKeyReference, error) {
	return function[APIKeyReference, APIKeyReference]{op: api.DeleteAPIKey, run: o.deleteAPIKey}.invoke(ctx, o.Log, raw)
}

func (o Operator) deleteAPIKey(ctx context.Context, in APIKeyReference) (APIKeyReference, error) {
	var bad api.Faults
	bad.CheckID("tenantId", in.TenantID)
	bad.CheckID("keyId", in.KeyID)
	if err := explain(bad); err != nil {
		return in, err
	}
	return in, o.Store.DeleteAPIKey(ctx, in.TenantID, in.KeyID)
}
