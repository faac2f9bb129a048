package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/rtctl/console"
)

func (c *ctl) console() *cobra.Command {
	return &cobra.Command{
		Use: "console", Short: "Serve a page on this machine that shows and changes all this", Args: cobra.NoArgs,
		Long: "Serves a page on a loopback address and prints its link, which opens it once. The page asks this command, and the\n" +
			"command asks the service, with your own credentials. Nothing stays in the browser.",
		Annotations: map[string]string{tenantless: "the page asks for it"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			page := console.Console{
				Of: c.where(), Functions: c.consoleFunctions(), In: c.in, Out: c.out, Random: rand.Reader, Now: time.Now,
			}
			if c.key == "-" { // standard input is the key
				page.In = nil
			}
			return page.Run(cmd.Context())
		},
	}
}

// where is the service in words.
func (c *ctl) where() string {
	if c.stack != "" {
		return "stack " + c.stack
	}
	return cmp.Or(c.getenv("LOCAL_DIR"), ".local")
}

// selection is what a request of the page names, by the names of the API.
type selection map[string]string

// selectionOf reads a payload strictly: required and optional names, and no blank one, which could widen what ends.
func selectionOf(payload json.RawMessage, required, optional []string) (selection, error) {
	var s selection
	if err := json.Unmarshal(payload, &s); err != nil {
		return nil, errors.New("the request must be an object of strings")
	}
	for name, value := range s {
		if !slices.Contains(required, name) && !slices.Contains(optional, name) {
			return nil, fmt.Errorf("%s is not known here", name)
		}
		if isBlank(value) {
			return nil, fmt.Errorf("%s is blank or a dot segment: nothing has changed", name)
		}
	}
	for _, name := range required {
		if s[name] == "" {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	return s, nil
}

// selected answers with the command of the tenant that the page names.
func (c *ctl) selected(required, optional string, answer func(context.Context, *ctl, selection) (any, error)) console.Function {
	names := strings.Fields(required)
	return func(ctx context.Context, payload json.RawMessage) (any, error) {
		s, err := selectionOf(payload, names, strings.Fields(optional))
		if err != nil {
			return nil, err
		}
		one := *c
		one.tenant, one.tenantGiven = s["tenantId"], false
		return answer(ctx, &one, s)
	}
}

// consoleFunctions are what the page may ask for: an operation has its own name.
func (c *ctl) consoleFunctions() map[string]console.Function {
	functions := map[string]console.Function{
		"home": c.selected("", "", func(context.Context, *ctl, selection) (any, error) {
			return map[string]string{"tenantId": c.tenant}, nil
		}),
		"activity": c.selected("hours", "", func(ctx context.Context, c *ctl, s selection) (any, error) {
			hours, err := strconv.Atoi(s["hours"])
			if err != nil {
				return nil, errors.New("hours must be a number")
			}
			return c.activity(ctx, hours)
		}),
		"explain": c.selected("text", "tenantId", func(ctx context.Context, c *ctl, s selection) (any, error) {
			return c.explanationOf(ctx, s["text"])
		}),
	}
	for _, name := range []string{
		"put-application", "retrieve-applications", "create-api-key", "rotate-api-key", "list-api-keys", "delete-api-key",
	} {
		functions[name] = func(ctx context.Context, payload json.RawMessage) (any, error) { return c.invoke(ctx, name, payload) }
	}
	for name, asked := range map[string]struct {
		required, optional string
		request            func(selection) request
	}{
		"retrieve-by-id": {"tenantId tokenId", "", func(s selection) request {
			return request{method: http.MethodGet, path: "/jwt/refresh/" + url.PathEscape(s["tokenId"]), needs: "tokens:read"}
		}},
		"retrieve-by-user": {"tenantId userId", "applicationId cursor", func(s selection) request {
			return listOf("/jwt/refresh", s, "userId", "applicationId", "cursor")
		}},
		"retrieve-history": {"tenantId userId", "cursor", func(s selection) request {
			return listOf("/jwt/users/"+url.PathEscape(s["userId"])+"/history", s, "cursor")
		}},
		"delete-by-id": {"tenantId tokenId", "reason", func(s selection) request {
			return endingOfOne(s["tokenId"], s["reason"])
		}},
		"delete-by-user": {"tenantId userId", "applicationId exceptTokenId reason", func(s selection) request {
			r, _ := ending{s["userId"], s["applicationId"], s["exceptTokenId"], s["reason"]}.request()
			return r
		}},
	} {
		functions[name] = c.selected(asked.required, asked.optional, func(ctx context.Context, c *ctl, s selection) (any, error) {
			return c.ask(ctx, asked.request(s))
		})
	}
	return functions
}

// listOf asks for one page of a list.
func listOf(path string, s selection, names ...string) request {
	query := url.Values{"limit": {"100"}}
	for _, name := range names {
		if s[name] != "" {
			query.Set(name, s[name])
		}
	}
	return request{method: http.MethodGet, path: path, query: query, needs: "tokens:read"}
}
