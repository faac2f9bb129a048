package overlap

import "time"

// Token names a refresh token of a session by the order in which the tokens were made. The zero token is the first.
type Token int

// Verdict is what a rule decides about a token that is presented. The zero value ends the session.
type Verdict int

// The verdicts, strictest first.
const (
	End    Verdict = iota // reuse: the session is over
	Repeat                // answer with the newest token; nothing changes
	Rotate                // answer with a new child of the presented token
)

// Rule decides about a token that is presented. It changes nothing.
type Rule func(s *Session, t Token, now time.Duration) Verdict

// Session is the state of one session: every token that it ever had. Under a rule without siblings the tokens are a
// chain and a token is its own generation.
type Session struct {
	tokens []made
	over   bool
}

// made is the state of an issued token.
type made struct {
	parent, newest Token         // newest: the child that was made last; 0: no child
	rotated        time.Duration // when the first child was made
}

func newSession() *Session { return &Session{tokens: make([]made, 1, 16)} }

// current is the token that was made last.
func (s *Session) current() Token { return Token(len(s.tokens) - 1) }

// used reports whether a token has a child.
func (s *Session) used(t Token) bool { return s.tokens[t].newest > 0 }

// since is the time that has passed since a used token was rotated.
func (s *Session) since(t Token, now time.Duration) time.Duration { return now - s.tokens[t].rotated }

// exchange presents a token to the session under a rule. It reports whether the token was answered.
func (s *Session) exchange(rule Rule, t Token, now time.Duration) (Token, bool) {
	if s.over {
		return 0, false
	}
	switch rule(s, t, now) {
	case Repeat:
		return s.current(), true
	case Rotate:
		s.tokens = append(s.tokens, made{parent: t})
		if !s.used(t) {
			s.tokens[t].rotated = now
		}
		s.tokens[t].newest = s.current()
		return s.current(), true
	case End:
	}
	s.over = true
	return 0, false
}
