package e2e

import (
	"strings"
	"sync"
	"testing"
	"time"
)

func TestARefreshRotatesAndItsOldAccessTokenDies(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	home.do(t, call{"GET", "/jwt/refresh/" + x.id, x.owner(), ""}).want(t, 200)
	a := home.present(t, x.refresh).want(t, 200)
	checkGrant(t, a)
	if a.data("refreshToken") == x.refresh || a.data("refreshTokenId") != x.id {
		t.Errorf("%s: its secret changes at every refresh, its `id` never", a)
	}
	home.do(t, call{"GET", "/jwt/refresh/" + x.id, x.owner(), ""}).want(t, 401)
	y := x
	y.access = a.data("accessToken")
	data := checkResource(t, home.do(t, call{"GET", "/jwt/refresh/" + x.id, y.owner(), ""}).want(t, 200).body["data"])
	if data["generation"] != 1.0 || data["lastRefreshedAt"] == nil {
		t.Errorf("after one refresh: %v", data)
	}
}

func TestARetryWithinTheOverlapGetsTheSameSuccessor(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	first := home.present(t, x.refresh).want(t, 200)
	for range 3 {
		again := home.present(t, x.refresh).want(t, 200)
		if again.data("refreshToken") != first.data("refreshToken") || jti(t, again) != jti(t, first) {
			t.Error("Whoever repeats a refresh computes the same successor; a repeated answer names the same access token")
		}
	}
	if data := checkResource(t, home.resource(t, x).want(t, 200).body["data"]); data["generation"] != 1.0 {
		t.Errorf("generation %v after one refresh and retries of it", data["generation"])
	}
	home.present(t, first.data("refreshToken")).want(t, 200)
}

func jti(t testing.TB, a answer) any {
	t.Helper()
	return parseJWT(t, a.data("accessToken")).claims["jti"]
}

func TestReuseEndsTheSession(t *testing.T) {
	t.Parallel()
	first := home.issue(t, fresh(), home.demo.web)
	bystander := home.issue(t, first.user, home.demo.web)
	second := home.rotate(t, first)
	third := home.rotate(t, second)
	if a := home.present(t, second.refresh).want(t, 200); a.data("refreshToken") != third.refresh {
		t.Errorf("%s: the window belongs to the immediate predecessor", a)
	}
	home.present(t, first.refresh).want(t, 400) // "closes as soon as the successor itself has been used"
	home.wantDead(t, third)
	home.present(t, second.refresh).want(t, 400)
	home.wantAlive(t, bystander)
}

func TestAllRefusalsReadTheSame(t *testing.T) {
	t.Parallel()
	expired := home.issue(t, fresh(), home.shortApp())
	deleted := home.issue(t, fresh(), home.demo.web)
	home.do(t, call{"DELETE", "/jwt/refresh/" + deleted.id, deleted.owner(), ""}).want(t, 200)
	reused := home.issue(t, fresh(), home.demo.web)
	home.rotate(t, home.rotate(t, reused))
	forged := home.issue(t, fresh(), home.demo.web).refresh
	forged = forged[:60] + flip(forged[60]) + forged[61:]
	bodies := map[string]string{
		"deleted": home.present(t, deleted.refresh).want(t, 400).raw,
		"reused":  home.present(t, reused.refresh).want(t, 400).raw,
		"gone":    home.present(t, reused.refresh).want(t, 400).raw,
		"forged":  home.present(t, forged).want(t, 400).raw,
		"garbage": home.present(t, "garbage").want(t, 400).raw,
		"none":    home.present(t, "srt_").want(t, 400).raw,
		"another": home.present(t, deleted.access).want(t, 400).raw,
		"key":     home.present(t, home.demo.key).want(t, 400).raw,
		"long":    home.present(t, "srt_"+strings.Repeat("A", 5000)).want(t, 400).raw,
	}
	time.Sleep(4500 * time.Millisecond)
	bodies["expired"] = home.present(t, expired.refresh).want(t, 400).raw
	for name, body := range bodies {
		if body != bodies["deleted"] {
			t.Errorf("one body for all four; %s reads %s, deleted reads %s", name, body, bodies["deleted"])
		}
	}
}

// flip is another character of the alphabet.
func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

func Test64ConcurrentRefreshesOfOneTokenAgree(t *testing.T) {
	t.Parallel()
	for range 3 {
		x := home.issue(t, fresh(), home.demo.web)
		answers := make([]answer, 64)
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range answers {
			all.Go(func() {
				<-start
				a, err := home.send(call{"POST", "/jwt/refresh", nil, jsonOf(map[string]string{"refreshToken": x.refresh})})
				if err != nil {
					t.Error(err)
				}
				answers[i] = a
			})
		}
		close(start)
		all.Wait()
		for _, a := range answers {
			a.want(t, 200)
			if a.data("refreshToken") != answers[0].data("refreshToken") || jti(t, a) != jti(t, answers[0]) {
				t.Fatal("64 concurrent refreshes of one token all answer 200 with the same refresh token")
			}
		}
		if data := checkResource(t, home.resource(t, x).want(t, 200).body["data"]); data["generation"] != 1.0 {
			t.Errorf("the state changes once; generation is %v", data["generation"])
		}
		home.present(t, answers[0].data("refreshToken")).want(t, 200)
	}
}

func TestAReusableSessionKeepsItsTokens(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.serviceApp())
	before := checkResource(t, home.resource(t, x).want(t, 200).body["data"])
	time.Sleep(1100 * time.Millisecond)
	for range 3 {
		a := home.present(t, x.refresh).want(t, 200)
		checkGrant(t, a)
		if a.data("refreshToken") != x.refresh {
			t.Error("a `reusable` session only extends its idle expiry")
		}
		home.do(t, call{"GET", "/jwt/refresh/" + x.id, session{tenant: x.tenant, access: a.data("accessToken")}.owner(), ""}).want(t, 200)
	}
	home.do(t, call{"GET", "/jwt/refresh/" + x.id, x.owner(), ""}).want(t, 200) // "unless the session is reusable"
	after := checkResource(t, home.resource(t, x).want(t, 200).body["data"])
	if !timeOf(t, after["expiresAt"]).After(timeOf(t, before["expiresAt"])) || after["absoluteExpiresAt"] != before["absoluteExpiresAt"] {
		t.Errorf("before %v, after %v", before, after)
	}
}

func TestExpiryIsChecked(t *testing.T) {
	t.Parallel()
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		x := home.issue(t, fresh(), home.shortApp())
		time.Sleep(4500 * time.Millisecond)
		home.resource(t, x).want(t, 404)
		if got := home.list(t, x.user, "").want(t, 200).ids(t); len(got) != 0 {
			t.Errorf("an expired session is listed: %q", got)
		}
		home.do(t, call{"DELETE", "/jwt/refresh/" + x.id, home.demo.admin(), ""}).want(t, 404)
		home.present(t, x.refresh).want(t, 400)
	})
	t.Run("absolute, however often it is refreshed", func(t *testing.T) {
		t.Parallel()
		x := home.issue(t, fresh(), home.shortApp())
		created := time.Now()
		for time.Since(created) < 6*time.Second {
			time.Sleep(1500 * time.Millisecond)
			x = home.rotate(t, x)
		}
		data := checkResource(t, home.resource(t, x).want(t, 200).body["data"])
		if data["expiresAt"] != data["absoluteExpiresAt"] {
			t.Errorf("`expiresAt` is the idle expiry or the absolute one, whichever is earlier: %v", data)
		}
		time.Sleep(8500*time.Millisecond - time.Since(created))
		home.present(t, x.refresh).want(t, 400)
		home.resource(t, x).want(t, 404)
	})
	t.Run("access token", func(t *testing.T) {
		t.Parallel()
		x := home.issue(t, fresh(), home.shortApp())
		time.Sleep(3100 * time.Millisecond)
		home.do(t, call{"GET", "/jwt/refresh/" + x.id, x.owner(), ""}).want(t, 401)
		// "An access token that accompanies a refresh may be expired"
		header := with(nil, "Authorization", "Bearer "+x.access)
		home.do(t, call{"POST", "/jwt/refresh", header, jsonOf(map[string]string{"refreshToken": x.refresh})}).want(t, 200)
	})
}

func TestTheOverlapIsNeverExtendedByARetry(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.shortApp())
	began := time.Now()
	y := home.rotate(t, x)
	answered := time.Now()
	time.Sleep(700 * time.Millisecond)
	if a := home.present(t, x.refresh); time.Since(began) < time.Second { // else the machine was too slow to tell
		if a.want(t, 200).data("refreshToken") != y.refresh {
			t.Error("a retry gets the same successor")
		}
	}
	time.Sleep(1500*time.Millisecond - time.Since(answered))
	home.present(t, x.refresh).want(t, 400)
	home.wantDead(t, y) // "otherwise reuse: delete the session"
}
