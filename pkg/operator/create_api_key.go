package operator

import (
	"context"
	"encoding/json"
	"log/slog"
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

func (in APIKeyInput) attrs() []slog.Attr { return named("tenant", in.TenantID) }

// APIKeyOutput is an API key without its secret.
type APIKeyOutput struct {
	KeyID       string               `json:"keyId"`
	Name        string               `json:"name"`
	Permissions []session.Permission `json:"permissions"`
	CreatedAt   time.Time            `json:"createdAt"`
	ExpiresAt   *time.Time           `json:"expiresAt"` // null: never
}

func keyOutputOf(key session.APIKey) APIKeyOutput {
	out := APIKeyOutput{KeyID: key.ID, Name: key.Name, Permissions: key.Permissions, CreatedAt: key.CreatedAt}
	if !key.ExpiresAt.IsZero() {
		out.ExpiresAt = &key.ExpiresAt
	}
	return out
}

// NewAPIKeyOutput holds the key itself: it is shown this once and stored nowhere.
type NewAPIKeyOutput struct {
	APIKeyOutput

	TenantID string `json:"tenantId"`
	APIKey   string `json:"apiKey"`
}

// CreateAPIKey draws an API key and stores its hash. A tenant without applications gets none: its id may be misspelt.
func (o Operator) CreateAPIKey(ctx context.Context, raw json.RawMessage) (NewAPIKeyOutput, error) {
	return function[APIKeyInput, NewAPIKeyOutput]{api.CreateAPIKey, o.createAPIKey}.invoke(ctx, o.Log, raw)
}

func (o Operator) createAPIKey(ctx context.Context, in APIKeyInput) (NewAPIKeyOutput, error) {
	if err := in.check(o.Now()); err != nil {
		return NewAPIKeyOutput{}, err
	}
	apps, _, err := o.Store.ListApplications(ctx, in.TenantID, session.Page{Limit: 1})
	if err == nil && len(apps) == 0 {
		err = api.FieldFault("tenantId", "unknown", "has no application: put one first")
	}
	if err != nil {
		return NewAPIKeyOutput{}, err
	}
	key := session.APIKey{Tenant: in.TenantID, Name: in.Name, Permissions: in.Permissions}
	if in.ExpiresAt != nil {
		key.ExpiresAt = in.ExpiresAt.UTC().Truncate(time.Millisecond)
	}
	return o.draw(key, func(made session.APIKey) error {
		err := o.Store.PutAPIKey(ctx, made)
		if err == nil {
			o.record(ctx, keyMade(made))
		}
		return err
	})
}

// draw makes the id and the secret of a key, and answers them once the key is stored.
func (o Operator) draw(key session.APIKey, store func(session.APIKey) error) (NewAPIKeyOutput, error) {
	drawn, err := token.NewAPIKey(o.Random)
	if err != nil {
		return NewAPIKeyOutput{}, err
	}
	key.ID, key.SecretHash, key.CreatedAt = drawn.ID, drawn.Secret.Hash(), o.now()
	if err := store(key); err != nil {
		return NewAPIKeyOutput{}, err
	}
	return NewAPIKeyOutput{APIKeyOutput: keyOutputOf(key), TenantID: key.Tenant, APIKey: drawn.Text().Reveal()}, nil
}

func (in APIKeyInput) check(now time.Time) error {
	var bad api.Faults
	bad.CheckTenantID("tenantId", in.TenantID)
	bad.CheckID("name", in.Name)
	known := session.Permissions()
	var all []string
	for _, permission := range known {
		all = append(all, string(permission))
	}
	for i, permission := range in.Permissions {
		if !slices.Contains(known, permission) || slices.Contains(in.Permissions[:i], permission) {
			bad.Add("permissions", "invalid", "must be some of "+strings.Join(all, ", ")+", each once")
			break
		}
	}
	if len(in.Permissions) == 0 {
		bad.Add("permissions", "missing", "must name at least one of "+strings.Join(all, ", "))
	}
	if in.ExpiresAt != nil && !in.ExpiresAt.Truncate(time.Millisecond).After(now) {
		bad.Add("expiresAt", "outOfRange", "must be in the future")
	}
	return bad.Err()
}
