package overlap

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// service is a session of the real service beside its model in the lab.
type service struct {
	t     *testing.T
	verbs session.Verbs
	clock *fixture.Clock
	start time.Time
	texts []string // the tokens of the session, in the order in which they were made
	model *Session
}

func newService(t *testing.T, overlap time.Duration) *service {
	clock := fixture.NewClock(fixture.Noon())
	store := fixture.Store(t, clock.Now)
	app := fixture.Application(fixture.Demo, fixture.Web, func(s *session.Settings) {
		s.OverlapSeconds, s.MaxSessionsPerUser = int64(overlap/time.Second), 0
	})
	if _, err := store.PutApplication(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	return &service{t: t, verbs: fixture.NewKeys("EdDSA").Verbs(store, clock.Now), clock: clock}
}

func (s *service) issue() {
	g, err := s.verbs.Issue(s.t.Context(), session.IssueRequest{Tenant: fixture.Demo, User: fixture.Alice, Application: fixture.Web})
	if err != nil {
		s.t.Fatal(err)
	}
	s.texts, s.model, s.start = []string{g.Refresh.Reveal()}, newSession(), s.clock.Now()
}

func (s *service) now() time.Duration { return s.clock.Now().Sub(s.start) }

// exchange presents a token. The second result is false if the session ended.
func (s *service) exchange(token Token) (Token, bool) {
	g, err := s.verbs.Refresh(s.t.Context(), session.RefreshRequest{Token: s.texts[token]})
	if errors.Is(err, session.ErrReused) {
		return 0, false
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if g.Outcome == session.Rotated {
		s.texts = append(s.texts, g.Refresh.Reveal())
	}
	return Token(slices.Index(s.texts, g.Refresh.Reveal())), true
}

// The lab has the rule of the service: random exchanges, most at the borders of the windows, have the same results.
func TestTheServiceHasTheRuleOfTheLab(t *testing.T) {
	sessions := 200
	if testing.Short() {
		sessions = 40
	}
	for _, overlap := range []time.Duration{30 * time.Second, 10 * time.Minute} {
		s, random := newService(t, overlap), rand.New(rand.NewPCG(1, 0))
		rule := law4(overlap)
		borders := []time.Duration{0, time.Second, overlap, overlap + time.Millisecond, farWindow, farWindow + time.Millisecond}
		verdicts := map[Verdict]int{}
		for range sessions {
			s.issue()
			for answered := true; answered && len(s.texts) < 12; {
				token := s.model.current() - Token(min(random.IntN(9)*random.IntN(2), int(s.model.current())))
				if behind := s.model.since(token, s.now()); s.model.used(token) {
					s.clock.Pass(max(0, borders[random.IntN(len(borders))]-behind))
				}
				verdict := rule(s.model, token, s.now())
				verdicts[verdict]++
				want, wantAnswered := s.model.exchange(rule, token, s.now())
				got, gotAnswered := s.exchange(token)
				if got != want || gotAnswered != wantAnswered {
					t.Fatalf("overlap %v: token %d of %d, %v after its rotation: got token %d, answered %v, want token %d, answered %v",
						overlap, token, len(s.texts), s.model.since(token, s.now()), got, gotAnswered, want, wantAnswered)
				}
				answered = gotAnswered
				s.clock.Pass(time.Duration(random.IntN(3)) * time.Second)
			}
		}
		if len(verdicts) != 3 {
			t.Errorf("overlap %v: got verdicts %v, want all three", overlap, verdicts)
		}
	}
}
