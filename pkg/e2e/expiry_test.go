package e2e

import (
	"errors"
	"testing"
	"time"
)

// Tests of time use application short. They wait for the instants that the service announces and compare these with the
// moments at which requests were sent and answered, so that a slow machine makes them slow and nothing else.

// The settings of application short, beside access tokens of 2 seconds.
const (
	shortIdle     = 4 * time.Second
	shortAbsolute = 8 * time.Second
	shortOverlap  = time.Second
)

func sleepUntil(at time.Time) { time.Sleep(time.Until(at)) }

// accessExpiry is when an access token ends by its own claim.
func accessExpiry(t testing.TB, access string) time.Time {
	t.Helper()
	seconds, _ := parseJWT(t, access).claims["exp"].(float64)
	return time.Unix(int64(seconds), 0)
}

// withExpiredAccess runs a test on a session whose access token has expired. Where the session itself has expired by the
// end of the test, it is repeated on another one.
func withExpiredAccess(t *testing.T, test func(x session) error) {
	t.Helper()
	long(t)
	for {
		x := home.issue(t, fresh(), home.shortApp())
		sleepUntil(accessExpiry(t, x.access))
		if err := test(x); time.Now().Before(x.expires) {
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
}

// changesAt repeats a request until its answer has a status: no answer before the instant has it, and all of later
// requests.
func changesAt(t *testing.T, at time.Time, status int, ask func() answer) {
	t.Helper()
	for {
		sent := time.Now()
		a := ask()
		if a.status == status {
			if now := time.Now(); now.Before(at) {
				t.Errorf("%s; %v before it is due", a, at.Sub(now))
			}
			return
		}
		if !sent.Before(at) {
			t.Fatalf("%s; want %d, %v after it is due", a, status, sent.Sub(at))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestASessionThatNobodyRefreshesExpires(t *testing.T) {
	t.Parallel()
	long(t)
	x := home.issue(t, fresh(), home.shortApp())
	changesAt(t, x.expires, 404, func() answer { return home.resource(t, x) })
	if got := home.list(t, x.user, "").want(t, 200).ids(t); len(got) != 0 {
		t.Errorf("the list of an expired session: got %q, want none", got)
	}
	home.do(t, call{"DELETE", "/jwt/refresh/" + x.id, home.demo.admin(), ""}).want(t, 404)
	home.present(t, x.refresh).want(t, 400)
}

func TestASessionExpiresHoweverOftenItIsRefreshed(t *testing.T) {
	t.Parallel()
	long(t)
	for {
		x := home.issue(t, fresh(), home.shortApp())
		over := x.expires.Add(shortAbsolute - shortIdle)
		for {
			sent := time.Now()
			a := home.present(t, x.refresh)
			if a.status != 200 {
				break
			}
			if x = x.granted(t, a); !sent.Before(over.Add(-time.Second)) || x.expires.After(over) {
				t.Fatalf("a refresh sent at %v: got a token until %v, want none beyond %v", sent, x.expires, over)
			}
			time.Sleep(100 * time.Millisecond)
		}
		until := x.expires
		if x.expires.Equal(over) {
			until = over.Add(-time.Second) // the last second before the absolute end no longer refreshes (law 3)
		}
		if now := time.Now(); now.Before(until) {
			t.Fatalf("refused at %v, want a refresh until %v", now, until)
		}
		if x.expires.Equal(over) {
			home.resource(t, x).want(t, 404)
			return
		}
		// The machine was so slow that the session expired idle: again.
	}
}

func TestAnAccessTokenExpiresAndMayAccompanyARefreshAfterwards(t *testing.T) {
	t.Parallel()
	withExpiredAccess(t, func(x session) error {
		header := with(nil, "Authorization", "Bearer "+x.access)
		return errors.Join(home.read(t, x).is(401), home.do(t, call{"POST", "/jwt/refresh", header, x.body()}).is(200))
	})
}

func TestTheOverlapEndsAtItsTimeAndNoRetryExtendsIt(t *testing.T) {
	t.Parallel()
	long(t)
	x := home.issue(t, fresh(), home.shortApp())
	a := home.present(t, x.refresh)
	for a.status != 200 && !time.Now().Before(x.expires) { // the machine was so slow
		x = home.issue(t, fresh(), home.shortApp())
		a = home.present(t, x.refresh)
	}
	y := x.granted(t, a.want(t, 200))
	over := y.expires.Add(shortOverlap - shortIdle + time.Millisecond)
	changesAt(t, over, 400, func() answer {
		a := home.present(t, x.refresh)
		if a.status == 200 && a.data("refreshToken") != y.refresh {
			t.Error("a retry: got another successor")
		}
		return a
	})
	home.wantDead(t, y) // it was a reuse
}
