package e2e

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Sessions of another system, which rtctl brings along: their refresh tokens are exchanged for tokens of this service.

// issuedThere is when the other system issued its sessions.
var issuedThere = time.Now().Add(-24 * time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")

// accepting is a service that accepts imported tokens.
func accepting(t *testing.T, env ...string) *service {
	t.Helper()
	long(t)
	s := start(t, filepath.Join(t.TempDir(), "local"), append([]string{"ACCEPT_IMPORTED=true"}, env...)...)
	t.Cleanup(func() {
		if err := s.leaks(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// brought imports one session of each of some new users in an application. Their tokens are those of the other system.
func (s *service) brought(t testing.TB, n int, app string) []session {
	t.Helper()
	all := make([]session, n)
	for i := range all {
		encode := base64.RawURLEncoding.EncodeToString
		all[i] = session{
			tenant: s.demo.id, user: fresh(), app: app, refresh: "old~" + rand.Text(),
			access: encode([]byte(`{"alg":"RS256","kid":"old"}`)) + "." + encode([]byte(`{"iss":"https://old.example"}`)) + "." + encode([]byte(rand.Text())),
		}
	}
	if said, want := s.bring(t, all...), fmt.Sprintf("imported %d sessions of %d lines, skipped 0", n, n); said != want {
		t.Fatalf("rtctl import: got %s, want %s", said, want)
	}
	return all
}

// bring imports sessions of one application.
func (s *service) bring(t testing.TB, all ...session) (said string) {
	t.Helper()
	var lines strings.Builder
	for _, x := range all {
		hash := sha256.Sum256([]byte(x.refresh))
		lines.WriteString(jsonOf(map[string]any{
			"userId": x.user, "tokenSha256": hex.EncodeToString(hash[:]), "createdAt": issuedThere, "scope": "read write",
			"absoluteExpiresAt": time.Now().Add(time.Hour), "claims": map[string]any{"plan": "free"}, "device": map[string]any{"name": "Old phone"},
		}) + "\n")
	}
	file := filepath.Join(t.TempDir(), "sessions.jsonl")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return s.rtctl(t, "import", file, "--application", all[0].app)
}

// wantNoTrace wants neither an old token nor its hash in what the service printed.
func (s *service) wantNoTrace(t testing.TB, all ...session) {
	t.Helper()
	for _, x := range all {
		hash := sha256.Sum256([]byte(x.refresh))
		for _, secret := range []string{x.refresh, x.access, hex.EncodeToString(hash[:])} {
			if strings.Contains(s.log.String(), secret) {
				t.Errorf("got %q in the log, want no secret", secret)
			}
		}
	}
}

// exchanges are all ways to refresh with a token of another system.
func exchanges(s *service) []published {
	whole, cookie := stencilAPI(), stencilAPI()
	whole.name, cookie.name = "Stencil with tenant and access token", "Stencil by cookie"
	whole.request = func(x session) call { return call{"POST", "/jwt/refresh", x.owner(), x.body()} }
	cookie.request = func(x session) call { return cookieCall(x.by("refresh_token", "access_token")) }
	cookie.tokens = func(a answer) (string, string) { return a.data("accessToken"), a.refreshToken() }
	all := append(interfaces(), whole, cookie)
	for i := range all {
		all[i].at = s
	}
	return all
}

// Law 10: presenting it is the ordinary rotation, and retry and reuse follow.
func TestAForeignTokenIsExchangedRepeatedAndCaughtLikeAnyOther(t *testing.T) {
	t.Parallel()
	s := accepting(t)
	for _, p := range exchanges(s) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			both := s.brought(t, 2, s.demo.web)
			x, bystander := both[0], both[1]
			first := p.rotate(t, x)
			claims := parseJWT(t, first.access).claims
			if claims["sub"] != x.user || claims["scope"] != "read write" || claims["plan"] != "free" || claims["client_id"] != x.app {
				t.Errorf("got %v, want what was imported", claims)
			}
			first.id, _ = claims["sid"].(string)
			r := s.wantResource(t, first, 1)
			equal(t, "the resource", fmt.Sprint(r["createdAt"], " ", r["device"]), issuedThere+" map[name:Old phone]")
			s.read(t, first).want(t, 200)

			for range 2 {
				if again := p.rotate(t, x); again.refresh != first.refresh || jti(t, again.access) != jti(t, first.access) {
					t.Error("a repetition: got another successor, want the same")
				}
			}
			if again := s.present(t, x.refresh).want(t, 200); again.data("refreshToken") != first.refresh {
				t.Error("a repetition by the guide's interface: got another successor, want the same")
			}
			current := first
			for range 5 {
				current = p.rotate(t, current)
			}
			if again := p.rotate(t, x); again.refresh != current.refresh {
				t.Error("five generations behind: got another token than the current one")
			}
			for range 2 {
				current = p.rotate(t, current)
			}
			garbage := p.ask(t, p.request(session{tenant: x.tenant, refresh: "garbage", access: x.access})).want(t, p.refused)
			equal(t, "a reuse", p.ask(t, p.request(x)).want(t, p.refused).raw, garbage.raw) // seven behind
			current.id = first.id
			s.wantDead(t, current)

			equal(t, "a repeated import", s.bring(t, x), "line 1: there\nimported 0 sessions of 1 lines, skipped 1")
			p.ask(t, p.request(x)).want(t, p.refused)
			s.resource(t, current).want(t, 404)
			a := s.do(t, call{method: "GET", path: "/jwt/users/" + escape(x.user) + "/history", header: s.demo.admin()}).want(t, 200)
			var events []any
			for _, one := range a.body["data"].([]any) {
				events = append(events, one.(map[string]any)["event"])
			}
			equal(t, "the history", events, []any{"reuse_detected", "imported"})
			p.rotate(t, bystander)
			s.wantNoTrace(t, x, bystander)
		})
	}
}

func TestAForeignTokenOfAReusableSessionRefreshesAgainAndAgain(t *testing.T) {
	t.Parallel()
	s := accepting(t)
	for _, p := range exchanges(s) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			x := s.brought(t, 1, s.serviceApp())[0]
			for range 3 {
				access, _ := p.tokens(p.ask(t, p.request(x)).want(t, 200))
				equal(t, "sub", parseJWT(t, access).claims["sub"], any(x.user))
			}
		})
	}
}

// A token may have 2 048 characters, on 7G 255.
func TestAForeignTokenHasAtMost2048Characters(t *testing.T) {
	t.Parallel()
	s := accepting(t)
	for _, p := range exchanges(s) {
		longest := 2048
		if strings.HasPrefix(p.name, "7G") {
			longest = 255
		}
		all := s.brought(t, 2, s.demo.web)
		for i := range all {
			all[i].user, all[i].refresh = fresh(), "old"+strings.Repeat("~", longest+i-3-26)+rand.Text()
		}
		s.bring(t, all...)
		p.ask(t, p.request(all[0])).check(t, 200, p.name)
		if a := p.ask(t, p.request(all[1])); a.status != p.refused && a.status != 400 {
			t.Errorf("%s: got %s, want a refusal", p.name, a)
		}
	}
}

func TestAForeignTokenEndsItsSession(t *testing.T) {
	t.Parallel()
	s := accepting(t)
	ways := map[string]func(x session) call{
		"logout": func(x session) call { return call{"POST", "/jwt/logout", nil, x.body()} },
		"logout by cookie": func(x session) call {
			return call{"POST", "/jwt/logout", with(nil, "Cookie", "refreshToken="+x.refresh), ""}
		},
		"by string": func(x session) call {
			return call{"POST", "/jwt/revoke", s.demo.admin(), jsonOf(map[string]string{"token": x.refresh})}
		},
		"a form": func(x session) call {
			return call{"POST", "/jwt/refresh", s.demo.admin(), jsonOf(map[string]string{"TokenString": x.refresh})}
		},
		"DELETE": func(x session) call {
			return call{"DELETE", "/jwt/refresh", s.demo.admin(), jsonOf(map[string]string{"TokenString": x.refresh})}
		},
		"RFC 7009": func(x session) call {
			return call{"POST", revokePath, isForm(), form("token", x.refresh, "token_type_hint", "refresh_token")}
		},
	}
	for name, end := range ways {
		for _, exchanged := range []bool{false, true} {
			x := s.brought(t, 1, s.demo.web)[0]
			if exchanged {
				s.present(t, x.refresh).want(t, 200)
			}
			s.do(t, end(x)).check(t, 200, name)
			s.present(t, x.refresh).check(t, 400, name)
			equal(t, name+": sessions", len(s.list(t, x.user, "").want(t, 200).ids(t)), 0)
			equal(t, name+": a repeated import", s.bring(t, x), "line 1: there\nimported 0 sessions of 1 lines, skipped 1")
			s.present(t, x.refresh).check(t, 400, name)
		}
	}
}

// Introspection knows the tokens of this service: an old one is inactive, and that is no reuse.
func TestIntrospectionSaysThatAForeignTokenIsInactive(t *testing.T) {
	t.Parallel()
	s := accepting(t)
	x := s.brought(t, 1, s.demo.web)[0]
	wantInactive(t, s.describe(t, x.refresh))
	next := s.present(t, x.refresh).want(t, 200)
	wantInactive(t, s.describe(t, x.refresh))
	active := s.describe(t, next.data("refreshToken")).want(t, 200)
	equal(t, "its successor", fmt.Sprint(active.body["active"], " ", active.body["sub"], " ", active.body["plan"]), "true "+x.user+" free")
}

func TestForeignTokensInCookiesAreComparedLikeAnyOther(t *testing.T) {
	t.Parallel()
	s := accepting(t)
	all := s.brought(t, 4, s.demo.web)
	x, y, z, begins := all[0], all[1], all[2], all[3]

	a := s.do(t, cookieCall("refreshToken=theirs; "+x.by("refresh_token", "access_token"))).want(t, 200)
	equal(t, "beside what is no token", a.cleared(t), []string(nil))
	next := a.cookies()["refresh_token"]
	equal(t, "the access cookie", a.cookies()["access_token"], a.data("accessToken"))

	// The newest of one session counts, and the other name is cleared.
	a = s.do(t, cookieCall("refreshToken="+x.refresh+"; refresh_token="+next)).want(t, 200)
	equal(t, "cleared", a.cleared(t), []string{"refreshToken"})
	if set := a.cookies(); set["refresh_token"] == "" || set["refresh_token"] == next || set["refreshToken"] != "" {
		t.Errorf("got %v, want the successor of the newest alone", set)
	}
	a = s.do(t, cookieCall("refreshToken="+y.refresh+"; refresh_token="+z.refresh)).want(t, 400)
	equal(t, "of two sessions", a.cleared(t), []string{"refreshToken", "refresh_token"})
	a = s.do(t, cookieCall("refreshToken="+y.refresh+"; refresh_token="+y.refresh)).want(t, 200)
	equal(t, "the same twice", len(a.cookies()), 4)
	a = s.do(t, cookieCall("refreshToken="+y.refresh+"; __Host-refresh_token="+z.refresh)).want(t, 200)
	equal(t, "__Host- wins", parseJWT(t, a.data("accessToken")).claims["sub"], any(z.user))

	begin := call{"POST", "/jwt/refresh", nil, `{"refreshToken":"` + begins.refresh + `","cookies":true}`}
	if set := s.do(t, begin).want(t, 200).cookies(); !strings.HasPrefix(set["__Host-refresh_token"], "srt_") {
		t.Errorf("got %v, want a token of this service in the first pair", set)
	}
	// One that is refused for good is cleared.
	s.do(t, call{"POST", "/jwt/logout", nil, begins.body()}).want(t, 200)
	equal(t, "cleared", s.do(t, cookieCall(begins.by("refreshToken", "accessToken"))).want(t, 400).cleared(t), []string{"refreshToken", "accessToken"})
	s.wantNoTrace(t, all...)
}

// Where the deployment accepts none, or none of this form, they read like every string that is no token.
func TestForeignTokensAreRefusedWhereNoneAreAccepted(t *testing.T) {
	t.Parallel()
	s := accepting(t)
	x := s.brought(t, 1, s.demo.web)[0]
	refused := func(s *service) {
		t.Helper()
		for _, p := range exchanges(s) {
			garbage := session{tenant: x.tenant, refresh: "garbage", access: x.access}
			equal(t, p.name, p.ask(t, p.request(x)).want(t, p.refused).raw, p.ask(t, p.request(garbage)).want(t, p.refused).raw)
		}
		s.do(t, call{"POST", "/jwt/revoke", s.demo.admin(), jsonOf(map[string]string{"token": x.refresh})}).check(t, 404)
		s.do(t, call{"POST", "/jwt/logout", nil, x.body()}).check(t, 200) // it ends nothing
	}
	restarted := func(env ...string) *service {
		t.Helper()
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		s = start(t, s.dir, slices.Concat([]string{samePort(s)}, env)...)
		return s
	}
	refused(restarted())
	refused(restarted("ACCEPT_IMPORTED=true", "IMPORTED_TOKEN_PATTERN=older~[A-Z0-9]+"))
	restarted("ACCEPT_IMPORTED=true", "IMPORTED_TOKEN_PATTERN=old~[A-Z0-9]+").present(t, x.refresh).want(t, 200)
}
