package operator

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// DeleteByTenantInput names a tenant, and why its sessions end.
type DeleteByTenantInput struct {
	TenantID string `json:"tenantId"`
	Reason   string `json:"reason"`
}

func (in DeleteByTenantInput) attrs() []slog.Attr {
	return named("tenant", in.TenantID, "reason", in.Reason)
}

// EpochOutput is an application whose sessions of an older epoch are over.
type EpochOutput struct {
	ApplicationID string `json:"applicationId"`
	Epoch         uint64 `json:"epoch"`
}

// DeleteByTenantOutput lists the applications in the order in which their sessions ended.
type DeleteByTenantOutput struct {
	Applications []EpochOutput `json:"applications"`
}

// DeleteByTenant ends all sessions of a tenant: those of every application that exists when it starts, and of those that
// are made meanwhile, until a look at the tenant shows no new one. It may be repeated.
func (o Operator) DeleteByTenant(ctx context.Context, raw json.RawMessage) (DeleteByTenantOutput, error) {
	return function[DeleteByTenantInput, DeleteByTenantOutput]{api.DeleteByTenant, o.deleteByTenant}.invoke(ctx, o.Log, raw)
}

func (o Operator) deleteByTenant(ctx context.Context, in DeleteByTenantInput) (DeleteByTenantOutput, error) {
	out := DeleteByTenantOutput{Applications: []EpochOutput{}}
	var bad api.Faults
	bad.CheckID("tenantId", in.TenantID)
	checkReason(&bad, in.Reason)
	if err := bad.Err(); err != nil {
		return out, err
	}
	ended := map[string]bool{}
	for {
		before := len(ended)
		err := o.eachApplication(ctx, in.TenantID, func(app session.Application) error {
			if ended[app.ID] {
				return nil
			}
			epoch, err := o.Store.AdvanceEpoch(ctx, app.Tenant, app.ID, app.Epoch)
			if errors.Is(err, session.ErrNoApplication) {
				return nil // deleted meanwhile, and its sessions with it
			}
			if err == nil {
				ended[app.ID] = true
				o.record(ctx, session.Entry{
					Tenant: app.Tenant, Application: app.ID, Event: session.EventDeleted, Epoch: epoch,
					Cause: session.Cause{Reason: in.Reason},
				})
				out.Applications = append(out.Applications, EpochOutput{app.ID, epoch})
			}
			return err
		})
		if err != nil || len(ended) == before {
			return out, err
		}
	}
}

// eachApplication visits those of a tenant.
func (o Operator) eachApplication(ctx context.Context, tenant string, visit func(session.Application) error) error {
	for page := (session.Page{}); ; {
		apps, more, err := o.Store.ListApplications(ctx, tenant, page)
		if err != nil {
			return err
		}
		for _, app := range apps {
			if err := visit(app); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		page.After = apps[len(apps)-1].ID
	}
}
