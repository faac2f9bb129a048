package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func jsonOf(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only the tests' own literals come here
	}
	return string(raw)
}

// world is what a form can hit: two sessions of a user in web, one in service, and another user's.
type world struct {
	s        *service
	sessions []session // 0 and 1 in web, 2 in service, 3 of the stranger
	gone     session   // of the same user, deleted
}

func newWorld(t testing.TB, s *service) world {
	t.Helper()
	user, stranger := fresh(), fresh()
	gone := s.issue(t, user, s.demo.web)
	s.do(t, call{"DELETE", "/jwt/refresh/" + gone.id, s.demo.admin(), ""}).want(t, 200)
	return world{s: s, gone: gone, sessions: []session{
		s.issue(t, user, s.demo.web), s.issue(t, user, s.demo.web), s.issue(t, user, s.serviceApp()),
		s.issue(t, stranger, s.demo.web),
	}}
}

// fill replaces the placeholders of a row.
func (w world) fill(text string) string {
	mine := w.sessions[0]
	return strings.NewReplacer(
		"{user}", mine.user, "{id}", mine.id, "{token}", mine.refresh, "{access}", mine.access,
		"{web}", w.s.demo.web, "{service}", w.s.serviceApp(), "{stranger}", w.sessions[3].user,
		"{serviceId}", w.sessions[2].id, "{serviceToken}", w.sessions[2].refresh, "{secondId}", w.sessions[1].id, "{gone}", w.gone.id,
	).Replace(text)
}

// row is one request of the contract and what it must do.
type row struct {
	law    string // the sentence
	method string
	path   string
	header []string // name, value, name, value
	body   string
	then   outcome
}

// outcome says what a request did to the world: which sessions it ended, and whether its answer is right.
type outcome struct {
	name  string
	dead  []int
	check func(t testing.TB, w world, a answer)
}

// run makes the request of a row as the tenant's administrator and holds the world against the outcome.
func (r row) run(t testing.TB, w world) {
	t.Helper()
	h := w.s.demo.admin()
	if strings.HasPrefix(r.then.name, "refresh") {
		h = http.Header{}
	}
	for i := 0; i < len(r.header); i += 2 {
		h = with(h, r.header[i], w.fill(r.header[i+1]))
	}
	a := w.s.do(t, call{r.method, w.fill(r.path), h, w.fill(r.body)})
	r.then.check(t, w, a)
	rotated := r.then.name == "refresh"
	for i, x := range w.sessions {
		dead := false
		for _, ended := range r.then.dead {
			dead = dead || ended == i
		}
		switch {
		case dead:
			w.s.wantDead(t, x)
		case !rotated || i > 0:
			w.s.wantAlive(t, x)
		}
	}
	if t.Failed() {
		t.Logf("%s\n%s", r.law, a)
	}
}

var (
	refreshes = outcome{name: "refresh", check: func(t testing.TB, w world, a answer) {
		t.Helper()
		a.want(t, 200)
		checkGrant(t, a)
		if a.data("refreshTokenId") != w.sessions[0].id || a.data("refreshToken") == w.sessions[0].refresh {
			t.Errorf("%s: the token did not rotate", a)
		}
	}}
	retrievesByID = outcome{name: "retrieve by id", check: func(t testing.TB, w world, a answer) {
		t.Helper()
		if r := checkResource(t, a.want(t, 200).body["data"]); r["id"] != w.sessions[0].id {
			t.Errorf("%s: another session", a)
		}
	}}
	retrievesByUser = outcome{name: "retrieve by user", check: func(t testing.TB, w world, a answer) {
		t.Helper()
		if got := a.want(t, 200).ids(t); !sameSet(got, idsOf(w.sessions[:3])) {
			t.Errorf("%s: the list is %q", a, got)
		}
	}}
	hintsAtDeletes = outcome{name: "retrieve by user, with a hint", check: func(t testing.TB, w world, a answer) {
		t.Helper()
		retrievesByUser.check(t, w, a)
		if a.header.Get("X-Refresh-Operation") != "retrieve-by-user" {
			t.Errorf("%s: plus `X-Refresh-Operation: retrieve-by-user`; got %q", a, a.header.Get("X-Refresh-Operation"))
		}
		if hint, _ := a.body["hint"].(string); !strings.Contains(strings.ToLower(hint), "delete") {
			t.Errorf("%s: a `hint` field that names the deleting forms; got %q", a, hint)
		}
	}}
	deletesUser = outcome{name: "delete by user", dead: []int{0, 1, 2}, check: func(t testing.TB, w world, a answer) {
		t.Helper()
		wantBulk(t, a, w.sessions[:3]...)
	}}
	deletesUserInWeb = outcome{
		name: "delete by user and application", dead: []int{0, 1},
		check: func(t testing.TB, w world, a answer) {
			t.Helper()
			wantBulk(t, a, w.sessions[:2]...)
		},
	}
	deletesOne = outcome{name: "delete one", dead: []int{0}, check: func(t testing.TB, w world, a answer) {
		t.Helper()
		if r := checkResource(t, a.want(t, 200).body["data"]); r["id"] != w.sessions[0].id {
			t.Errorf("%s: `data` of a single delete is the resource that was deleted", a)
		}
	}}
	deletesWeb = outcome{name: "delete by application", dead: []int{0, 1, 3}, check: func(t testing.TB, w world, a answer) {
		t.Helper()
		data := wantKeys(t, a.want(t, 200).body["data"], "applicationId", "epoch")
		if epoch, _ := data["epoch"].(float64); data["applicationId"] != w.s.demo.web || epoch < 1 {
			t.Errorf("%s: by application `data: {applicationId, epoch}`", a)
		}
	}}
)

// refuses expects a status, nothing changed and, for a 400, each field named among the errors.
func refuses(status int, fields ...string) outcome {
	return outcome{name: "refuse", check: func(t testing.TB, _ world, a answer) {
		t.Helper()
		a.want(t, status)
		for _, field := range fields {
			if !a.names(field) {
				t.Errorf("%s: a 400 naming %q", a, field)
			}
		}
	}}
}

// refusesMentioning is a 400 that mentions a word anywhere, where the contract leaves open which field is at fault.
func refusesMentioning(word string) outcome {
	return outcome{name: "refuse", check: func(t testing.TB, _ world, a answer) {
		t.Helper()
		if a.want(t, 400); !strings.Contains(a.raw, word) {
			t.Errorf("%s: want %q mentioned", a, word)
		}
	}}
}

func sameSet(a, b []string) bool {
	seen := map[string]int{}
	for _, x := range a {
		seen[x]++
	}
	for _, x := range b {
		seen[x]--
	}
	for _, n := range seen {
		if n != 0 {
			return false
		}
	}
	return true
}

// runRows runs a table, each row in a world of its own.
func runRows(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.then.name+" "+r.method+" "+r.path+" "+r.body, func(t *testing.T) {
			t.Parallel()
			r.run(t, newWorld(t, home))
		})
	}
}
