package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
)

// archive is what a service remembers.
type archive interface {
	// events reads those since a time; a few earlier ones do no harm. Those before begin may be lost; it is zero if all are
	// there.
	events(ctx context.Context, since time.Time) (all []event.Envelope, begin time.Time, err error)
	// activity counts the refreshes of the last hours, or since the service started.
	activity(ctx context.Context, hours int) (activity, error)
}

// replayed is what a replay did.
type replayed struct {
	Done     []string `json:"done"`
	Sessions int      `json:"sessions"` // that were ended again
	Gone     int      `json:"gone"`     // that were over already
	Notes    []string `json:"notes"`    // what the operator should know or do
}

func (c *ctl) replay() *cobra.Command {
	var since string
	cmd := &cobra.Command{
		Use: "replay --since TIME", Short: "After a restore: repeat what the archived events say was ended or changed",
		Long: "Repeats, from the lifecycle events since a time, deletions of API keys, endings of applications and of sessions,\n" +
			"and settings of applications, where the table is not so already. TIME is that of the restored backup (RFC 3339), or\n" +
			"how long ago it was, such as 36h. Run it before the service is opened: where an application had ended its sessions,\n" +
			"those that were issued since the restore end with them. It may be repeated.",
		Args: cobra.NoArgs, Annotations: map[string]string{tenantless: "it replays all tenants, or the one that is named"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := sinceOf(since, time.Now())
			if err != nil {
				return err
			}
			all, begin, err := c.events(cmd.Context(), from)
			if err != nil {
				return err
			}
			only := ""
			if c.tenantGiven {
				only = c.tenant
			}
			r := replay{ctl: c, plan: planOf(all, only)}
			r.result = replayed{Done: []string{}, Notes: r.plan.notes()}
			if begin.After(from) {
				r.note("The events before %s are lost.", begin.UTC().Format(time.RFC3339))
			}
			if err := c.confirm("Repeat " + r.plan.String() + ", where they are not so already"); err != nil {
				return err
			}
			err = r.run(cmd.Context())
			if shown := r.show(); err == nil {
				err = shown
			}
			return err
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "the time of the backup (RFC 3339), or how long ago it was, such as 36h")
	_ = cmd.MarkFlagRequired("since") // it exists
	return cmd
}

func sinceOf(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.After(now) {
		return at, fmt.Errorf("--since %q is neither a time of the past such as 2026-01-31T12:00:00Z nor a duration such as 36h", text)
	}
	return at, nil
}

// replay repeats a plan.
type replay struct {
	*ctl

	plan   plan
	result replayed
}

func (r *replay) did(format string, args ...any) {
	r.result.Done = append(r.result.Done, fmt.Sprintf(format, args...))
}

func (r *replay) note(format string, args ...any) {
	r.result.Notes = append(r.result.Notes, fmt.Sprintf(format, args...))
}

// show prints what was done, of a replay that failed too.
func (r *replay) show() error {
	raw, err := json.Marshal(r.result)
	if err != nil {
		return err
	}
	rows := [][]string{}
	for _, line := range r.result.Done {
		rows = append(rows, []string{line})
	}
	rows = append(rows, []string{fmt.Sprintf("%d sessions ended again; %d were over already", r.result.Sessions, r.result.Gone)})
	for _, line := range r.result.Notes {
		rows = append(rows, []string{"note: " + line})
	}
	return r.ctl.show(raw, rows...)
}

// run repeats API keys first, since a leaked one could issue sessions meanwhile, and single sessions last: those of an
// application that ends need no look.
func (r *replay) run(ctx context.Context) error {
	for _, tenant := range r.plan.tenants() {
		for _, step := range []func(context.Context, string) error{r.keys, r.applications} {
			if err := step(ctx, tenant); err != nil {
				return fmt.Errorf("tenant %s: %w; repeat the replay", tenant, err)
			}
		}
	}
	for _, tenant := range r.plan.tenants() {
		if err := r.sessions(ctx, tenant); err != nil {
			return fmt.Errorf("tenant %s: %w; repeat the replay", tenant, err)
		}
	}
	return nil
}

// keys deletes the API keys that were deleted, and those that a rotation let expire.
func (r *replay) keys(ctx context.Context, tenant string) error {
	planned := r.plan.keys[tenant]
	if len(planned) == 0 {
		return nil
	}
	listed, _, err := call[struct {
		APIKeys []apiKey `json:"apiKeys"`
	}](ctx, r.ctl, "list-api-keys", map[string]any{"tenantId": tenant})
	if err != nil {
		return err
	}
	there := map[string]apiKey{}
	for _, key := range listed.APIKeys {
		there[key.KeyID] = key
	}
	for _, id := range sorted(planned) {
		end := planned[id]
		key, found := there[id]
		switch {
		case !found && end.made && !end.deleted && !end.over(time.Now()):
			r.note("API key %s of %s (%s) was made since and is lost: create another one.", id, tenant, end.name)
		case !found:
		case end.deleted || end.over(time.Now()):
			if _, err := r.invoke(ctx, "delete-api-key", map[string]any{"tenantId": tenant, "keyId": id}); err != nil {
				return err
			}
			r.did("API key %s of %s deleted", id, tenant)
		case !end.expires.IsZero() && (key.ExpiresAt == nil || key.ExpiresAt.After(end.expires)):
			r.note("API key %s of %s was rotated, and its successor is lost: rotate it again. It was to expire at %s.",
				id, tenant, end.expires.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// sorted are the keys of a map in ascending order.
func sorted[V any](m map[string]V) []string {
	all := make([]string, 0, len(m))
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
