package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
)

// history reads a user's history, each entry as "event count reason by", the newest first.
func history(t testing.TB, user string, header http.Header) (entries []string, raw string) {
	t.Helper()
	a := home.do(t, call{method: "GET", path: "/jwt/users/" + escape(user) + "/history", header: header}).want(t, 200)
	for _, one := range a.body["data"].([]any) {
		e := one.(map[string]any)
		entries = append(entries, fmt.Sprint(e["event"], " ", e["count"], " ", e["reason"], " ", e["by"]))
	}
	return entries, a.raw
}

// wantEvents wants these events of a user in the service's file, by type and extent.
func wantEvents(t testing.TB, user string, want []string) {
	t.Helper()
	all, _, err := event.ReadFile(filepath.Join(home.dir, event.FileName), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range all {
		if e.Detail.UserID == user {
			got = append(got, e.DetailType+" "+e.Detail.Extent)
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("got events %q, want %q", got, want)
	}
}

func TestAHistoryTellsWhoEndedWhatAndWhy(t *testing.T) {
	t.Parallel()
	user := fresh()
	a, b, c := home.issue(t, user, home.demo.web), home.issue(t, user, home.demo.web), home.issue(t, user, home.demo.web)
	home.do(t, call{method: "DELETE", path: "/jwt/refresh/" + a.id + "?reason=admin", header: home.demo.admin()}).want(t, 200)
	home.do(t, call{method: "POST", path: "/jwt/logout", body: b.body()}).want(t, 200)
	home.do(t, call{method: "DELETE", path: "/jwt/users/" + escape(user) + "/refresh", header: c.owner()}).want(t, 200)
	key := strings.Split(home.demo.key, "_")[1]
	want := []string{
		"deleted 1 <nil> user:" + c.id, "deleted 1 logout user:" + b.id, "deleted 1 admin key:" + key,
	}
	for range 3 {
		want = append(want, "issued 1 <nil> key:"+key)
	}
	got, _ := history(t, user, home.demo.admin())
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	wantEvents(t, user, []string{
		"token.deleted token", "token.deleted token", "token.deleted token", "token.deleted user", "token.deleted user",
		"token.deleted user", "token.issued user", "token.issued user", "token.issued user",
	})
	d := home.issue(t, user, home.demo.web)
	if _, raw := history(t, user, d.owner()); strings.Contains(raw, key) || !strings.Contains(raw, `"by":"key"`) ||
		strings.Contains(raw, `"by":"key","ip":"`) {
		t.Errorf("to the user: got %s, want neither ids nor addresses of keys", raw)
	}
	home.do(t, call{method: "GET", path: "/jwt/users/" + escape(fresh()) + "/history", header: d.owner()}).check(t, 403)
	other := home.other.admin()
	if got, _ := history(t, user, other); len(got) != 0 {
		t.Errorf("another tenant: got %q, want none", got)
	}
}

func TestACursorOfAHistoryIsItsOwn(t *testing.T) {
	t.Parallel()
	user := fresh()
	home.issue(t, user, home.demo.web)
	home.issue(t, user, home.demo.web)
	path := "/jwt/users/" + escape(user) + "/history?limit=1"
	first := home.do(t, call{method: "GET", path: path, header: home.demo.admin()}).want(t, 200)
	next := cursor(first)
	second := home.do(t, call{method: "GET", path: path + next, header: home.demo.admin()}).want(t, 200)
	equal(t, "the second cursor", cursor(second), "")
	list := cursor(home.list(t, user, "&limit=1").want(t, 200))
	home.list(t, user, next).check(t, 400).wantFields(t, "cursor")
	for _, bad := range []string{"&cursor=x", list, next[:len(next)-1]} {
		home.do(t, call{method: "GET", path: path + bad, header: home.demo.admin()}).check(t, 400).wantFields(t, "cursor")
	}
	home.do(t, call{method: "GET", path: path + "&reason=x", header: home.demo.admin()}).check(t, 400).wantFields(t, "reason")
}
