package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func TestALinkOpensOnePageOnce(t *testing.T) {
	x := start(t)
	link := x.link()
	if got := x.exchange(link[:42] + "!"); got != "" {
		t.Errorf("a guess: got %q, want no secret", got)
	}
	first := x.exchange(link)
	if len(first) != 43 || first == link {
		t.Fatalf("got the secret %q, want another one than the link's", first)
	}
	if got := x.exchange(link); got != "" {
		t.Errorf("a used link: got %q, want no secret", got)
	}
	if got := x.exchange(""); got != "" {
		t.Errorf("no link: got %q, want no secret", got)
	}
	status, body, _ := x.ask("POST", "/functions/echo", `{"a":1}`, secret(first))
	if status != 200 || strings.TrimSpace(body) != `{"a":1}` {
		t.Errorf("got %d %s, want the payload", status, body)
	}
	status, body, _ = x.ask("POST", "/functions/fail", `{}`, secret(first))
	if status != 422 || !strings.Contains(body, "userId is blank") {
		t.Errorf("got %d %s, want the function's sentence", status, body)
	}
}

func TestAFreshLinkClosesThePageBefore(t *testing.T) {
	x := start(t)
	replaced := x.link()
	if _, err := io.WriteString(x.enter, "\n"); err != nil {
		t.Fatal(err)
	}
	first := x.exchange(x.link())
	if got := x.exchange(replaced); got != "" || first == "" {
		t.Errorf("a link that was replaced: got %q, want no secret; the newer one: got %q, want one", got, first)
	}
	if _, err := io.WriteString(x.enter, "\n"); err != nil {
		t.Fatal(err)
	}
	second := x.exchange(x.link())
	if status, _, _ := x.ask("POST", "/functions/echo", `{}`, secret(first)); status != 401 {
		t.Errorf("the page before: got %d, want 401", status)
	}
	if status, _, _ := x.ask("POST", "/functions/echo", `{}`, secret(second)); status != 200 {
		t.Errorf("the new page: got %d, want 200", status)
	}
}

// So the page before need not ask for something to hear that it is closed.
func TestAPageThatWaitsHearsOfTheNextOne(t *testing.T) {
	g, good := entered(t)
	r := httptest.NewRequest(http.MethodPost, "/watch", nil)
	r.Header.Set(secretHeader, good)
	over, ok := g.admit(r)
	select {
	case <-over:
		t.Error("got the end of a page that is open")
	default:
	}
	link, err := g.draw()
	if _, errExchange := g.exchange(link); !ok || err != nil || errExchange != nil {
		t.Fatal(ok, err, errExchange)
	}
	select {
	case <-over:
	default:
		t.Error("got no end of the page before, want one")
	}
}

// entered is a guard whose first link was exchanged for this secret.
func entered(t *testing.T) (g *guard, secret string) {
	t.Helper()
	g = &guard{host: "127.0.0.1:1", random: rand.Reader, now: time.Now, over: make(chan struct{})}
	link, err := g.draw()
	if err == nil {
		secret, err = g.exchange(link)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g, secret
}

func TestALinkThatNobodyOpensExpires(t *testing.T) {
	x := start(t)
	link := x.link()
	x.later = linkLife + time.Second
	if got := x.exchange(link); got != "" {
		t.Errorf("got %q, want no secret after %s", got, linkLife)
	}
}

func TestOthersAreRefused(t *testing.T) {
	x := start(t)
	link := x.link()
	_, port, _ := strings.Cut(x.host, ":")
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	type attack struct {
		status int
		change func(*http.Request)
	}
	attacks := map[string]attack{
		"another Host":                         {421, host("evil.test:" + port)},
		"another Host, by the name of this":    {421, host("localhost:" + port)},
		"another Host, without the port":       {421, host("127.0.0.1")},
		"another Host, with a dot":             {421, host("127.0.0.1.:" + port)},
		"another port":                         {421, host("127.0.0.1:1")},
		"another Origin":                       {403, with("Origin", "https://evil.test")},
		"another Origin on the same host":      {403, with("Origin", "http://127.0.0.1:1")},
		"another scheme":                       {403, with("Origin", "https://"+x.host)},
		"the origin of a sandbox":              {403, with("Origin", "null")},
		"no Origin":                            {403, with("Origin")},
		"two Origins":                          {403, with("Origin", "http://"+x.host, "https://evil.test")},
		"another site":                         {403, with("Sec-Fetch-Site", "cross-site")},
		"another port of the site":             {403, with("Sec-Fetch-Site", "same-site")},
		"what a form sends":                    {403, with("Content-Type", "text/plain")},
		"what a form sends, in JSON's clothes": {403, with("Content-Type", "text/plain; application/json")},
		"no Content-Type":                      {403, with("Content-Type")},
	}
	for name, attack := range attacks {
		status, body, _ := x.ask("POST", "/session", fmt.Sprintf(`{"link":%q}`, link), attack.change)
		if status != attack.status || strings.Contains(body, "secret") {
			t.Errorf("%s, the exchange: got %d %s, want %d", name, status, body, attack.status)
		}
	}
	for name, attack := range map[string]attack{
		"another Host":           {421, host("evil.test:" + port)},
		"a page that frames it":  {403, with("Sec-Fetch-Dest", "iframe")},
		"a page that objects it": {403, with("Sec-Fetch-Dest", "object")},
		"a page that fetches it": {403, with("Sec-Fetch-Mode", "cors")},
	} {
		if status, body, _ := x.ask("GET", "/", "", attack.change); status != attack.status || strings.Contains(body, "<") {
			t.Errorf("%s: got %d %s, want %d and no page", name, status, body, attack.status)
		}
	}
	good := x.exchange(link)
	if good == "" {
		t.Fatal("the refused exchanges have used the link up")
	}
	maps.Copy(attacks, map[string]attack{
		"a missing header":  {401, secret()},
		"a blank header":    {401, secret("")},
		"a guess":           {401, secret(good[:42] + "!")},
		"the header twice":  {401, secret(good, good)},
		"the link's secret": {401, secret(link)},
		"a cookie": {401, func(r *http.Request) {
			r.Header.Del(secretHeader)
			r.AddCookie(&http.Cookie{Name: secretHeader, Value: good})
		}},
	})
	for name, attack := range attacks {
		for _, path := range []string{"/functions/echo", "/watch"} {
			status, body, _ := x.ask("POST", path, `{"a":1}`, secret(good), attack.change)
			if status != attack.status || strings.Contains(body, `"a"`) {
				t.Errorf("%s, %s: got %d %s, want %d", name, path, status, body, attack.status)
			}
		}
	}
}

func TestWithoutRandomnessThereIsNoLink(t *testing.T) {
	g := &guard{random: strings.NewReader("few"), now: time.Now, over: make(chan struct{})}
	link, err := g.draw()
	if err == nil || link != "" || g.link != "" {
		t.Errorf("got the link %q, kept %q, and %v, want an error alone", link, g.link, err)
	}
}

func TestNoAnswerIsCachedFramedSharedOrReadElsewhere(t *testing.T) {
	x := start(t)
	good := x.exchange(x.link())
	for _, asked := range [][2]string{
		{"GET", "/"},
		{"GET", "/functions/echo"},
		{"HEAD", "/"},
		{"GET", "/?x"},
		{"GET", "/console.js"},
		{"OPTIONS", "/session"},
		{"PUT", "/session"},
		{"POST", "/session"},
		{"POST", "/functions/echo"},
		{"POST", "/functions/none"},
		{"POST", "/../functions/echo"},
	} {
		status, body, header := x.ask(asked[0], asked[1], "{}", secret(good), with("Access-Control-Request-Method", "POST"))
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if header.Get(name) != want {
				t.Errorf("%s: got %s %q, want %q", asked, name, header.Get(name), want)
			}
		}
		policy := header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: got the policy %q, want one that allows no frame and nothing from elsewhere", asked, policy)
		}
		for name := range header {
			if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" || name == "Location" {
				t.Errorf("%s: got the header %s, want none", asked, name)
			}
		}
		isPage := asked == [2]string{"GET", "/"}
		if isPage != (status == 200 && strings.HasPrefix(body, "<!doctype html>")) && asked != [2]string{"POST", "/functions/echo"} {
			t.Errorf("%s: got %d %.60s, want the page at / alone", asked, status, body)
		}
	}
	_, body, _ := x.ask("GET", "/", "")
	body = strings.ReplaceAll(body, "http://www.w3.org/2000/svg", "") // a name
	if regexp.MustCompile(`https?://[^ ]|\ssrc=|@import|innerHTML|\beval\b|\{\{|localStorage|sessionStorage|indexedDB|\.cookie`).MatchString(body) {
		t.Error("the page loads from elsewhere, makes markup of text or stores something")
	}
}

func TestCtrlCEndsItAndThePageHearsOfIt(t *testing.T) {
	x := start(t)
	x.link()
	x.end()
	if err := <-x.ended; err != nil {
		t.Errorf("got %v, want no error", err)
	}

	ended, end := context.WithCancel(t.Context())
	end()
	g, good := entered(t)
	r := httptest.NewRequest(http.MethodPost, "/watch", strings.NewReader("{}"))
	r.Header.Set(secretHeader, good)
	answer := httptest.NewRecorder()
	(&Console{}).posts(ended, g).ServeHTTP(answer, r)
	if got := strings.TrimSpace(answer.Body.String()); got != `{"over":true}` {
		t.Errorf("a page that waits: got %d %s, want that it is over", answer.Code, got)
	}
}

// The page's lists follow the service: a setting, a permission or an event that is new is missing on the page.
func TestThePageKnowsEverySettingPermissionAndEvent(t *testing.T) {
	names := func(file, pattern string) (found []string) {
		raw, err := files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(raw), -1) {
			found = append(found, one[1])
		}
		slices.Sort(found)
		return found
	}
	var settings, permissions []string
	for field := range reflect.TypeFor[session.Settings]().Fields() {
		settings = append(settings, field.Tag.Get("json"))
	}
	for _, permission := range session.Permissions() {
		permissions = append(permissions, string(permission))
	}
	events := []string{
		string(session.EventIssued), string(session.EventUpdated), string(session.EventDeleted), string(session.EventReuse),
		string(session.EventEvicted), string(session.EventDenied), string(session.EventRetryElsewhere), string(session.EventRolledForward),
		string(session.EventImported),
	}
	for _, one := range []struct{ got, want []string }{
		{names("applications.js", `(?m)^  (\w+): \['`), settings},
		{names("keys.js", `\['(tokens:[a-z-]+)'`), permissions},
		{names("history.js", `(?m)^  (\w+): \['`), events},
	} {
		if slices.Sort(one.want); !slices.Equal(one.got, one.want) {
			t.Errorf("got %q on the page, want %q", one.got, one.want)
		}
	}
}
