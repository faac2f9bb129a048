package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// ApplicationInput registers or changes an application. What is not named stays as it is; an application that is new
// begins with the default settings.
type ApplicationInput struct {
	TenantID      string          `json:"tenantId"`
	ApplicationID string          `json:"applicationId"`
	Name          *string         `json:"name"`
	Settings      json.RawMessage `json:"settings"`
}

func (in ApplicationInput) tenant() string { return in.TenantID }

// ApplicationOutput is the application as it is now. Changed names what this put changed, and Warnings say which
// settings are allowed and seldom meant.
type ApplicationOutput struct {
	TenantID      string           `json:"tenantId"`
	ApplicationID string           `json:"applicationId"`
	Name          string           `json:"name"`
	Settings      session.Settings `json:"settings"`
	Epoch         uint64           `json:"epoch"`
	Changed       []string         `json:"changed"`
	Warnings      []string         `json:"warnings,omitempty"`
}

const (
	// maxName is the longest name of an application or an API key, in bytes.
	maxName = 128
	// shortOverlap is less than the repetitions inside one request may take, in seconds.
	shortOverlap = 15
	// maxPuts is how often a put is tried while others change the same application.
	maxPuts = 8
)

// PutApplication creates an application or changes what is named of it; its sessions stay as they are.
func (o Operator) PutApplication(ctx context.Context, raw json.RawMessage) (ApplicationOutput, error) {
	return function[ApplicationInput, ApplicationOutput]{op: api.PutApplication, run: o.putApplication}.invoke(ctx, o.Log, raw)
}

func (o Operator) putApplication(ctx context.Context, in ApplicationInput) (out ApplicationOutput, err error) {
	for range maxPuts {
		if out, err = o.mergeApplication(ctx, in); !errors.Is(err, session.ErrChanged) {
			return out, err
		}
	}
	return out, fmt.Errorf("%w: others change the same application", session.ErrUnavailable)
}

func (o Operator) mergeApplication(ctx context.Context, in ApplicationInput) (ApplicationOutput, error) {
	unwritten := session.Application{Tenant: in.TenantID, ID: in.ApplicationID, Settings: session.DefaultSettings()}
	if err := checkApplication(unwritten); err != nil {
		return ApplicationOutput{}, err
	}
	old, err := o.Store.Application(ctx, in.TenantID, in.ApplicationID)
	if errors.Is(err, session.ErrNoApplication) {
		old, err = unwritten, nil
	}
	if err != nil {
		return ApplicationOutput{}, err
	}
	app := old
	if in.Name != nil {
		app.Name = *in.Name
	}
	if len(in.Settings) > 0 {
		if err := decode(in.Settings, &app.Settings); err != nil {
			return ApplicationOutput{}, fmt.Errorf("settings: %w", err)
		}
	}
	if err := checkApplication(app); err != nil {
		return ApplicationOutput{}, err
	}
	if app, err = o.Store.PutApplication(ctx, app); err != nil {
		return ApplicationOutput{}, err
	}
	out := ApplicationOutput{
		TenantID: app.Tenant, ApplicationID: app.ID, Name: app.Name, Settings: app.Settings, Epoch: app.Epoch,
		Changed: changes(old, app),
	}
	if app.Settings.OverlapSeconds < shortOverlap && app.Settings.Usage == session.OneTime {
		out.Warnings = append(out.Warnings, "overlapSeconds is below 15: repetitions inside one request may take up to 10 s.")
	}
	return out, nil
}

func checkApplication(app session.Application) error {
	var bad api.Faults
	bad.CheckTenantID("tenantId", app.Tenant)
	bad.CheckNewID("applicationId", app.ID)
	if len(app.Name) > maxName {
		bad.Add("name", "tooLong", "may have 128 bytes")
	}
	if token.Room(app.Tenant, "", app.ID) < 1 {
		bad.Add("applicationId", "tooLong", "and tenantId leave no room for a user id in a refresh token")
	}
	return explain(append(bad, app.Settings.Validate()...))
}

// changes names the settings that differ, as a caller writes them; all of an application that is new.
func changes(old, app session.Application) []string {
	changed := []string{}
	if old.Version == 0 || old.Name != app.Name {
		changed = append(changed, "name")
	}
	before, after := reflect.ValueOf(old.Settings), reflect.ValueOf(app.Settings)
	for i := range after.NumField() {
		if old.Version == 0 || !before.Field(i).Equal(after.Field(i)) {
			changed = append(changed, after.Type().Field(i).Tag.Get("json"))
		}
	}
	return changed
}
