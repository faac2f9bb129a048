package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// sessionView is a session as the API shows it.
type sessionView struct {
	ID            string     `json:"id"`
	UserID        string     `json:"userId"`
	ApplicationID string     `json:"applicationId"`
	Usage         string     `json:"usage"`
	Generation    uint32     `json:"generation"`
	CreatedAt     *time.Time `json:"createdAt"`
	LastRefreshed *time.Time `json:"lastRefreshedAt"`
	ExpiresAt     *time.Time `json:"expiresAt"`
	AbsoluteEnd   *time.Time `json:"absoluteExpiresAt"`
	Device        *struct {
		Name string `json:"name"`
	} `json:"device"`
}

func (s sessionView) device() string {
	if s.Device == nil {
		return ""
	}
	return s.Device.Name
}

func (c *ctl) sessionList() *cobra.Command {
	var user, application string
	cmd := &cobra.Command{
		Use: "list --user USER", Short: "List the sessions of a user", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			query := url.Values{"userId": {user}}
			if application != "" {
				query.Set("applicationId", application)
			}
			all, err := c.pages(cmd.Context(), "/jwt/refresh", query)
			if err != nil {
				return err
			}
			rows := [][]string{{"SESSION", "APPLICATION", "DEVICE", "CREATED", "REFRESHED", "EXPIRES"}}
			for _, one := range all {
				var s sessionView
				if err := json.Unmarshal(one, &s); err != nil {
					return err
				}
				rows = append(rows, []string{
					s.ID, s.ApplicationID, s.device(), when(s.CreatedAt, ""), when(s.LastRefreshed, "never"), when(s.ExpiresAt, ""),
				})
			}
			raw, err := json.Marshal(all)
			if err != nil {
				return err
			}
			return c.show(raw, rows...)
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "the user")
	cmd.Flags().StringVar(&application, "application", "", "in one application")
	_ = cmd.MarkFlagRequired("user") // it exists
	return cmd
}

// pages reads a list of the API to its end.
func (c *ctl) pages(ctx context.Context, path string, query url.Values) ([]json.RawMessage, error) {
	all := []json.RawMessage{}
	for {
		raw, err := c.ask(ctx, request{method: http.MethodGet, path: path, query: query, needs: "tokens:read"})
		if err != nil {
			return nil, err
		}
		var page struct {
			Data       []json.RawMessage `json:"data"`
			NextCursor string            `json:"nextCursor"`
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			return nil, err
		}
		if all = append(all, page.Data...); page.NextCursor == "" {
			return all, nil
		}
		query.Set("cursor", page.NextCursor)
	}
}

func (c *ctl) sessionShow() *cobra.Command {
	return &cobra.Command{
		Use: "show SESSION", Short: "Show a session", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, raw, err := c.retrieve(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.show(
				raw, []string{"session", s.ID}, []string{"user", s.UserID}, []string{"application", s.ApplicationID},
				[]string{"usage", s.Usage}, []string{"generation", fmt.Sprint(s.Generation)}, []string{"device", s.device()},
				[]string{"created", when(s.CreatedAt, "")}, []string{"refreshed", when(s.LastRefreshed, "never")},
				[]string{"expires", when(s.ExpiresAt, "")}, []string{"ends", when(s.AbsoluteEnd, "")},
			)
		},
	}
}

// retrieve reads a session by its id.
func (c *ctl) retrieve(ctx context.Context, id string) (s sessionView, data json.RawMessage, err error) {
	raw, err := c.ask(ctx, request{
		method: http.MethodGet, path: "/jwt/refresh/" + url.PathEscape(id), needs: "tokens:read",
	})
	if err != nil {
		return s, nil, err
	}
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		return s, nil, err
	}
	return s, e.Data, json.Unmarshal(e.Data, &s)
}

func (c *ctl) sessionDelete() *cobra.Command {
	var from, reason string
	cmd := &cobra.Command{
		Use: "delete SESSION | --token FILE", Short: "End one session, by its id or by any of its refresh tokens",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, what := request{needs: "tokens:revoke"}, "that the token belongs to"
			switch {
			case (len(args) == 1) == (from != ""):
				return errors.New("name a session or --token, one of them")
			case from != "":
				text, err := c.secretFrom(from)
				if err != nil {
					return err
				}
				body := map[string]string{"token": text}
				if reason != "" {
					body["reason"] = reason
				}
				r.method, r.path, r.body = http.MethodPost, "/jwt/revoke", body
			default:
				r, what = endingOfOne(args[0], reason), args[0]
			}
			if err := c.confirm("End the session " + what); err != nil {
				return err
			}
			raw, err := c.ask(cmd.Context(), r)
			if err != nil {
				return err
			}
			return c.done(raw, "the session is over")
		},
	}
	cmd.Flags().StringVar(&from, "token", "", "a file with a refresh token; - is standard input")
	cmd.Flags().StringVar(&reason, "reason", "", "why, at most 32 of a-z 0-9 _ -")
	return cmd
}

// endingOfOne is the deletion of one session.
func endingOfOne(id, reason string) request {
	r := request{method: http.MethodDelete, path: "/jwt/refresh/" + url.PathEscape(id), query: url.Values{}, needs: "tokens:revoke"}
	if reason != "" {
		r.query.Set("reason", reason)
	}
	return r
}

// ending is whose sessions a revocation ends.
type ending struct{ user, application, except, reason string }

func (c *ctl) revoke() *cobra.Command {
	var e ending
	cmd := &cobra.Command{
		Use:   "revoke --user USER [--application APPLICATION] [--except ID] | --application APPLICATION | --tenant TENANT",
		Short: "End the sessions of a user, of an application or of a whole tenant",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkEnding(cmd); err != nil {
				return err
			}
			if e.user == "" && e.application == "" {
				return c.revokeTenant(cmd, e.reason)
			}
			r, what := e.request()
			what += " of " + c.tenant
			if e.except != "" {
				what += " but " + e.except
			}
			if err := c.confirm("End all sessions of " + what); err != nil {
				return err
			}
			raw, err := c.ask(cmd.Context(), r)
			if err != nil {
				return err
			}
			return c.done(raw, "%s", revoked(what, raw))
		},
	}
	cmd.Flags().StringVar(&e.user, "user", "", "the user")
	cmd.Flags().StringVar(&e.application, "application", "", "the application")
	cmd.Flags().StringVar(&e.except, "except", "", "the id of a session of the user that stays")
	cmd.Flags().StringVar(&e.reason, "reason", "", "why, at most 32 of a-z 0-9 _ -")
	return cmd
}

// checkEnding refuses a flag that is named and blank: a script's variable that is not set must not widen what ends. Nor
// must a dot segment, which clients and proxies remove from a path (RFC 3986 section 5.2.4).
func checkEnding(cmd *cobra.Command) error {
	for _, name := range []string{"tenant", "user", "application", "except"} {
		f := cmd.Flag(name)
		if f != nil && f.Changed && isBlank(f.Value.String()) {
			return fmt.Errorf("--%s is blank or a dot segment: nothing has changed", name)
		}
	}
	if except := cmd.Flag("except"); except != nil && except.Changed && !cmd.Flag("user").Changed {
		return errors.New("--except goes with --user")
	}
	return nil
}

func isBlank(value string) bool {
	return slices.Contains([]string{"", ".", ".."}, strings.TrimSpace(value))
}

// request is the deletion, and says of what.
func (e ending) request() (request, string) {
	r, what := request{method: http.MethodDelete, query: url.Values{}, needs: "tokens:revoke"}, "user "+e.user
	user, application := url.PathEscape(e.user), url.PathEscape(e.application)
	switch {
	case e.user != "" && e.application != "":
		r.path = "/jwt/users/" + user + "/applications/" + application + "/refresh"
		what += " in application " + e.application
	case e.user != "":
		r.path = "/jwt/users/" + user + "/refresh"
	default:
		r.path, r.needs = "/jwt/applications/"+application+"/refresh", "tokens:revoke-all"
		what = "application " + e.application
	}
	if e.except != "" {
		r.query.Set("exceptTokenId", e.except)
	}
	if e.reason != "" {
		r.query.Set("reason", e.reason)
	}
	return r, what
}

// revokeTenant ends all sessions of a tenant that was named for it.
func (c *ctl) revokeTenant(cmd *cobra.Command, reason string) error {
	if !c.tenantGiven {
		return errors.New("name --user, --application or --tenant: whose sessions are to end")
	}
	if err := c.confirm("End all sessions of the whole tenant " + c.tenant); err != nil {
		return err
	}
	out, raw, err := call[struct {
		Applications []struct{} `json:"applications"`
	}](cmd.Context(), c, "delete-by-tenant", map[string]any{"tenantId": c.tenant, "reason": reason})
	if err != nil {
		return err
	}
	return c.done(raw, "all sessions of the whole tenant %s are over, in %d applications", c.tenant, len(out.Applications))
}

// revoked is a sentence about an answer, which has a number where sessions were deleted one by one.
func revoked(what string, raw json.RawMessage) string {
	var answer struct{ Data struct{ Deleted *int } }
	if json.Unmarshal(raw, &answer) == nil && answer.Data.Deleted != nil {
		return fmt.Sprintf("%d sessions of %s are over", *answer.Data.Deleted, what)
	}
	return "all sessions of " + what + " are over"
}
