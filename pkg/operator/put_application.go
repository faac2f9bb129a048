package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// ApplicationInput registers or changes an application. What is not named stays as it is; an application that is new, or
// was deleted, begins with the default settings.
type ApplicationInput struct {
	TenantID      string          `json:"tenantId"`
	ApplicationID string          `json:"applicationId"`
	Name          *string         `json:"name"`
	Settings      json.RawMessage `json:"settings"`
}

func (in ApplicationInput) attrs() []slog.Attr {
	return named("tenant", in.TenantID, "application", in.ApplicationID)
}

// ApplicationOutput is an application as it is now.
type ApplicationOutput struct {
	TenantID      string           `json:"tenantId"`
	ApplicationID string           `json:"applicationId"`
	Name          string           `json:"name"`
	Settings      session.Settings `json:"settings"`
	Epoch         uint64           `json:"epoch"`
}

func outputOf(app session.Application) ApplicationOutput {
	return ApplicationOutput{
		TenantID: app.Tenant, ApplicationID: app.ID, Name: app.Name, Settings: app.Settings, Epoch: app.Epoch,
	}
}

// PutOutput is the application as it is now. Changed names what this put changed, and Warnings say which settings are
// allowed and seldom meant.
type PutOutput struct {
	ApplicationOutput

	Changed  []string `json:"changed"`
	Warnings []string `json:"warnings,omitempty"`
}

const (
	// shortOverlap is less than the repetitions inside one request may take, in seconds.
	shortOverlap = 15
	// maxTries is how often a change is tried while others change the same application or key.
	maxTries = 8
)

// PutApplication creates an application or changes what is named of it; its sessions stay as they are.
func (o Operator) PutApplication(ctx context.Context, raw json.RawMessage) (PutOutput, error) {
	return function[ApplicationInput, PutOutput]{api.PutApplication, o.putApplication}.invoke(ctx, o.Log, raw)
}

func (o Operator) putApplication(ctx context.Context, in ApplicationInput) (PutOutput, error) {
	return untilUnchanged(func() (PutOutput, error) { return o.mergeApplication(ctx, in) })
}

// untilUnchanged repeats what others have overtaken.
func untilUnchanged[Out any](try func() (Out, error)) (out Out, err error) {
	for range maxTries {
		if out, err = try(); !errors.Is(err, session.ErrChanged) {
			return out, err
		}
	}
	return out, fmt.Errorf("%w: others change the same item", session.ErrUnavailable)
}

func (o Operator) mergeApplication(ctx context.Context, in ApplicationInput) (PutOutput, error) {
	unwritten := session.Application{Tenant: in.TenantID, ID: in.ApplicationID, Settings: session.DefaultSettings()}
	if err := checkApplication(unwritten); err != nil {
		return PutOutput{}, err
	}
	old, err := o.Store.Application(ctx, in.TenantID, in.ApplicationID)
	if errors.Is(err, session.ErrNoApplication) {
		old, err = unwritten, nil
	}
	if err != nil {
		return PutOutput{}, err
	}
	app := old
	if in.Name != nil {
		app.Name = *in.Name
	}
	if len(in.Settings) > 0 {
		if err := decode(in.Settings, "settings.", &app.Settings); err != nil {
			return PutOutput{}, err
		}
	}
	if err := checkApplication(app); err != nil {
		return PutOutput{}, err
	}
	if app, err = o.Store.PutApplication(ctx, app); err != nil {
		return PutOutput{}, err
	}
	out := PutOutput{ApplicationOutput: outputOf(app)}
	var values json.RawMessage
	out.Changed, values = changes(old, app)
	event := session.EventApplicationChanged
	if old.Version == 0 {
		event = session.EventApplicationMade
	}
	if len(out.Changed) > 0 {
		o.record(ctx, session.Entry{Tenant: app.Tenant, Application: app.ID, Event: event, Changed: values})
	}
	if app.Settings.OverlapSeconds < shortOverlap && app.Settings.Usage == session.OneTime {
		out.Warnings = append(out.Warnings, "overlapSeconds is below 15: repetitions inside one request may take up to 10 s.")
	}
	return out, nil
}

func checkApplication(app session.Application) error {
	var bad api.Faults
	bad.CheckTenantID("tenantId", app.Tenant)
	bad.CheckID("applicationId", app.ID)
	if len(app.Name) > maxName {
		bad.Add("name", "tooLong", "may have 128 bytes")
	}
	if token.Room(app.Tenant, "", app.ID) < 1 {
		bad.Add("applicationId", "tooLong", "and tenantId leave no room for a user id in a refresh token")
	}
	if slices.Contains(app.Settings.Audiences, app.ID) {
		bad.Add("settings.audiences", "invalid", "need not name the application itself, which is an audience anyway")
	}
	for _, fault := range app.Settings.Validate() {
		fault.Field, fault.Message = "settings."+fault.Field, "settings."+fault.Message
		bad = append(bad, fault)
	}
	return bad.Err()
}

// changes names the settings that differ, as a caller writes them, and has their new values; all of an application that
// is new.
func changes(old, app session.Application) (changed []string, values json.RawMessage) {
	changed, is := []string{}, map[string]any{}
	if old.Version == 0 || old.Name != app.Name {
		changed, is["name"] = append(changed, "name"), app.Name
	}
	before, after := reflect.ValueOf(old.Settings), reflect.ValueOf(app.Settings)
	for i := range after.NumField() {
		if old.Version == 0 || !reflect.DeepEqual(before.Field(i).Interface(), after.Field(i).Interface()) {
			name := after.Type().Field(i).Tag.Get("json")
			changed, is[name] = append(changed, name), after.Field(i).Interface()
		}
	}
	return changed, object(is)
}
