package operator

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
)

// TenantInput names a tenant.
type TenantInput struct {
	TenantID string `json:"tenantId"`
}

func (in TenantInput) attrs() []slog.Attr { return named("tenant", in.TenantID) }

// APIKeysOutput are the API keys of a tenant in ascending order of id, expired ones too.
type APIKeysOutput struct {
	APIKeys []APIKeyOutput `json:"apiKeys"`
}

// ListAPIKeys shows the API keys of a tenant, never a secret or a hash.
func (o Operator) ListAPIKeys(ctx context.Context, raw json.RawMessage) (APIKeysOutput, error) {
	return function[TenantInput, APIKeysOutput]{api.ListAPIKeys, o.listAPIKeys}.invoke(ctx, o.Log, raw)
}

func (o Operator) listAPIKeys(ctx context.Context, in TenantInput) (APIKeysOutput, error) {
	out := APIKeysOutput{APIKeys: []APIKeyOutput{}}
	var bad api.Faults
	bad.CheckID("tenantId", in.TenantID)
	if err := bad.Err(); err != nil {
		return out, err
	}
	keys, err := o.Store.ListAPIKeys(ctx, in.TenantID)
	for _, key := range keys {
		out.APIKeys = append(out.APIKeys, keyOutputOf(key))
	}
	return out, err
}
