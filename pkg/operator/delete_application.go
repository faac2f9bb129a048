package operator

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// DeleteApplicationInput names an application, and why it ends.
type DeleteApplicationInput struct {
	TenantID      string `json:"tenantId"`
	ApplicationID string `json:"applicationId"`
	Reason        string `json:"reason"`
}

func (in DeleteApplicationInput) attrs() []slog.Attr {
	return named("tenant", in.TenantID, "application", in.ApplicationID, "reason", in.Reason)
}

// DeleteApplicationOutput has the epoch with which the application begins if it is made again.
type DeleteApplicationOutput struct {
	TenantID      string    `json:"tenantId"`
	ApplicationID string    `json:"applicationId"`
	Epoch         uint64    `json:"epoch"`
	DeletedAt     time.Time `json:"deletedAt"`
}

// DeleteApplication ends an application and all its sessions, in one write. Made again, it has the default settings, and
// none of its sessions comes back.
func (o Operator) DeleteApplication(ctx context.Context, raw json.RawMessage) (DeleteApplicationOutput, error) {
	return function[DeleteApplicationInput, DeleteApplicationOutput]{api.DeleteApplication, o.deleteApplication}.invoke(ctx, o.Log, raw)
}

func (o Operator) deleteApplication(ctx context.Context, in DeleteApplicationInput) (DeleteApplicationOutput, error) {
	var bad api.Faults
	bad.CheckID("tenantId", in.TenantID)
	bad.CheckID("applicationId", in.ApplicationID)
	checkReason(&bad, in.Reason)
	out := DeleteApplicationOutput{TenantID: in.TenantID, ApplicationID: in.ApplicationID, DeletedAt: o.now()}
	if err := bad.Err(); err != nil {
		return out, err
	}
	return untilUnchanged(func() (DeleteApplicationOutput, error) {
		app, err := o.Store.Application(ctx, in.TenantID, in.ApplicationID)
		if err != nil {
			return out, err
		}
		ending, err := o.Store.DeleteApplication(ctx, app, out.DeletedAt)
		if err != nil {
			return out, err
		}
		out.Epoch = ending.Epoch
		o.recordEnding(ctx, ending, session.Entry{
			Tenant: app.Tenant, Application: app.ID, Event: session.EventApplicationDeleted, Cause: session.Cause{Reason: in.Reason},
		})
		return out, nil
	})
}

// now is the time in the resolution of the store.
func (o Operator) now() time.Time { return o.Now().UTC().Truncate(time.Millisecond) }
