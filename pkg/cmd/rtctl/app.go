package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// application is one as an operator function answers it.
type application struct {
	ApplicationID string                     `json:"applicationId"`
	Name          string                     `json:"name"`
	Settings      map[string]json.RawMessage `json:"settings"`
	Epoch         uint64                     `json:"epoch"`
	Changed       []string                   `json:"changed"`
	Warnings      []string                   `json:"warnings"`
}

func (c *ctl) appPut() *cobra.Command {
	var name string
	var set []string
	cmd := &cobra.Command{
		Use: "put APPLICATION", Short: "Register an application, or change what is named of it", Args: cobra.ExactArgs(1),
		Example: `  rtctl app put mobile --name Mobile --set overlapSeconds=60 --set usage=oneTime
  rtctl app put mobile --set 'audiences=["https://api.example"]'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			settings, err := settingsOf(set)
			if err != nil {
				return err
			}
			payload := map[string]any{"tenantId": c.tenant, "applicationId": args[0]}
			if cmd.Flags().Changed("name") {
				payload["name"] = &name // also an empty one
			}
			if len(settings) > 0 {
				payload["settings"] = settings
			}
			app, raw, err := call[application](cmd.Context(), c, "put-application", payload)
			if err != nil {
				return err
			}
			for _, warning := range app.Warnings {
				fmt.Fprintln(c.err, "warning:", harmless(warning, false))
			}
			changed := "nothing changed"
			if len(app.Changed) > 0 {
				changed = "changed: " + strings.Join(app.Changed, ", ")
			}
			return c.done(raw, "application %s of %s; %s", args[0], c.tenant, changed)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "a name for people")
	cmd.Flags().StringArrayVar(&set, "set", nil, "a setting, such as overlapSeconds=60; may be repeated")
	return cmd
}

// settingsOf reads name=value. A value that is no JSON is a string.
func settingsOf(set []string) (map[string]json.RawMessage, error) {
	settings := map[string]json.RawMessage{}
	for _, one := range set {
		name, value, found := strings.Cut(one, "=")
		if !found {
			return nil, fmt.Errorf("--set %s must be name=value", one)
		}
		if _, twice := settings[name]; twice {
			return nil, fmt.Errorf("--set %s is there twice", name)
		}
		if settings[name] = json.RawMessage(value); !json.Valid(settings[name]) {
			settings[name], _ = json.Marshal(value) // a string always marshals
		}
	}
	return settings, nil
}

func (c *ctl) appGet() *cobra.Command {
	return &cobra.Command{
		Use: "get APPLICATION", Short: "Show an application with its settings", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			app, raw, err := call[application](cmd.Context(), c, "retrieve-applications", map[string]any{
				"tenantId": c.tenant, "applicationId": args[0],
			})
			if err != nil {
				return err
			}
			rows := [][]string{
				{"application", app.ApplicationID},
				{"name", app.Name},
				{"epoch", fmt.Sprint(app.Epoch)},
			}
			for _, setting := range slices.Sorted(maps.Keys(app.Settings)) {
				rows = append(rows, []string{setting, strings.Trim(string(app.Settings[setting]), `"`)})
			}
			return c.show(raw, rows...)
		},
	}
}

// listed are all pages of a list.
type listed struct {
	Tenants []struct {
		TenantID string `json:"tenantId"`
	} `json:"tenants,omitempty"`
	Applications []json.RawMessage `json:"applications,omitempty"`
	NextCursor   string            `json:"nextCursor,omitempty"`
}

func (c *ctl) listAll(ctx context.Context, payload map[string]any) (all listed, err error) {
	for {
		page, _, err := call[listed](ctx, c, "retrieve-applications", payload)
		if err != nil {
			return all, err
		}
		all.Tenants, all.Applications = append(all.Tenants, page.Tenants...), append(all.Applications, page.Applications...)
		if payload["cursor"] = page.NextCursor; page.NextCursor == "" {
			return all, nil
		}
	}
}

// rows are a table.
func (l listed) rows(heading ...string) ([][]string, error) {
	rows := [][]string{heading}
	for _, tenant := range l.Tenants {
		rows = append(rows, []string{tenant.TenantID})
	}
	for _, one := range l.Applications {
		var app application
		if err := json.Unmarshal(one, &app); err != nil {
			return nil, err
		}
		rows = append(rows, []string{
			app.ApplicationID, app.Name, strings.Trim(string(app.Settings["usage"]), `"`),
			string(app.Settings["overlapSeconds"]) + " s", fmt.Sprint(app.Epoch),
		})
	}
	return rows, nil
}

func (c *ctl) appList() *cobra.Command {
	var tenants bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the applications of the tenant, or the tenants", Args: cobra.NoArgs,
		Annotations: map[string]string{tenantless: "with --tenants"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			payload, heading := map[string]any{}, []string{"TENANT"}
			if !tenants {
				payload["tenantId"], heading = c.tenant, []string{"APPLICATION", "NAME", "USAGE", "OVERLAP", "EPOCH"}
			}
			if !tenants && c.tenant == "" {
				return errors.New("--tenant is missing; --tenants lists the tenants")
			}
			all, err := c.listAll(cmd.Context(), payload)
			if err != nil {
				return err
			}
			raw, err1 := json.Marshal(all)
			rows, err2 := all.rows(heading...)
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			return c.show(raw, rows...)
		},
	}
	cmd.Flags().BoolVar(&tenants, "tenants", false, "list the tenants")
	return cmd
}

func (c *ctl) appDelete() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "delete APPLICATION", Short: "Delete an application and end all its sessions", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.confirm(fmt.Sprintf("Delete application %s of %s and end all its sessions", args[0], c.tenant)); err != nil {
				return err
			}
			_, raw, err := call[any](cmd.Context(), c, "delete-application", map[string]any{
				"tenantId": c.tenant, "applicationId": args[0], "reason": reason,
			})
			if err != nil {
				return err
			}
			return c.done(raw, "application %s of %s is deleted, and all its sessions are over", args[0], c.tenant)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, at most 32 of a-z 0-9 _ -")
	return cmd
}
