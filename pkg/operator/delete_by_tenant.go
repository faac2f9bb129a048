package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

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
		err := o.eachPage(ctx, in.TenantID, func(apps []session.Application) error {
			apps = slices.DeleteFunc(apps, func(app session.Application) bool { return ended[app.ID] })
			epochs, err := o.endAll(ctx, apps, in.Reason)
			for _, one := range epochs {
				ended[one.ApplicationID] = true
			}
			out.Applications = append(out.Applications, epochs...)
			return err
		})
		if err != nil || len(ended) == before {
			return out, err
		}
	}
}

// endingsAtOnce is how many applications of a tenant end at a time: thousands of them in the 60 s of the function.
const endingsAtOnce = 8

// endAll advances the epochs of applications, and returns those that are advanced, after an error too. It starts none after
// an error.
func (o Operator) endAll(ctx context.Context, apps []session.Application, reason string) ([]EpochOutput, error) {
	epochs, errs := make([]*EpochOutput, len(apps)), make([]error, len(apps))
	var all sync.WaitGroup
	var failed atomic.Bool
	places := make(chan struct{}, endingsAtOnce)
	for n, app := range apps {
		places <- struct{}{}
		if failed.Load() {
			break
		}
		all.Go(func() {
			defer func() { <-places }()
			ending, err := o.Store.AdvanceEpoch(ctx, app.Tenant, app.ID, app.Epoch)
			switch {
			case errors.Is(err, session.ErrNoApplication): // deleted meanwhile, and its sessions with it
			case err != nil:
				errs[n] = err
				failed.Store(true)
			default:
				o.recordEnding(ctx, ending, session.Entry{
					Tenant: app.Tenant, Application: app.ID, Event: session.EventDeleted, Cause: session.Cause{Reason: reason},
				})
				epochs[n] = &EpochOutput{app.ID, ending.Epoch}
			}
		})
	}
	all.Wait()
	var advanced []EpochOutput
	for _, one := range epochs {
		if one != nil {
			advanced = append(advanced, *one)
		}
	}
	return advanced, cmp.Or(errs...)
}

// eachPage visits the applications of a tenant, a page at a time.
func (o Operator) eachPage(ctx context.Context, tenant string, visit func([]session.Application) error) error {
	for page := (session.Page{}); ; {
		apps, more, err := o.Store.ListApplications(ctx, tenant, page)
		if err != nil {
			return err
		}
		if len(apps) > 0 {
			page.After = apps[len(apps)-1].ID
		}
		if err := visit(apps); err != nil || !more {
			return err
		}
	}
}
