package operator

import (
	"context"
	"encoding/json"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// ApplicationInput registers or changes an application. Settings that are not named take their defaults.
type ApplicationInput struct {
	TenantID      string           `json:"tenantId"`
	ApplicationID string           `json:"applicationId"`
	Name          string           `json:"name"`
	Settings      session.Settings `json:"settings"`
}

func (in ApplicationInput) tenant() string { return in.TenantID }

// ApplicationOutput is the application as it is now.
type ApplicationOutput struct {
	ApplicationInput
	Epoch uint64 `json:"epoch"`
}

// maxName is the longest name of an application or an API key, in bytes.
const maxName = 128

// PutApplication creates an application or replaces its name and settings; its sessions stay as they are.
func (o Operator) PutApplication(ctx context.Context, raw json.RawMessage) (ApplicationOutput, error) {
	defaults := ApplicationInput{Settings: session.DefaultSettings()}
	return function[ApplicationInput, ApplicationOutput]{api.PutApplication, o.putApplication, defaults}.invoke(ctx, o.Log, raw)
}

func (o Operator) putApplication(ctx context.Context, in ApplicationInput) (ApplicationOutput, error) {
	var bad api.Faults
	bad.CheckName("tenantId", in.TenantID)
	bad.CheckName("applicationId", in.ApplicationID)
	if len(in.Name) > maxName {
		bad.Add("name", "tooLong", "may have 128 bytes")
	}
	if token.Room(in.TenantID, "", in.ApplicationID) < 1 {
		bad.Add("applicationId", "tooLong", "and tenantId leave no room for a user id in a refresh token")
	}
	bad = append(bad, in.Settings.Validate()...)
	if err := explain(bad); err != nil {
		return ApplicationOutput{}, err
	}
	app, err := o.Store.PutApplication(ctx, session.Application{
		Tenant: in.TenantID, ID: in.ApplicationID, Name: in.Name, Settings: in.Settings,
	})
	if err != nil {
		return ApplicationOutput{}, err
	}
	return ApplicationOutput{
		ApplicationInput: ApplicationInput{
			TenantID: app.Tenant, ApplicationID: app.ID, Name: app.Name, Settings: app.Settings,
		},
		Epoch: app.Epoch,
	}, nil
}
