package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// apiKey is one as an operator function answers it.
type apiKey struct {
	KeyID       string     `json:"keyId"`
	Name        string     `json:"name"`
	Permissions []string   `json:"permissions"`
	CreatedAt   *time.Time `json:"createdAt"`
	ExpiresAt   *time.Time `json:"expiresAt"`
	APIKey      string     `json:"apiKey"` // of a new one
	Previous    *apiKey    `json:"previous"`
}

func (c *ctl) keyCreate() *cobra.Command {
	var name, expires string
	var permissions []string
	cmd := &cobra.Command{
		Use: "create", Short: "Create an API key, and print it this once", Args: cobra.NoArgs,
		Example: "  rtctl key create --name backend --permission tokens:issue --permission tokens:revoke >backend.key",
		RunE: func(cmd *cobra.Command, _ []string) error {
			payload := map[string]any{
				"tenantId": c.tenant, "name": name, "permissions": permissions, "expiresAt": endOf(expires, time.Now()),
			}
			key, raw, err := call[apiKey](cmd.Context(), c, "create-api-key", payload)
			if err != nil {
				return err
			}
			return c.showNew(raw, key)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "a name for people")
	cmd.Flags().StringArrayVar(&permissions, "permission", nil, "such as tokens:issue; may be repeated")
	cmd.Flags().StringVar(&expires, "expires", "", "when it ends: a time (RFC 3339) or a duration such as 720h")
	_ = cmd.MarkFlagRequired("name") // they exist
	_ = cmd.MarkFlagRequired("permission")
	return cmd
}

// endOf makes a time of a duration; the service judges anything else.
func endOf(text string, now time.Time) string {
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(d).UTC().Format(time.RFC3339)
	}
	return text
}

// showNew prints the key alone on standard output, so that it can go into a file, and the rest on standard error.
func (c *ctl) showNew(raw json.RawMessage, key apiKey) error {
	if c.json {
		return c.showJSON(raw)
	}
	fmt.Fprintf(c.err, "API key %s of %s, shown this once:\n", harmless(key.KeyID, false), harmless(c.tenant, false))
	_, err := fmt.Fprintln(c.out, harmless(key.APIKey, false))
	return err
}

func (c *ctl) keyRotate() *cobra.Command {
	var overlap time.Duration
	cmd := &cobra.Command{
		Use: "rotate KEY-ID", Short: "Make a successor of an API key, which then expires", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			payload := map[string]any{"tenantId": c.tenant, "keyId": args[0]}
			if cmd.Flags().Changed("overlap") {
				payload["overlapSeconds"] = int64(overlap.Seconds())
			}
			key, raw, err := call[apiKey](cmd.Context(), c, "rotate-api-key", payload)
			if err != nil {
				return err
			}
			if !c.json && key.Previous != nil {
				fmt.Fprintf(c.err, "API key %s works until %s.\n", harmless(args[0], false), when(key.Previous.ExpiresAt, "then"))
			}
			return c.showNew(raw, key)
		},
	}
	cmd.Flags().DurationVar(&overlap, "overlap", 24*time.Hour, "how long the old key still works, at most 720h")
	return cmd
}

func (c *ctl) keyList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the API keys of the tenant", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, raw, err := call[struct {
				APIKeys []apiKey `json:"apiKeys"`
			}](cmd.Context(), c, "list-api-keys", map[string]any{"tenantId": c.tenant})
			if err != nil {
				return err
			}
			rows := [][]string{{"KEY", "NAME", "CREATED", "EXPIRES", "PERMISSIONS"}}
			for _, key := range all.APIKeys {
				expires := when(key.ExpiresAt, "never")
				if key.ExpiresAt != nil && key.ExpiresAt.Before(time.Now()) {
					expires += " (over)"
				}
				rows = append(rows, []string{
					key.KeyID, key.Name, when(key.CreatedAt, ""), expires, strings.Join(key.Permissions, " "),
				})
			}
			return c.show(raw, rows...)
		},
	}
}

func (c *ctl) keyDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete KEY-ID", Short: "Delete an API key, which ends it at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.confirm(fmt.Sprintf("Delete API key %s of %s", args[0], c.tenant)); err != nil {
				return err
			}
			_, raw, err := call[any](cmd.Context(), c, "delete-api-key", map[string]any{"tenantId": c.tenant, "keyId": args[0]})
			if err != nil {
				return err
			}
			return c.done(raw, "API key %s of %s is deleted", args[0], c.tenant)
		},
	}
}
