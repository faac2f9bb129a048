package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// finding is one thing that was looked at. Mend says what to do about it; "" where it is well.
type finding struct {
	What  string `json:"what"`
	Found string `json:"found"`
	Mend  string `json:"mend,omitempty"`
}

func (c *ctl) doctor() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Look for what is wrong, and say how to mend it", Args: cobra.NoArgs,
		Annotations: map[string]string{tenantless: "it looks at the service"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := c.examine(cmd.Context())
			if at, err := c.home(cmd.Context()); err != nil {
				all = append(all, finding{"API", err.Error(), "see above"})
			} else {
				all = append(all, examineAPI(cmd.Context(), at.url, time.Now)...)
			}
			all = append(all, c.examineTenants(cmd.Context()))
			raw, err := json.Marshal(all)
			if err != nil {
				return err
			}
			rows, wrong := [][]string{{"WHAT", "FOUND", "MEND"}}, 0
			for _, f := range all {
				if f.Mend != "" {
					wrong++
				}
				rows = append(rows, []string{f.What, f.Found, cmp.Or(f.Mend, "-")})
			}
			if err := c.show(raw, rows...); err != nil || wrong == 0 {
				return err
			}
			return fmt.Errorf("%d of %d things are wrong", wrong, len(all))
		},
	}
}

// maxSkew is how far clocks may differ: access tokens allow a minute.
const maxSkew = 30 * time.Second

// examineAPI asks for the public keys, and compares the clocks.
func examineAPI(ctx context.Context, base string, now func() time.Time) []finding {
	var date string
	client := http.Client{Timeout: 10 * time.Second}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+"/.well-known/jwks.json", nil)
	if err != nil {
		return []finding{{"API", base, "it is no URL"}}
	}
	answer, err := client.Do(req)
	if err != nil {
		return []finding{{"API", base + " does not answer", "start the service, or look at the network on the way"}}
	}
	defer func() { _ = answer.Body.Close() }()
	date = answer.Header.Get("Date")
	var set struct {
		Keys []struct {
			Kid, Alg string
		}
	}
	keys := finding{What: "signing keys"}
	switch err := json.NewDecoder(answer.Body).Decode(&set); {
	case answer.StatusCode == http.StatusServiceUnavailable:
		keys.Found, keys.Mend = "none yet", "wait for the first rotation, or start one: see the runbook"
	case answer.StatusCode != http.StatusOK || err != nil || len(set.Keys) == 0:
		keys.Found, keys.Mend = "JWKS answers "+answer.Status, "look at the log of the function jwks"
	default:
		keys.Found = fmt.Sprintf("%d in JWKS, %s", len(set.Keys), set.Keys[0].Alg)
	}
	all := []finding{{"API", base, ""}, keys}
	if at, err := http.ParseTime(date); err == nil {
		clock := finding{What: "clock", Found: "within a second or two"}
		if skew := at.Sub(now()).Round(time.Second); skew.Abs() > maxSkew {
			clock.Found, clock.Mend = fmt.Sprintf("the service's is %s off this machine's", skew), "set the clock, with NTP"
		}
		all = append(all, clock)
	}
	return all
}

// examineTenants wants a tenant with an application.
func (c *ctl) examineTenants(ctx context.Context) finding {
	f := finding{What: "tenants"}
	out, _, err := call[struct {
		Tenants    []struct{} `json:"tenants"`
		NextCursor string     `json:"nextCursor"`
	}](ctx, c, "retrieve-applications", map[string]any{})
	switch {
	case err != nil:
		f.Found, f.Mend = err.Error(), "operator functions must answer before anything can be changed"
	case len(out.Tenants) == 0:
		f.Found, f.Mend = "none", "register the first application: rtctl app put"
	case out.NextCursor != "":
		f.Found = fmt.Sprintf("%d or more", len(out.Tenants))
	default:
		f.Found = strconv.Itoa(len(out.Tenants))
	}
	return f
}

// examine implements service: nobody else should read the credentials, and settings should not contradict each other.
func (l laptop) examine(ctx context.Context) []finding {
	f := finding{What: "credentials", Found: l.credentialsFile()}
	info, err := os.Stat(l.credentialsFile())
	switch {
	case errors.Is(err, os.ErrNotExist):
		f.Mend = "start the service: it writes them"
	case err != nil:
		f.Mend = err.Error()
	case info.Mode().Perm()&0o077 != 0:
		f.Found, f.Mend = f.Found+" can be read by others", "chmod 600 "+l.credentialsFile()
	}
	all := []finding{f}
	raw, err := l.invoke(ctx, "settings", map[string]any{}) // of the service on this machine alone
	settings := parameters{}
	if err == nil {
		err = json.Unmarshal(raw, &settings)
	}
	if err != nil {
		return append(all, finding{"settings", err.Error(), "start the service"})
	}
	return append(all, settings.examine()...)
}
