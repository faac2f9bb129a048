package overlap

import (
	"encoding/xml"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const browsers, phones = 30 * time.Second, day // overlaps

// lab simulates 10^4 sessions of each kind, 10^3 in the inner loop and 10^6 when PROOF=long.
func lab() Lab {
	l := Lab{Sessions: 10_000, Thefts: 1000, Seed: 1, Idle: 5 * time.Minute}
	if testing.Short() {
		l.Sessions, l.Thefts = 1000, 100
	}
	if os.Getenv("PROOF") == "long" {
		l.Sessions, l.Thefts = 1_000_000, 10_000
	}
	return l
}

// Law 4: tabs that refresh at every page load, or under a lock, and servers that repeat are never logged out.
func TestNobodyIsLoggedOutByTabsAndServers(t *testing.T) {
	cases := map[string]func(*run){"tabs with a lock": lockedTabs, "server": server}
	for name, n := range map[string]network{"slow": slowNetwork, "fast": fastNetwork} {
		for every, length := range map[time.Duration]time.Duration{3 * time.Second: time.Minute, time.Second: 20 * time.Second} {
			cases["1 tab, "+name+", every "+every.String()] = pageLoads(1, every, n, length)
			cases["2 tabs, "+name+", every "+every.String()] = pageLoads(2, every, n, length)
		}
	}
	for name, live := range cases {
		if ended := lab().logouts(law4(browsers), live); ended != 0 {
			t.Errorf("%s: got %d of %d sessions logged out, want 0", name, ended, lab().Sessions)
		}
	}
}

// The proof above can fail: a window for one generation alone, which the use of the successor closes, logs tabs out.
func TestAWindowThatTheSuccessorClosesLogsTabsOut(t *testing.T) {
	l := Lab{Sessions: 1000, Seed: 1}
	for _, h := range Behaviours()[:3] {
		if ended := l.logouts(predecessor(browsers), h.live); ended == 0 {
			t.Errorf("%s: got no session logged out, want some", h.Name)
		}
	}
}

// An overlap of 30 s does not protect a client that loses an answer and comes back later. An overlap of a day does.
func TestALostAnswerIsForgivenWithinTheOverlapOnly(t *testing.T) {
	few := Lab{Sessions: 1000, Seed: 1}
	if ended := few.logouts(law4(browsers), visits(0.002)); ended < 400 || ended > 550 {
		t.Errorf("browser, overlap 30 s: got %d of 1000 sessions logged out, want 400 to 550", ended)
	}
	if ended := few.logouts(law4(browsers), visits(0.01)); ended < 930 || ended > 990 {
		t.Errorf("phone, overlap 30 s: got %d of 1000 sessions logged out, want 930 to 990", ended)
	}
	if ended := lab().logouts(law4(phones), visits(0.01)); ended != 0 {
		t.Errorf("phone, overlap a day: got %d of %d sessions logged out, want 0", ended, lab().Sessions)
	}
}

// chain is a session that was rotated once a second, the last time now.
func chain(rotations int) (s *Session, now time.Duration) {
	s = newSession()
	for range rotations {
		now += time.Second
		s.exchange(strict, s.current(), now)
	}
	return s, now
}

// Law 4: a token's window runs from its own rotation, for six generations.
func TestATabFourGenerationsBehindIsAnswered(t *testing.T) {
	s, now := chain(10)
	for _, c := range []struct {
		behind int
		later  time.Duration // than the rotation of the presented token
		want   Verdict
	}{
		{0, 0, Rotate},
		{1, phones, Repeat},
		{1, phones + 1, End},
		{4, 8 * time.Second, Repeat},
		{2, time.Minute, Repeat},
		{2, time.Minute + 1, End},
		{6, time.Minute, Repeat},
		{7, 7 * time.Second, End},
	} {
		token := s.current() - Token(c.behind)
		at := now
		if c.behind > 0 {
			at = s.tokens[token].rotated + c.later
		}
		if got := law4(phones)(s, token, at); got != c.want {
			t.Errorf("%d behind, %v later: got %v, want %v", c.behind, c.later, got, c.want)
		}
	}
}

// Law 4: a token that is presented later than the overlap after its rotation always ends the session.
func TestALateTokenEndsTheSession(t *testing.T) {
	for _, overlap := range []time.Duration{0, browsers, time.Hour, phones} {
		for rotations := 1; rotations <= 9; rotations++ {
			s, _ := chain(rotations)
			for token := range s.current() {
				at := s.tokens[token].rotated + overlap + time.Millisecond
				if got := law4(overlap)(s, token, at); got != End {
					t.Errorf("overlap %v, token %d of %d: got %v, want %v", overlap, token, rotations, got, End)
				}
			}
		}
	}
	for _, life := range lab().lives(law4(browsers), late) {
		if life != 0 {
			t.Fatalf("a token of an hour ago: got a life of %v, want 0", life)
		}
	}
}

// Law 4: two holders who both go on are noticed within hours at any overlap, and after a night at the latest.
func TestTwoHoldersAreNoticed(t *testing.T) {
	for _, overlap := range []time.Duration{browsers, 10 * time.Minute, time.Hour, phones} {
		lives := lab().lives(law4(overlap), once)
		if n := lives.Never(); n != 0 {
			t.Errorf("overlap %v: got %d of %d attackers never caught, want 0", overlap, n, len(lives))
		}
		if median := lives.Quantile(0.5); median > 5*time.Hour {
			t.Errorf("overlap %v: got a median life of %v, want at most 5 h", overlap, median)
		}
		if longest := slices.Max(lives); longest > 2*day {
			t.Errorf("overlap %v: got a longest life of %v, want at most two days", overlap, longest)
		}
	}
}

// No rule for bearer tokens with an overlap catches an attacker who sees each rotation.
func TestARiderIsNotCaught(t *testing.T) {
	l := lab()
	l.Thefts = min(l.Thefts, 100)
	if lives := l.lives(law4(browsers), rider); lives.Never() != len(lives) {
		t.Errorf("got %d of %d riders never caught, want all", lives.Never(), len(lives))
	}
}

// Siblings act as two sessions, so no holder of one is noticed.
func TestAWindowThatHandsOutSiblingsNeverCatchesAnAttacker(t *testing.T) {
	l := lab()
	l.Thefts = min(l.Thefts, 100)
	if lives := l.lives(siblings(day), once); lives.Never() != len(lives) {
		t.Errorf("got %d of %d attackers never caught, want all", lives.Never(), len(lives))
	}
}

func TestTheSameSeedGivesTheSameReport(t *testing.T) {
	l := Lab{Sessions: 20, Thefts: 5, Seed: 7, Idle: 5 * time.Minute}
	report := func() (text, chart string) {
		results := l.Run()
		var out strings.Builder
		results.Print(&out)
		return out.String(), results.SVG()
	}
	text, chart := report()
	if again, chartAgain := report(); again != text || chartAgain != chart {
		t.Errorf("got another report:\n%s\nwant:\n%s", again, text)
	}
	for _, p := range Policies() {
		if got := strings.Count(text, "| "+p.Name+" "); got != 2 || strings.Count(chart, ">"+p.Name+"<") != 1 {
			t.Errorf("policy %q: got %d rows, want one in each table and one in the chart", p.Name, got)
		}
	}
	if err := xml.Unmarshal([]byte(chart), new(struct{})); err != nil {
		t.Errorf("chart: got %v, want XML", err)
	}
}
