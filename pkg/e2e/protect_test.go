package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	proving "github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
)

// protections are the recipes of pkg/verify/README.md. make interfaces installs jose and PyJWT, and says where they are.
func protections() []recipe {
	return []recipe{
		{protectRecipes, "js", "protect.mjs", protectDrivers + "driver.mjs", []string{"node", "driver.mjs"}},
		{protectRecipes, "python", "protect.py", protectDrivers + "driver.py", []string{os.Getenv("PYTHON_CLIENTS"), "driver.py"}},
		{protectRecipes, "go", "protect/protect.go", protectDrivers + "driver.go.txt", []string{"go", "run", "-mod=mod", "."}},
	}
}

// install gives a recipe the libraries that it uses.
func (r recipe) install(t *testing.T, dir string) {
	t.Helper()
	var err error
	switch r.language {
	case "js":
		clients := os.Getenv("NODE_CLIENTS")
		if clients == "" {
			t.Skip("make interfaces installs jose")
		}
		err = os.Symlink(filepath.Join(clients, "node_modules"), filepath.Join(dir, "node_modules"))
	case "python":
		if r.command[0] == "" {
			t.Skip("make interfaces installs PyJWT")
		}
	case "go": // a module of somebody else
		var root string
		if root, err = filepath.Abs(repository); err != nil {
			break
		}
		const name = "github.com/stencil-auth/refresh-tokens"
		module := fmt.Sprintf("module recipe\n\ngo 1.26.0\n\nrequire %s v0.0.0\n\nreplace %s => %s\n", name, name, root)
		var sums []byte
		if sums, err = os.ReadFile(filepath.Join(repository, "go.sum")); err != nil {
			break
		}
		if err = os.WriteFile(filepath.Join(dir, "go.mod"), []byte(module), 0o600); err == nil {
			err = os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

const apiAudience = "https://api.example"

func TestProtectedAPIsRefuseTokensForOthersAndOfEndedSessions(t *testing.T) {
	t.Parallel()
	long(t)
	for _, r := range protections() {
		t.Run(r.language, func(t *testing.T) {
			t.Parallel()
			dir := r.write(t)
			r.install(t, dir)
			if _, err := exec.LookPath(r.command[0]); err != nil {
				t.Skipf("there is no %s", r.command[0])
			}
			p := protected{r, dir, t}
			p.wantsAnAudience()
			p.refusesTokensForOthers()
			p.refusesBoundAndExpired()
			p.refusesWhatEventsEnd()
		})
	}
}

type protected struct {
	recipe

	dir string
	t   *testing.T
}

// api is one with an audience.
func (p protected) api(audience string) user { return p.start(p.t, p.dir, "AUDIENCE="+audience) }

// A variable that is not set must not admit the tokens for every API.
func (p protected) wantsAnAudience() {
	cmd := exec.CommandContext(p.t.Context(), p.command[0], p.command[1:]...)
	cmd.Dir, cmd.Stdin = p.dir, strings.NewReader("verify "+issueForAPIs(p.t, fresh()).access+"\n")
	cmd.Env = append(os.Environ(), "BASE_URL="+home.base, "TENANT_ID="+home.demo.id)
	if out, err := cmd.Output(); err == nil || strings.HasPrefix(string(out), "ok") {
		p.t.Errorf("without an audience: got %q, %v, want a failure", out, err)
	}
}

func issueForAPIs(t *testing.T, user string) session {
	t.Helper()
	return home.issueWith(t, home.demo, map[string]any{"userId": user, "applicationId": home.creds["AUDIENCE_APPLICATION_ID"]})
}

// exchanged refreshes a session for one resource server; "" for all.
func (x *session) exchanged(t *testing.T, resource string) string {
	t.Helper()
	parameters := []string{"grant_type", "refresh_token", "refresh_token", x.refresh}
	if resource != "" {
		parameters = append(parameters, "resource", resource)
	}
	a := grant(t, isForm(), parameters...).want(t, http.StatusOK)
	x.refresh = a.text("refresh_token")
	return a.text("access_token")
}

// Law 6: tenant other has an application web too, and its keys are those of tenant demo.
func (p protected) refusesTokensForOthers() {
	x := issueForAPIs(p.t, fresh())
	api, web := p.api(apiAudience), p.api(home.demo.web)
	api.want("verify "+x.access, "ok "+x.user)
	for name, text := range forgeries(p.t, x.access) {
		if got := api.run("verify " + text); !strings.HasPrefix(got, "refused") {
			p.t.Errorf("a token that is %s: got %s, want it refused", name, got)
		}
	}
	api.want("verify "+x.exchanged(p.t, apiAudience), "ok "+x.user)
	api.want("verify "+x.exchanged(p.t, "https://files.example"), "refused")
	api.want("verify "+x.exchanged(p.t, x.app), "refused")

	own := home.issue(p.t, fresh(), home.demo.web)
	web.want("verify "+own.access, "ok "+own.user)
	web.want("verify "+home.issueIn(p.t, home.other, own.user).access, "refused")
	api.want("verify "+own.access, "refused")
	for _, text := range []string{own.refresh, home.demo.key, "garbage"} {
		web.want("verify "+text, "refused")
	}
	web.want("verify "+own.access, "ok "+own.user)
}

func (p protected) refusesBoundAndExpired() {
	bound := home.issueWith(p.t, home.demo, map[string]any{"userId": fresh(), "applicationId": home.boundApp(), "dpopJkt": proving.NewProofKey("ES256").Thumbprint})
	app := p.api(home.boundApp())
	app.want("verify "+home.issue(p.t, fresh(), home.boundApp()).access, "ok ")
	app.want("verify "+bound.access, "refused")

	short := p.api(home.shortApp())
	short.run("verify garbage") // it is running now
	x := home.issue(p.t, fresh(), home.shortApp())
	first := short.run("verify " + x.access)
	if expires := accessExpiry(p.t, x.access); !strings.HasPrefix(first, "ok ") && time.Now().Before(expires) {
		p.t.Errorf("a token that lives for two seconds: got %s, want it accepted at first", first)
	}
	sleepUntil(accessExpiry(p.t, x.access))
	short.want("verify "+x.access, "refused")
}

// eventsOf are the events of a user, of a kind, in the file of the laptop. Those of a table come later, from its stream.
func eventsOf(t *testing.T, kind, user string) (lines []string) {
	t.Helper()
	for until := time.Now().Add(patience); len(lines) == 0; time.Sleep(10 * time.Millisecond) {
		all, _, err := event.ReadFile(filepath.Join(home.dir, event.FileName), time.Time{})
		if err != nil || time.Now().After(until) {
			t.Fatalf("got no event %s of %s in the file, want one: %v", kind, user, err)
		}
		for _, e := range all {
			if e.Detail.UserID == user && e.DetailType == kind {
				lines = append(lines, jsonOf(e))
			}
		}
	}
	return lines
}

func (p protected) refusesWhatEventsEnd() {
	api := p.api(apiAudience)
	feed := func(kind string, x session) {
		p.t.Helper()
		for _, line := range eventsOf(p.t, kind, x.user) {
			api.want("event "+line, "ok")
		}
	}
	deleted, spared, superseded := issueForAPIs(p.t, fresh()), issueForAPIs(p.t, fresh()), issueForAPIs(p.t, fresh())
	for _, x := range []session{deleted, spared, superseded} {
		feed("token.issued", x)
		api.want("verify "+x.access, "ok "+x.user)
	}
	home.do(p.t, call{"DELETE", "/jwt/refresh/" + deleted.id, home.demo.admin(), ""}).want(p.t, http.StatusOK)
	api.want("verify "+deleted.access, "ok "+deleted.user) // until its event is here
	feed("token.deleted", deleted)
	api.want("verify "+deleted.access, "refused")

	home.do(p.t, call{"PATCH", "/jwt/refresh/" + superseded.id, home.demo.admin(), `{"supersede":true}`}).want(p.t, http.StatusOK)
	feed("token.updated", superseded)
	api.want("verify "+superseded.access, "refused")
	home.do(p.t, call{"PATCH", "/jwt/refresh/" + spared.id, home.demo.admin(), `{"scope":"read"}`}).want(p.t, http.StatusOK)
	feed("token.updated", spared)
	api.want("verify "+spared.access, "ok "+spared.user)

	// Of each kind, about a session and about the first fifty of a user.
	for kind, ends := range map[string]bool{
		"token.deleted": true, "token.expired": true, "token.evicted": true, "token.reuse_detected": true, "token.denied": true,
		"token.issued": false, "token.refreshed": false, "token.retry_elsewhere": false, "token.rolled_forward": false,
		"token.imported": false, "token.updated": false, "application.changed": false, "key.deleted": false,
	} {
		for _, about := range []string{`"extent":"token","tokenId":%q`, `"extent":"user","count":77,"tokenIds":["x",%q]`} {
			x := issueForAPIs(p.t, fresh())
			api.want(fmt.Sprintf(`event {"source":"refresh-tokens","detail-type":%q,"detail":{"at":%q,"tenantId":%q,"userId":%q,`+about+`}}`,
				kind, time.Now().Format(time.RFC3339Nano), home.demo.id, x.user, x.id), "ok")
			if got := api.run("verify " + x.access); strings.HasPrefix(got, "refused") != ends {
				p.t.Errorf("after %s, %s: got %s, want it refused: %t", kind, about, got, ends)
			}
		}
	}

	// An application's end names no session: what was signed before is over, and that of other applications is not.
	const ending = `{"source":"refresh-tokens","detail-type":"token.deleted","detail":{"at":"%s","extent":"application",` +
		`"tenantId":"%s","applicationId":"%s","epoch":1}}`
	now := time.Now()
	signed, _ := parseJWT(p.t, spared.access).claims["iat"].(float64)
	for _, other := range []string{
		fmt.Sprintf(ending, now.Format(time.RFC3339Nano), home.demo.id, "another"),
		fmt.Sprintf(ending, now.Format(time.RFC3339Nano), home.other.id, spared.app),
		fmt.Sprintf(ending, time.Unix(int64(signed), 0).Add(-6*time.Second).Format(time.RFC3339Nano), home.demo.id, spared.app),
	} {
		api.want("event "+other, "ok")
		api.want("verify "+spared.access, "ok "+spared.user)
	}
	api.want("event "+fmt.Sprintf(ending, now.Format(time.RFC3339Nano), home.demo.id, spared.app), "ok")
	api.want("verify "+spared.access, "refused")
	// Of 51 sessions of a user, events name 50.
	fifty := fmt.Sprintf(`{"source":"refresh-tokens","detail-type":"token.updated","detail":{"at":%q,"extent":"user","tenantId":%q,`+
		`"userId":%q,"tokenIds":["x"],"count":51,"changed":{"supersede":true}}}`, now.Format(time.RFC3339Nano), home.demo.id, "USER")
	x := issueForAPIs(p.t, fresh())
	other := p.api(apiAudience)
	other.want("event "+fifty, "ok")
	other.want("verify "+x.access, "ok "+x.user)
	other.want("event "+strings.Replace(fifty, "USER", x.user, 1), "ok")
	other.want("verify "+x.access, "refused")
}
