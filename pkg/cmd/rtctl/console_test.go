package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
)

// consolePage is the page of a console that runs, as the console sees it.
type consolePage struct {
	*desk

	origin, secret string
	end            func() result
}

var consoleLink = regexp.MustCompile(`(http://127\.0\.0\.1:\d+)/#link=([\w-]+)`)

// openConsole starts rtctl console and opens its link.
func openConsole(d *desk) *consolePage {
	d.Helper()
	out, printer := io.Pipe()
	ctx, stop := context.WithCancel(d.Context())
	var complaints strings.Builder
	ended := make(chan bool, 1)
	w := world{strings.NewReader(""), printer, &complaints, func(name string) string { return d.environment[name] }}
	go func() { ended <- run(ctx, w, append([]string{"console"}, d.flags...)); printer.Close() }()
	p := &consolePage{desk: d}
	p.end = func() result {
		stop()
		return result{ok: <-ended, err: complaints.String()}
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			d.Fatalf("got %v, %s; want a link", err, p.end().err)
		}
		if found := consoleLink.FindStringSubmatch(line); found != nil {
			go func() { _, _ = io.Copy(io.Discard, lines) }()
			p.origin = found[1]
			_, body := p.post("/session", `{"link":"`+found[2]+`"}`)
			p.secret = regexp.MustCompile(`"secret":"([\w-]{43})"`).FindStringSubmatch(body)[1]
			return p
		}
	}
}

func (p *consolePage) post(path, body string) (int, string) {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.origin+path, strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("Origin", p.origin)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Console-Secret", p.secret)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer a.Body.Close()
	raw, err := io.ReadAll(a.Body)
	if err != nil {
		p.Fatal(err)
	}
	return a.StatusCode, string(raw)
}

// gives wants an answer of the function with these words, and returns it.
func (p *consolePage) gives(function, payload string, words ...string) string {
	p.Helper()
	return p.answers(200, function, payload, words...)
}

func (p *consolePage) refuses(function, payload string, words ...string) {
	p.Helper()
	p.answers(422, function, payload, words...)
}

func (p *consolePage) answers(want int, function, payload string, words ...string) string {
	p.Helper()
	status, body := p.post("/functions/"+function, payload)
	if status != want {
		p.Errorf("%s %s: got %d %s, want %d", function, payload, status, body, want)
	}
	for _, word := range words {
		if !strings.Contains(body, word) {
			p.Errorf("%s %s: got %s, want %q in it", function, payload, body, word)
		}
	}
	return body
}

// everyFunction is what an operator does on the page, wherever the service is.
func everyFunction(d *desk) {
	d.Helper()
	p := openConsole(d)
	one, two := fixture.SessionOne, fixture.SessionTwo
	p.gives("retrieve-applications", `{}`, `"demo"`, `"other"`)
	p.gives("put-application", `{"tenantId":"demo","applicationId":"web","settings":{"overlapSeconds":10}}`, `["overlapSeconds"]`, "is below 15")
	p.gives("retrieve-applications", `{"tenantId":"demo"}`, `"overlapSeconds":10`)
	p.refuses("put-application", `{"tenantId":"demo","applicationId":"web","settings":{"colour":"red"}}`, "settings.colour is not known here")

	p.gives("retrieve-by-user", `{"tenantId":"demo","userId":"alice"}`, one, two)
	p.gives("retrieve-by-user", `{"tenantId":"other","userId":"bob"}`, `"data":[`)
	p.gives("retrieve-by-id", `{"tenantId":"demo","tokenId":"`+one+`"}`, `"alice"`)
	p.gives("delete-by-id", `{"tenantId":"demo","tokenId":"`+one+`","reason":"lost_phone"}`)
	p.refuses("retrieve-by-id", `{"tenantId":"demo","tokenId":"`+one+`"}`, "There is no such token.")
	p.gives("delete-by-user", `{"tenantId":"demo","userId":"alice","exceptTokenId":"`+two+`","reason":"stolen"}`, `"kept":["`+two+`"]`)
	p.gives("retrieve-history", `{"tenantId":"demo","userId":"alice"}`, `"lost_phone"`, `"stolen"`, `"by":"key:`)

	key := regexp.MustCompile(`sak_([^_"]+)_[^"]+`)
	made := key.FindStringSubmatch(p.gives("create-api-key", `{"tenantId":"demo","name":"night","permissions":["tokens:read"]}`))
	next := key.FindStringSubmatch(p.gives("rotate-api-key", `{"tenantId":"demo","keyId":"`+made[1]+`","overlapSeconds":60}`, `"previous"`))
	if listed := p.gives("list-api-keys", `{"tenantId":"demo"}`, made[1], next[1]); key.MatchString(listed) {
		p.Errorf("got %s, want no key in the list", listed)
	}
	p.gives("delete-api-key", `{"tenantId":"demo","keyId":"`+next[1]+`"}`)

	for kind, text := range map[string]string{
		"refresh token": d.RefreshText(two, 0), "access token": d.Sign(d.Access(two)), "API key": made[0],
	} {
		if said := p.gives("explain", fmt.Sprintf(`{"tenantId":"demo","text":%q}`, text), kind); strings.Contains(said, text[len(text)-16:]) {
			p.Errorf("%s: got its end in %s", kind, said)
		}
	}
	if got := p.end(); !got.ok || got.err != "" {
		d.Errorf("got %v, %s; want the command to end well", got.ok, got.err)
	}
}

func TestTheConsoleDoesWhatTheCommandsDo(t *testing.T) {
	everyFunction(onLaptop(t))
}

// Over a stack its keys are passing ones, and gone when it ends.
func TestTheConsoleOfAStackLeavesNoKey(t *testing.T) {
	d := onAWS(t)
	before := d.do(nil, "key", "list", "--tenant", "other")
	everyFunction(d)
	if after := d.do(nil, "key", "list", "--tenant", "other"); after != before {
		t.Errorf("got keys\n%swant\n%s", after, before)
	}
	if after := d.do(nil, "key", "list", "--tenant", "demo"); strings.Contains(after, "rtctl") {
		t.Errorf("got keys\n%swant none of rtctl", after)
	}
}

// A request of the page that lost a value must end nothing more than it names.
func TestTheConsoleRefusesWhatIsBlankOrUnknown(t *testing.T) {
	d := onLaptop(t)
	p := openConsole(d)
	for _, c := range [][]string{
		{"delete-by-user", `{"tenantId":"demo","userId":"alice","applicationId":""}`, "applicationId is blank"},
		{"delete-by-user", `{"tenantId":"demo","userId":"alice","exceptTokenId":" "}`, "exceptTokenId is blank"},
		{"delete-by-user", `{"tenantId":"demo","userId":".."}`, "userId is blank"},
		{"delete-by-user", `{"tenantId":"demo"}`, "userId is missing"},
		{"delete-by-user", `{"userId":"alice"}`, "tenantId is missing"},
		{"delete-by-user", `{"tenantId":"demo","userId":"alice","except":"x"}`, "except is not known"},
		{"delete-by-user", `{"tenantId":"demo","userId":["alice"]}`, "an object of strings"},
		{"delete-by-user", `null`, "is missing"},
		{"delete-by-id", `{"tenantId":"demo","tokenId":"."}`, "tokenId is blank"},
		{"retrieve-by-id", `{"tenantId":"demo","tokenId":"x/../y"}`, "There is no such token."},
		{"retrieve-by-user", `{"tenantId":"nobody","userId":"alice"}`, "has no application"},
	} {
		p.refuses(c[0], c[1], c[2])
	}
	p.gives("retrieve-by-user", `{"tenantId":"demo","userId":"alice"}`, fixture.SessionOne, fixture.SessionTwo)
}

func TestTheConsoleShowsWhatALaptopHasCounted(t *testing.T) {
	d := onLaptop(t, func(d *desk) {
		d.functions["counts"] = func(context.Context, json.RawMessage) (any, error) {
			return json.RawMessage(`{"since":"2026-01-31T12:00:00Z","seconds":15,"slots":2,"counts":[
				{"op":"refresh","outcome":"rotated","values":[1,2]},{"op":"oauth-token","outcome":"rolled forward","values":[3,0]},
				{"op":"refresh","outcome":"reuse","values":[0,1]},{"op":"refresh","outcome":"expired","values":[0,5]},
				{"op":"issue","outcome":"denied","values":[7,7]},{"op":"oauth-token","outcome":"failed","values":[9,0]}]}`), nil
		}
	})
	p := openConsole(d)
	p.gives("activity", `{"hours":"3"}`, `{"started":true,"since":"2026-01-31T12:00:00Z","seconds":15,"series":[{"name":"refreshes","values":[4,2]},`+
		`{"name":"retries","values":[0,0]},{"name":"reuses","values":[0,1]},{"name":"refusals","values":[0,5]},{"name":"failures","values":[9,0]}]}`)
	p.refuses("activity", `{"hours":"soon"}`, "must be a number")
}

// The charts of a stack name the outcomes that its dashboard names: those that a refresh may have.
func TestTheConsoleShowsWhatCloudWatchHasCounted(t *testing.T) {
	d := onAWS(t)
	p := openConsole(d)
	for hours, slots := range map[string][2]int{"3": {300, 37}, "24": {2400, 37}, "1": {300, 13}} {
		got := p.gives("activity", `{"hours":"`+hours+`"}`, fmt.Sprintf(`"seconds":%d,`, slots[0]), `"name":"reuses","values":[30,0,`)
		if n := strings.Count(regexp.MustCompile(`"reuses","values":\[([^]]*)`).FindString(got), ","); n != slots[1] {
			t.Errorf("%s hours: got %d slots in %s, want %d", hours, n, got, slots[1])
		}
		if !strings.Contains(got, `,0,3]}`) {
			t.Errorf("%s hours: got %s, want 3 in the last slot of reuses", hours, got)
		}
	}
	p.refuses("activity", `{"hours":"25"}`, "from 1 to 24")
	template, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	outcomes := func(texts ...string) []string {
		var all []string
		for _, text := range texts {
			for _, found := range regexp.MustCompile(`op=\("refresh" OR "user-refresh-token" OR "authenticate-refresh" OR "oauth-token"\) outcome=(\([^)]*\)|"[^"]*")`).FindAllStringSubmatch(text, -1) {
				all = append(all, strings.Split(strings.Trim(found[1], `()"`), `" OR "`)...)
			}
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	want := outcomes(strings.ReplaceAll(string(template), `\"`, `"`))
	if got := outcomes(d.expressions[:5]...); !slices.Equal(got, want) || len(got) < 20 {
		t.Errorf("got outcomes\n%q, want those of the dashboard\n%q", got, want)
	}
	for _, e := range d.expressions {
		if !strings.HasPrefix(e, `SUM(SEARCH('{"tokens-prod",op,outcome} MetricName="requests" op=(`) {
			t.Errorf("got %s, want a search of the stack's own metrics", e)
		}
	}
}
