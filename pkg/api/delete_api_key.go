package api

import (
	"context"
	"encoding/json"
	"time"
)

// APIKeyReference names an API key of a tenant.
type APIKeyReference struct {
	TenantID string `json:"tenantId"`
	KeyID    string `json:"keyId"`
}

// DeleteAPIKey ends an API key at once.
func (o Operator) DeleteAPIKey(ctx context.Context, raw json.RawMessage) (APIKeyReference, error) {
	started := time.Now()
	var in APIKeyReference
	err := decodeStrict(raw, &in)
	if err == nil {
		var bad faults
		bad.checkID("tenantId", in.TenantID)
		bad.checkID("keyId", in.KeyID)
		err = explain(bad)
	}
	if err == nil {
		err = o.Store.DeleteAPIKey(ctx, in.TenantID, in.KeyID)
	}
	o.done(ctx, "delete-api-key", in.TenantID, started, err)
	return in, err
}
