package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/operator"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// The tenants of a new directory.
const (
	demoTenant  = "demo"
	otherTenant = "other"
)

// seed makes the first tenants, applications and API keys where they are missing, and writes the credentials file.
// Applications whose settings were changed and keys that still work stay as they are.
func seed(ctx context.Context, cfg config, store session.Store) error {
	if err := seedApplications(ctx, store); err != nil {
		return err
	}
	lines := []assignment{
		{"BASE_URL", cfg.baseURL()},
		{"TENANT_ID", demoTenant},
		{"APPLICATION_ID", "web"},
		{"SERVICE_APPLICATION_ID", "service"},
		{"SHORT_APPLICATION_ID", "short"},
		{"DPOP_APPLICATION_ID", "bound"},
		{"STRICT_APPLICATION_ID", "strict"},
		{"AUDIENCE_APPLICATION_ID", "api"},
		{"OTHER_TENANT_ID", otherTenant},
		{"OTHER_APPLICATION_ID", "web"},
	}
	old, err := readAssignments(cfg.file(credentialsFile))
	if err != nil {
		return err
	}
	for _, key := range []struct {
		name, tenant string
		permissions  []session.Permission
	}{
		{"API_KEY", demoTenant, session.Permissions()},
		{"ISSUE_API_KEY", demoTenant, []session.Permission{session.MayIssue}},
		{"READ_API_KEY", demoTenant, []session.Permission{session.MayRead}},
		{"UPDATE_API_KEY", demoTenant, []session.Permission{session.MayUpdate}},
		{"REVOKE_API_KEY", demoTenant, []session.Permission{session.MayRevoke}},
		{"REVOKE_ALL_API_KEY", demoTenant, []session.Permission{session.MayRevokeAll}},
		{"INTROSPECT_API_KEY", demoTenant, []session.Permission{session.MayIntrospect}},
		{"OTHER_API_KEY", otherTenant, session.Permissions()},
	} {
		text, err := ensureKey(ctx, store, old[key.name], keyInput(key.tenant, key.name, key.permissions...))
		if err != nil {
			return fmt.Errorf("%s: %w", key.name, err)
		}
		lines = append(lines, assignment{key.name, text})
	}
	return writeAssignments(cfg.file(credentialsFile), lines)
}

func seedApplications(ctx context.Context, store session.Store) error {
	short := session.DefaultSettings()
	short.AccessTokenSeconds, short.RefreshIdleSeconds, short.RefreshAbsoluteSeconds, short.OverlapSeconds = 2, 4, 8, 1
	reusable := session.DefaultSettings()
	reusable.Usage = session.Reusable
	bound := session.DefaultSettings()
	bound.DPoP = session.DPoPAllowed
	strict := session.DefaultSettings()
	strict.RequireAccessTokenPresent, strict.KeepPreviousAccessToken = true, false
	api := session.DefaultSettings()
	api.Audiences = session.Audiences{"https://api.example", "https://files.example"}
	for _, app := range []session.Application{
		{Tenant: demoTenant, ID: "web", Name: "Web", Settings: session.DefaultSettings()},
		{Tenant: demoTenant, ID: "service", Name: "Service (reusable)", Settings: reusable},
		{Tenant: demoTenant, ID: "short", Name: "Short lifetimes", Settings: short},
		{Tenant: demoTenant, ID: "bound", Name: "Bound to a key by DPoP", Settings: bound},
		{Tenant: demoTenant, ID: "strict", Name: "Access token required", Settings: strict},
		{Tenant: demoTenant, ID: "api", Name: "Resource servers", Settings: api},
		{Tenant: otherTenant, ID: "web", Name: "Web", Settings: session.DefaultSettings()},
	} {
		_, err := store.Application(ctx, app.Tenant, app.ID)
		if errors.Is(err, session.ErrNoApplication) {
			_, err = store.PutApplication(ctx, app)
		}
		if errors.Is(err, session.ErrChanged) { // an earlier attempt made it, and its answer was lost
			_, err = store.Application(ctx, app.Tenant, app.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func keyInput(tenant, name string, permissions ...session.Permission) operator.APIKeyInput {
	return operator.APIKeyInput{TenantID: tenant, Name: name, Permissions: permissions}
}

// serves says whether a key works and has these permissions: one of an older version may lack some.
func serves(key session.APIKey, permissions []session.Permission) bool {
	lacks := func(p session.Permission) bool { return !slices.Contains(key.Permissions, p) }
	return !slices.ContainsFunc(permissions, lacks) && (key.ExpiresAt.IsZero() || key.ExpiresAt.After(time.Now()))
}

// ensureKey keeps a key that still serves, and creates one otherwise.
func ensureKey(ctx context.Context, store session.Store, old string, in operator.APIKeyInput) (string, error) {
	if key, ok := token.ParseAPIKey(old); ok {
		stored, err := store.APIKey(ctx, key.ID)
		if err == nil && stored.SecretHash.Equal(key.Secret.Hash()) && serves(stored, in.Permissions) {
			return old, nil
		}
		if err != nil && !errors.Is(err, session.ErrNoAPIKey) {
			return "", err
		}
	}
	raw, err := json.Marshal(map[string]any{"tenantId": in.TenantID, "name": in.Name, "permissions": in.Permissions})
	if err != nil {
		return "", err
	}
	quiet := telemetry.Log{Logger: slog.New(slog.DiscardHandler)}
	out, err := operator.Operator{Store: store, Now: time.Now, Random: rand.Reader, Log: quiet}.CreateAPIKey(ctx, raw)
	return out.APIKey, err
}
