package e2e

import (
	"net/http"
	"strings"
	"testing"
)

func TestARefreshTokenHasOneSpelling(t *testing.T) {
	t.Parallel()
	for _, user := range []string{fresh(), fresh() + "x", fresh() + "xy"} { // one of each length modulo 3
		x := home.issue(t, user, home.demo.web)
		body := x.refresh[len("srt_"):]
		last := body[len(body)-1]
		spellings := []string{
			body, "SRT_" + body, "srt-" + body, "srt_srt_" + body, " " + x.refresh, x.refresh + " ", x.refresh + "=", x.refresh + "==", x.refresh + "\n",
			x.refresh + "\r\n", x.refresh[:50] + "\n" + x.refresh[50:], x.refresh[:50] + " " + x.refresh[50:], x.refresh + "A", x.refresh + "AAAA",
			x.refresh[:len(x.refresh)-1], x.refresh[:len(x.refresh)-4], x.refresh + "\x00", "\ufeff" + x.refresh, x.refresh + "." + x.refresh,
		}
		if strings.ContainsAny(body, "-_") {
			spellings = append(spellings, "srt_"+strings.NewReplacer("-", "+", "_", "/").Replace(body))
		}
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		for _, c := range alphabet { // trailing bits that a lax decoder would ignore
			if byte(c) != last {
				spellings = append(spellings, x.refresh[:len(x.refresh)-1]+string(c))
			}
		}
		for _, spelling := range spellings {
			home.present(t, spelling).check(t, 400)
		}
		home.wantAlive(t, x)
		home.rotate(t, x)
	}
}

func TestARefreshTokenWithOneOtherCharacterIsRefusedAndHarmsNobody(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for i := range x.refresh {
		forged := x.refresh[:i] + flip(x.refresh[i]) + x.refresh[i+1:]
		home.present(t, forged).check(t, 400)
		home.do(t, call{"POST", "/jwt/revoke", home.demo.admin(), jsonOf(map[string]string{"token": forged})}).want(t, 404)
	}
	home.wantAlive(t, x)
	equal(t, "a retry", home.rotate(t, x).refresh, home.rotate(t, x).refresh)
}

func TestACredentialWithOneOtherCharacterIsRefused(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, credential := range []string{home.demo.key, x.access} {
		for i := range credential {
			forged := credential[:i] + flip(credential[i]) + credential[i+1:]
			home.do(t, call{"GET", "/jwt/refresh?userId=" + x.user, home.demo.as(forged), ""}).want(t, 401)
		}
	}
}

func TestPartsOfTwoTokensMakeNoThird(t *testing.T) {
	t.Parallel()
	user := fresh()
	x, y := home.issue(t, user, home.demo.web), home.issue(t, user, home.demo.web)
	equal(t, "the length of a token for the same ids", len(x.refresh), len(y.refresh))
	for cut := 8; cut < len(x.refresh)-2; cut += 4 {
		for _, mixed := range []string{x.refresh[:cut] + y.refresh[cut:], y.refresh[:cut] + x.refresh[cut:]} {
			if mixed != x.refresh && mixed != y.refresh {
				home.present(t, mixed).want(t, 400)
			}
		}
	}
	home.wantAlive(t, x, y)
}

func TestAnotherTenantSeesAndEndsNothing(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	x := w.sessions[0]
	namesake := home.issueIn(t, home.other, x.user)
	h := home.other.admin()
	for _, c := range []call{
		{"GET", "/jwt/refresh/" + x.id, h, ""},
		{"DELETE", "/jwt/refresh/" + x.id, h, ""},
		{"POST", "/jwt/refresh", h, jsonOf(map[string]string{"tokenId": x.id})},
		{"POST", "/jwt/refresh", h, jsonOf(map[string]string{"TokenString": x.refresh})},
		{"POST", "/jwt/revoke", h, jsonOf(map[string]string{"token": x.refresh})},
		{"DELETE", "/jwt/refresh", h, jsonOf(map[string]string{"token": x.refresh})},
		{"POST", "/jwt/refresh/" + x.id, h, jsonOf(map[string]string{"applicationsId": home.demo.web})},
		{"DELETE", "/jwt/users/" + x.user + "/applications/" + home.serviceApp() + "/refresh", h, ""},
		{"DELETE", "/jwt/applications/" + home.serviceApp() + "/refresh", h, ""},
		{"POST", "/jwt/issue", h, jsonOf(map[string]string{"userId": x.user, "applicationId": home.serviceApp()})},
	} {
		home.do(t, c).want(t, 404)
	}
	equal(t, "the other tenant's list", home.do(t, call{"GET", "/jwt/refresh?userId=" + x.user, h, ""}).want(t, 200).ids(t), []string{namesake.id})
	wantBulk(t, home.do(t, call{"DELETE", "/jwt/users/" + x.user + "/refresh", h, ""}), namesake)
	home.wantAlive(t, w.sessions...)
}

// Each of these ids could be mistaken for a part of a session's key.
func TestDelimitersInIdsReachNoOtherKey(t *testing.T) {
	t.Parallel()
	user := fresh()
	victim := home.issue(t, user, home.demo.web)
	attempts := []string{
		user + "#", user + "#APP#" + home.demo.web, user + "%23APP%23" + home.demo.web, user + "#APP#" + home.demo.web + "#TOKEN#" + victim.id,
		"TENANT#" + home.demo.id + "#USER#" + user, "../" + user, user + "/..", "./" + user, user + "/", user + "/refresh", user + "\\", user + "%00",
		user + "%2F..", user + "?x", user + "&userId=" + user, user + "%", user + "\"", user + "'", user + "*", user + "|",
	}
	for _, id := range attempts {
		for _, c := range []call{
			{"DELETE", "/jwt/users/" + escape(id) + "/refresh", home.demo.admin(), ""},
			{"DELETE", "/jwt/users/" + escape(id) + "/applications/" + home.demo.web + "/refresh", home.demo.admin(), ""},
			{"DELETE", "/jwt/refresh", home.demo.admin(), jsonOf(map[string]string{"userId": id})},
			{"DELETE", "/jwt/refresh?userId=" + escape(id), home.demo.admin(), ""},
		} {
			wantBulk(t, home.do(t, c))
		}
		equal(t, "the list of "+id, home.list(t, id, "").want(t, 200).ids(t), []string{})
	}
	for _, app := range []string{home.demo.web + "#TOKEN#" + victim.id, home.demo.web + "#", home.demo.web + "%23", "../users"} {
		home.do(t, call{"DELETE", "/jwt/users/" + user + "/applications/" + escape(app) + "/refresh", home.demo.admin(), ""}).want(t, 404)
	}
	for _, id := range []string{victim.id + "#", "#" + victim.id, victim.id + "/..", "../" + victim.id, "TOKEN#" + victim.id} {
		home.do(t, call{"DELETE", "/jwt/refresh/" + escape(id), home.demo.admin(), ""}).want(t, 404)
	}
	home.wantAlive(t, victim)
}

// A router that cleans these paths would lead them to another user's sessions.
func TestAPathIsNeverTidiedUp(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	user := w.sessions[0].user
	for _, path := range []string{
		"/jwt/users/x/../" + user + "/refresh", "/jwt/users//" + user + "/refresh", "//jwt/users/" + user + "/refresh", "/jwt/./users/" + user + "/refresh",
		"/jwt/users/" + user + "/refresh/../refresh", "/jwt/users/x%2F..%2F" + user + "/refresh", "/x/../jwt/users/" + user + "/refresh",
	} {
		a, err := home.send(call{"DELETE", path, home.demo.admin(), ""})
		if err != nil {
			t.Fatal(err)
		}
		if data, _ := a.body["data"].(map[string]any); a.status == http.StatusOK && data["deleted"] != 0.0 || a.status >= 500 {
			t.Errorf("%s: want nothing deleted", a)
		}
	}
	home.wantAlive(t, w.sessions...)
}
