package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// row is one request of the contract and its outcome.
type row struct {
	law    string // the sentence of the contract
	method string
	path   string
	header []string // name, value, name, value
	body   string
	then   outcome
}

// outcome says which sessions of a fixture a request ends, and whether its answer is right.
type outcome struct {
	name  string
	dead  []int
	check func(t testing.TB, w fixture, a answer)
}

// run makes the request of a row as the tenant's administrator and compares the fixture with the outcome.
func (r row) run(t testing.TB, w fixture) {
	t.Helper()
	h := home.demo.admin()
	if strings.HasPrefix(r.then.name, "refresh") {
		h = http.Header{}
	}
	for i := 0; i < len(r.header); i += 2 {
		h = with(h, r.header[i], w.fill(r.header[i+1]))
	}
	a := home.do(t, call{r.method, w.fill(r.path), h, w.fill(r.body)})
	r.then.check(t, w, a)
	for i, x := range w.sessions {
		if slices.Contains(r.then.dead, i) {
			home.wantDead(t, x)
		} else if i > 0 || r.then.name != "refresh" {
			home.wantAlive(t, x)
		}
	}
	if t.Failed() {
		t.Logf("%s\n%s", r.law, a)
	}
}

// runRows runs a table, each row on a fixture of its own.
func runRows(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.then.name+" "+r.method+" "+r.path+" "+r.body, func(t *testing.T) {
			t.Parallel()
			r.run(t, newFixture(t))
		})
	}
}

var (
	refreshes = outcome{name: "refresh", check: func(t testing.TB, w fixture, a answer) {
		t.Helper()
		checkGrant(t, a.want(t, 200))
		if a.data("refreshTokenId") != w.sessions[0].id || a.refreshToken() == w.sessions[0].refresh {
			t.Errorf("%s: want another token of session %s", a, w.sessions[0].id)
		}
	}}
	retrievesByID = outcome{name: "retrieve by id", check: func(t testing.TB, w fixture, a answer) {
		t.Helper()
		if r := checkResource(t, a.want(t, 200).body["data"]); r["id"] != w.sessions[0].id {
			t.Errorf("%s: want session %s", a, w.sessions[0].id)
		}
	}}
	retrievesByUser = outcome{name: "retrieve by user", check: func(t testing.TB, w fixture, a answer) {
		t.Helper()
		if got, want := a.want(t, 200).ids(t), idsOf(w.sessions[:3]); !sameSet(got, want) {
			t.Errorf("%s: got the list %q, want %q", a, got, want)
		}
	}}
	hintsAtDeletes = outcome{name: "retrieve by user, with a hint", check: func(t testing.TB, w fixture, a answer) {
		t.Helper()
		retrievesByUser.check(t, w, a)
		if got := a.header.Get("X-Refresh-Operation"); got != "retrieve-by-user" {
			t.Errorf("%s: X-Refresh-Operation: got %q, want retrieve-by-user", a, got)
		}
		if hint := a.text("hint"); !strings.Contains(strings.ToLower(hint), "delete") {
			t.Errorf("%s: hint: got %q, want the deleting forms named", a, hint)
		}
	}}
	deletesUser = outcome{name: "delete by user", dead: []int{0, 1, 2}, check: func(t testing.TB, w fixture, a answer) {
		t.Helper()
		wantBulk(t, a, w.sessions[:3]...)
	}}
	deletesUserInWeb = outcome{
		name: "delete by user and application", dead: []int{0, 1},
		check: func(t testing.TB, w fixture, a answer) {
			t.Helper()
			wantBulk(t, a, w.sessions[:2]...)
		},
	}
	deletesOne = outcome{name: "delete one", dead: []int{0}, check: retrievesByID.check} // the resource that was deleted
	deletesWeb = outcome{name: "delete by application", dead: []int{0, 1, 3}, check: func(t testing.TB, _ fixture, a answer) {
		t.Helper()
		data := wantKeys(t, a.want(t, 200).body["data"], "applicationId", "epoch")
		if epoch, _ := data["epoch"].(float64); data["applicationId"] != home.demo.web || epoch < 1 {
			t.Errorf("%s: want application %s and an epoch above 0", a, home.demo.web)
		}
	}}
)

// refuses expects a status, nothing changed and, for a 400, each field named among the errors.
func refuses(status int, fields ...string) outcome {
	return outcome{name: "refuse", check: func(t testing.TB, _ fixture, a answer) {
		t.Helper()
		a.want(t, status).wantFields(t, fields...)
	}}
}

// refusesMentioning is a 400 that mentions a word anywhere, where the contract leaves open which field is at fault.
func refusesMentioning(word string) outcome {
	return outcome{name: "refuse", check: func(t testing.TB, _ fixture, a answer) {
		t.Helper()
		if a.want(t, 400); !strings.Contains(a.raw, word) {
			t.Errorf("%s: want %q mentioned", a, word)
		}
	}}
}
