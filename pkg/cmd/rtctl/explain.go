package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// explanation says what a token is, and never the token.
type explanation struct {
	Kind        string     `json:"kind"`
	Tenant      string     `json:"tenantId,omitempty"`
	User        string     `json:"userId,omitempty"`
	Application string     `json:"applicationId,omitempty"`
	Session     string     `json:"sessionId,omitempty"`
	KeyID       string     `json:"keyId,omitempty"`
	Name        string     `json:"name,omitempty"`
	Permissions []string   `json:"permissions,omitempty"`
	Generation  *uint32    `json:"generation,omitempty"`
	ExpiresAt   *time.Time `json:"expiresAt,omitempty"`
	Works       bool       `json:"works"`
	Why         string     `json:"why"`
}

func (c *ctl) explain() *cobra.Command {
	return &cobra.Command{
		Use: "explain TOKEN-FILE | -", Short: "Say what a token or an API key is, and whether it works",
		Long: "Says what a refresh token, an access token or an API key is: its ids, whether it works, and why not.\n" +
			"It neither prints nor uses up the token. The ids are what the token claims.",
		Args: cobra.ExactArgs(1), Annotations: map[string]string{tenantless: "the token names it"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "-" && c.key == "-" {
				return errors.New("the token and the API key cannot both be standard input")
			}
			text, err := c.secretFrom(args[0])
			if err != nil {
				return err
			}
			e, err := c.explanationOf(cmd.Context(), text)
			if err != nil {
				return err
			}
			raw, err := json.Marshal(e)
			if err != nil {
				return err
			}
			return c.show(raw, e.rows()...)
		},
	}
}

func (e explanation) rows() (rows [][]string) {
	works, generation := "no", ""
	if e.Works {
		works = "yes"
	}
	if e.Generation != nil {
		generation = fmt.Sprint(*e.Generation)
	}
	for _, row := range [][]string{
		{"kind", e.Kind},
		{"tenant", e.Tenant},
		{"user", e.User},
		{"application", e.Application},
		{"session", e.Session},
		{"key", e.KeyID},
		{"name", e.Name},
		{"permissions", strings.Join(e.Permissions, " ")},
		{"generation", generation},
		{"expires", when(e.ExpiresAt, "")},
		{"works", works},
		{"why", e.Why},
	} {
		if row[1] != "" {
			rows = append(rows, row)
		}
	}
	return rows
}

func (c *ctl) explanationOf(ctx context.Context, text string) (explanation, error) {
	if presented, err := token.ParseRefresh(text); err == nil {
		t := presented.Unverified()
		return c.explainSession(ctx, text, explanation{
			Kind: "refresh token", Tenant: t.Tenant, User: t.User, Application: t.Application,
			Session: t.Session.String(), Generation: &t.Generation,
		})
	}
	if key, ok := token.ParseAPIKey(text); ok {
		return c.explainKey(ctx, key.ID)
	}
	if e, ok := accessClaims(text); ok {
		return c.explainSession(ctx, text, e)
	}
	return explanation{Kind: "unknown", Why: "It is neither a refresh token, an access token nor an API key of this service."}, nil
}

// accessClaims reads an access token without verifying it.
func accessClaims(text string) (explanation, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return explanation{}, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Tenant  string `json:"tid"`
		User    string `json:"sub"`
		Client  string `json:"client_id"`
		Session string `json:"sid"`
		Expires int64  `json:"exp"`
	}
	if err != nil || json.Unmarshal(raw, &claims) != nil || claims.Session == "" {
		return explanation{}, false
	}
	end := time.Unix(claims.Expires, 0)
	return explanation{
		Kind: "access token", Tenant: claims.Tenant, User: claims.User, Application: claims.Client, Session: claims.Session,
		ExpiresAt: &end,
	}, true
}

// explainSession asks the service whether the token works and, if not, looks at its session.
func (c *ctl) explainSession(ctx context.Context, text string, e explanation) (explanation, error) {
	if c.tenantGiven && c.tenant != e.Tenant {
		e.Why = "It is of another tenant than --tenant."
		return e, nil
	}
	c.tenant = e.Tenant
	raw, err := c.ask(ctx, request{
		method: http.MethodPost, path: "/oauth2/introspect", body: url.Values{"token": {text}}, needs: "tokens:read",
	})
	if err != nil {
		return e, err
	}
	var answer struct{ Active bool }
	if err := json.Unmarshal(raw, &answer); err != nil {
		return e, err
	}
	if e.Works = answer.Active; e.Works {
		e.Why = "Its session is alive."
		return e, nil
	}
	s, _, err := c.retrieve(ctx, e.Session)
	var refused *refusedError
	switch {
	case errors.As(err, &refused) && refused.status == http.StatusNotFound:
		e.Why = "Its session is over, or there was none."
		return e, nil
	case err != nil:
		return e, err
	}
	switch {
	case e.Kind == "access token" && e.ExpiresAt.Before(time.Now()):
		e.Why = "It has expired; its session is alive."
	case e.Kind == "access token":
		e.Why = "Its session is alive and does not take it any more, or its signature is wrong."
	case e.Generation != nil && *e.Generation < s.Generation:
		e.Why = fmt.Sprintf("It was refreshed: its session is at generation %d since %s. Within the overlap it is a retry, later its use ends "+
			"the session.", s.Generation, when(s.LastRefreshed, "its issue"))
	default:
		e.Why = "Its session is alive, and its tag or its secret is wrong."
	}
	return e, nil
}

// explainKey looks for a key among those of its tenant, which the key itself does not name.
func (c *ctl) explainKey(ctx context.Context, id string) (explanation, error) {
	e := explanation{Kind: "API key", KeyID: id, Tenant: c.tenant}
	if c.tenant == "" {
		return e, errors.New("--tenant is missing: an API key does not name its tenant")
	}
	all, _, err := call[struct {
		APIKeys []apiKey `json:"apiKeys"`
	}](ctx, c, "list-api-keys", map[string]any{"tenantId": c.tenant})
	if err != nil {
		return e, err
	}
	e.Why = "The tenant has no such key: it was deleted, or is another tenant's; --tenant names that one."
	for _, key := range all.APIKeys {
		if key.KeyID != id {
			continue
		}
		e.Name, e.Permissions, e.ExpiresAt = key.Name, key.Permissions, key.ExpiresAt
		e.Works = key.ExpiresAt == nil || key.ExpiresAt.After(time.Now())
		if e.Why = "It has expired."; e.Works {
			e.Why = "The tenant has it, if its secret is right."
		}
	}
	return e, nil
}
