package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// APIKeyInput describes a new API key of a tenant.
type APIKeyInput struct {
	TenantID    string               `json:"tenantId"`
	Name        string               `json:"name"`
	Permissions []session.Permission `json:"permissions"`
	ExpiresAt   *time.Time           `json:"expiresAt"` // RFC 3339; nil: never
}

func (in APIKeyInput) tenant() string { return in.TenantID }

// APIKeyOutput holds the key itself: it is shown this once and stored nowhere.
type APIKeyOutput struct {
	KeyID  string `json:"keyId"`
	APIKey string `json:"apiKey"`
}

// CreateAPIKey draws an API key and stores its hash.
func (o Operator) CreateAPIKey(ctx context.Context, raw json.RawMessage) (APIKeyOutput, error) {
	return function[APIKeyInput, APIKeyOutput]{op: api.CreateAPIKey, run: o.createAPIKey}.invoke(ctx, o.Log, raw)
}

func (o Operator) createAPIKey(ctx context.Context, in APIKeyInput) (APIKeyOutput, error) {
	now := o.Now().UTC().Truncate(time.Millisecond)
	var bad api.Faults
	bad.CheckTenantID("tenantId", in.TenantID)
	if len(in.Name) > maxName {
		bad.Add("name", "tooLong", "may have 128 bytes")
	}
	known := session.Permissions()
	all := strings.Trim(strings.ReplaceAll(fmt.Sprint(known), " ", ", "), "[]")
	for i, permission := range in.Permissions {
		if !slices.Contains(known, permission) || slices.Contains(in.Permissions[:i], permission) {
			bad.Add("permissions", "invalid", "must be some of "+all+", each once")
			break
		}
	}
	if len(in.Permissions) == 0 {
		bad.Add("permissions", "missing", "must name at least one of "+all)
	}
	key := session.APIKey{Tenant: in.TenantID, Name: in.Name, Permissions: in.Permissions, CreatedAt: now}
	if in.ExpiresAt != nil {
		key.ExpiresAt = in.ExpiresAt.UTC().Truncate(time.Millisecond)
		if !key.ExpiresAt.After(now) {
			bad.Add("expiresAt", "outOfRange", "must be in the future")
		}
	}
	if err := explain(bad); err != nil {
		return APIKeyOutput{}, err
	}
	drawn, err := token.NewAPIKey(o.Random)
	if err != nil {
		return APIKeyOutput{}, err
	}
	key.ID, key.SecretHash = drawn.ID, drawn.Secret.Hash()
	if err := o.Store.PutAPIKey(ctx, key); err != nil {
		return APIKeyOutput{}, err
	}
	return APIKeyOutput{KeyID: key.ID, APIKey: drawn.Text().Reveal()}, nil
}
