package operator

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// RotateAPIKeyInput names an API key of a tenant, and how long it works beside its successor.
type RotateAPIKeyInput struct {
	TenantID       string `json:"tenantId"`
	KeyID          string `json:"keyId"`
	OverlapSeconds *int64 `json:"overlapSeconds"` // 0 to 2 592 000; nil: 86 400
}

func (in RotateAPIKeyInput) attrs() []slog.Attr {
	return named("tenant", in.TenantID, "keyId", loggedKeyID(in.KeyID))
}

// RotateAPIKeyOutput is the new key, shown this once, and the old one as it is now.
type RotateAPIKeyOutput struct {
	NewAPIKeyOutput

	Previous APIKeyOutput `json:"previous"`
}

const (
	defaultOverlap = 24 * 60 * 60
	maxOverlap     = 30 * 24 * 60 * 60
)

// RotateAPIKey makes an API key with the name and the permissions of another one, which expires after the overlap, unless
// its own end is earlier. The new key has no end. A repetition makes one more key and moves no expiry.
func (o Operator) RotateAPIKey(ctx context.Context, raw json.RawMessage) (RotateAPIKeyOutput, error) {
	return function[RotateAPIKeyInput, RotateAPIKeyOutput]{api.RotateAPIKey, o.rotateAPIKey}.invoke(ctx, o.Log, raw)
}

func (o Operator) rotateAPIKey(ctx context.Context, in RotateAPIKeyInput) (RotateAPIKeyOutput, error) {
	overlap := int64(defaultOverlap)
	if in.OverlapSeconds != nil {
		overlap = *in.OverlapSeconds
	}
	var bad api.Faults
	bad.CheckID("tenantId", in.TenantID)
	checkKeyID(&bad, in.KeyID)
	if overlap < 0 || overlap > maxOverlap {
		bad.Add("overlapSeconds", "outOfRange", "must be from 0 to 2592000")
	}
	if err := bad.Err(); err != nil {
		return RotateAPIKeyOutput{}, err
	}
	return untilUnchanged(func() (out RotateAPIKeyOutput, err error) {
		old, err := o.Store.APIKey(ctx, in.KeyID)
		switch {
		case err != nil:
			return out, err
		case old.Tenant != in.TenantID:
			return out, session.ErrNoAPIKey
		case !old.ExpiresAt.IsZero() && !old.ExpiresAt.After(o.Now()):
			return out, api.FieldFault("keyId", "expired", "names a key that has expired: create another one")
		}
		end := o.now().Add(time.Duration(overlap) * time.Second)
		if !old.ExpiresAt.IsZero() && old.ExpiresAt.Before(end) {
			end = old.ExpiresAt
		}
		successor := session.APIKey{Tenant: old.Tenant, Name: old.Name, Permissions: old.Permissions}
		out.NewAPIKeyOutput, err = o.draw(successor, func(made session.APIKey) error {
			err := o.Store.RotateAPIKey(ctx, old, end, made)
			if err == nil {
				o.record(ctx, session.Entry{
					Tenant: old.Tenant, Event: session.EventKeyRotated, APIKey: old.ID,
					Changed: object(map[string]any{"expiresAt": end}),
				})
				o.record(ctx, keyMade(made))
			}
			return err
		})
		old.ExpiresAt = end
		out.Previous = keyOutputOf(old)
		return out, err
	})
}
