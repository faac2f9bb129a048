package main

import (
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// entryView is an entry of a user's history as the API shows it.
type entryView struct {
	At            *time.Time `json:"at"`
	Event         string     `json:"event"`
	ApplicationID string     `json:"applicationId"`
	Count         *int       `json:"count"`
	Reason        string     `json:"reason"`
	By            string     `json:"by"`
}

func (c *ctl) history() *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use: "history --user USER", Short: "Show who ended what of a user, when and why", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := c.pages(cmd.Context(), "/jwt/users/"+url.PathEscape(user)+"/history", url.Values{})
			if err != nil {
				return err
			}
			rows := [][]string{{"AT", "EVENT", "APPLICATION", "SESSIONS", "REASON", "BY"}}
			for _, one := range all {
				var e entryView
				if err := json.Unmarshal(one, &e); err != nil {
					return err
				}
				count := "all"
				if e.Count != nil {
					count = strconv.Itoa(*e.Count)
				}
				rows = append(rows, []string{when(e.At, ""), e.Event, e.ApplicationID, count, e.Reason, e.By})
			}
			raw, err := json.Marshal(all)
			if err != nil {
				return err
			}
			return c.show(raw, rows...)
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "the user")
	_ = cmd.MarkFlagRequired("user") // it exists
	return cmd
}
