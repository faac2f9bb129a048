package operator

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// RetrieveInput names one application, a tenant whose applications are shown, or nothing: then the tenants are.
type RetrieveInput struct {
	TenantID      string `json:"tenantId"`
	ApplicationID string `json:"applicationId"`
	Cursor        string `json:"cursor"`
}

func (in RetrieveInput) attrs() []slog.Attr {
	return named("tenant", in.TenantID, "application", in.ApplicationID)
}

// ApplicationsOutput are applications of a tenant, in ascending order of id.
type ApplicationsOutput struct {
	Applications []ApplicationOutput `json:"applications"`
	NextCursor   string              `json:"nextCursor,omitempty"`
}

// TenantOutput is a tenant. It exists from its first application on.
type TenantOutput struct {
	TenantID string `json:"tenantId"`
}

// TenantsOutput are tenants, in ascending order of id.
type TenantsOutput struct {
	Tenants    []TenantOutput `json:"tenants"`
	NextCursor string         `json:"nextCursor,omitempty"`
}

// retrievePage is how many tenants or applications one answer shows.
const retrievePage = 500

// RetrieveApplications answers an ApplicationOutput, an ApplicationsOutput or a TenantsOutput.
func (o Operator) RetrieveApplications(ctx context.Context, raw json.RawMessage) (any, error) {
	return function[RetrieveInput, any]{api.RetrieveApplications, o.retrieveApplications}.invoke(ctx, o.Log, raw)
}

func (o Operator) retrieveApplications(ctx context.Context, in RetrieveInput) (any, error) {
	var bad api.Faults
	after, ok := parseCursor(in.TenantID, in.Cursor)
	switch {
	case in.ApplicationID != "" && in.TenantID == "":
		bad.Add("tenantId", "missing", "must be beside applicationId")
	case in.ApplicationID != "" && in.Cursor != "":
		bad.Add("cursor", "conflict", "is of a list, and applicationId asks for one")
	case !ok:
		bad.Add("cursor", "invalid", "must be the nextCursor of this list")
	}
	if in.TenantID != "" {
		bad.CheckID("tenantId", in.TenantID)
	}
	if in.ApplicationID != "" {
		bad.CheckID("applicationId", in.ApplicationID)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	page := session.Page{After: after, Limit: retrievePage}
	switch {
	case in.ApplicationID != "":
		app, err := o.Store.Application(ctx, in.TenantID, in.ApplicationID)
		return outputOf(app), err
	case in.TenantID != "":
		apps, more, err := o.Store.ListApplications(ctx, in.TenantID, page)
		out := ApplicationsOutput{Applications: []ApplicationOutput{}}
		for _, app := range apps {
			out.Applications = append(out.Applications, outputOf(app))
		}
		if more {
			out.NextCursor = newCursor(in.TenantID, apps[len(apps)-1].ID)
		}
		return out, err
	}
	tenants, more, err := o.Store.ListTenants(ctx, page)
	out := TenantsOutput{Tenants: []TenantOutput{}}
	for _, tenant := range tenants {
		out.Tenants = append(out.Tenants, TenantOutput{tenant})
	}
	if more {
		out.NextCursor = newCursor("", tenants[len(tenants)-1])
	}
	return out, err
}

// A cursor is base64url of the tenant whose list it is of, a zero byte, which no id has, and the last id that was shown.
func newCursor(tenant, last string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tenant + "\x00" + last))
}

func parseCursor(tenant, cursor string) (after string, ok bool) {
	if cursor == "" {
		return "", true
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	of, after, found := strings.Cut(string(raw), "\x00")
	return after, err == nil && found && of == tenant && session.CheckID(after) == nil
}
