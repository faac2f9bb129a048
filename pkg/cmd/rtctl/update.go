package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// change is what an update asks of one session or of a user's.
type change struct{ user, application, claims, scope, device, ends, reason string }

func (c *ctl) sessionUpdate() *cobra.Command {
	var in change
	var supersede bool
	cmd := &cobra.Command{
		Use:   "update SESSION | --user USER [--application APPLICATION]",
		Short: "Change claims, scope, device name or end of a session or of a user's sessions",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := request{method: http.MethodPatch, needs: "tokens:update"}
			what := "user " + in.user
			switch {
			case (len(args) == 1) == cmd.Flag("user").Changed:
				return errors.New("name a session or --user, one of them")
			case len(args) == 1:
				r.path, what = "/jwt/refresh/"+url.PathEscape(args[0]), "session "+args[0]
			default:
				r.path = "/jwt/users/" + url.PathEscape(in.user) + "/refresh"
			}
			if err := checkEnding(cmd); err != nil {
				return err
			}
			body, err := in.body(cmd)
			if err != nil {
				return err
			}
			if supersede {
				body["supersede"] = true
			}
			r.body = body
			if len(args) == 0 || supersede || in.ends != "" {
				if err := c.confirm("Change " + what); err != nil {
					return err
				}
			}
			return c.update(cmd, r, what, !supersede)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&in.user, "user", "", "all sessions of this user")
	flags.StringVar(&in.application, "application", "", "of the user in one application")
	flags.StringVar(&in.claims, "claims", "", `a JSON merge patch, such as {"plan":"pro","trial":null}`)
	flags.StringVar(&in.scope, "scope", "", `the new scope; "" removes it`)
	flags.StringVar(&in.device, "device-name", "", `the new name of the device; "" removes it`)
	flags.StringVar(&in.ends, "ends", "", "an earlier end: a time of RFC 3339, or a duration from now such as 24h")
	flags.BoolVar(&supersede, "supersede", false, "end all access tokens handed out before, at once")
	flags.StringVar(&in.reason, "reason", "", "why, at most 32 of a-z 0-9 _ -")
	return cmd
}

// body has what the flags name, blank ones included where that removes something.
func (in change) body(cmd *cobra.Command) (map[string]any, error) {
	body := map[string]any{}
	given := func(name string) bool { return cmd.Flag(name).Changed }
	if given("claims") {
		if !json.Valid([]byte(in.claims)) {
			return nil, errors.New("--claims is no JSON")
		}
		body["claims"] = json.RawMessage(in.claims)
	}
	if given("scope") {
		body["scope"] = in.scope
	}
	if given("device-name") {
		device := map[string]any{"name": nil}
		if in.device != "" {
			device["name"] = in.device
		}
		body["device"] = device
	}
	if given("ends") {
		if life, err := time.ParseDuration(in.ends); err == nil {
			in.ends = time.Now().Add(life).UTC().Format(time.RFC3339Nano)
		}
		body["absoluteExpiresAt"] = in.ends
	}
	if given("reason") {
		body["reason"] = in.reason
	}
	if given("application") {
		if !given("user") {
			return nil, errors.New("--application goes with --user")
		}
		body["applicationId"] = in.application
	}
	return body, nil
}

// update sends the request, and again where it has left sessions that a repetition reaches.
func (c *ctl) update(cmd *cobra.Command, r request, what string, repeat bool) error {
	updated := 0
	for {
		raw, err := c.ask(cmd.Context(), r)
		if err != nil {
			return err
		}
		var answer struct {
			Data struct{ Updated, Remaining *int }
		}
		if err := json.Unmarshal(raw, &answer); err != nil {
			return err
		}
		if answer.Data.Updated == nil {
			return c.done(raw, "%s is updated", what)
		}
		updated += *answer.Data.Updated
		switch left := *answer.Data.Remaining; {
		case left == 0:
			return c.done(raw, "%d sessions of %s are updated", updated, what)
		case !repeat:
			return fmt.Errorf("%d sessions of %s are updated, %d are left: name an application", updated, what, left)
		}
	}
}
