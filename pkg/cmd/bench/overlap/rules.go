package overlap

import "time"

const (
	remembered = 6           // generations of which law 4 knows the time of their rotation
	farWindow  = time.Minute // law 4's longest window two and more generations behind
)

// law4 is the rule of this service: the window of a token runs from its own rotation. One generation behind it lasts
// the whole overlap, two to six behind a minute at most. The lab leaves out the roll forward after a restore.
func law4(overlap time.Duration) Rule {
	return func(s *Session, t Token, now time.Duration) Verdict {
		window := overlap
		switch behind := int(s.current() - t); {
		case behind == 0:
			return Rotate
		case behind > remembered:
			return End
		case behind > 1:
			window = min(overlap, farWindow)
		}
		if s.since(t, now) <= window {
			return Repeat
		}
		return End
	}
}

// strict accepts a token once.
func strict(s *Session, t Token, _ time.Duration) Verdict {
	if t == s.current() {
		return Rotate
	}
	return End
}

// predecessor answers the token before the current one with the current one for a while.
func predecessor(window time.Duration) Rule {
	return func(s *Session, t Token, now time.Duration) Verdict {
		if t == s.current()-1 && s.since(t, now) <= window {
			return Repeat
		}
		return strict(s, t, now)
	}
}

// siblings exchanges a used token for one more child for a while.
func siblings(window time.Duration) Rule {
	return func(s *Session, t Token, now time.Duration) Verdict {
		if !s.used(t) || s.since(t, now) <= window {
			return Rotate
		}
		return End
	}
}

// siblingsOfPredecessor exchanges a used token for one more child for a while, until a child is used.
func siblingsOfPredecessor(window time.Duration) Rule {
	within := siblings(window)
	return func(s *Session, t Token, now time.Duration) Verdict {
		for child := t + 1; child <= s.tokens[t].newest; child++ {
			if s.tokens[child].parent == t && s.used(child) {
				return End
			}
		}
		return within(s, t, now)
	}
}

// newestChild exchanges a used token for one more child for a while, until its newest child is used; the child before
// is void.
func newestChild(window time.Duration) Rule {
	return func(s *Session, t Token, now time.Duration) Verdict {
		void := t > 0 && s.tokens[s.tokens[t].parent].newest != t
		if void || s.used(t) && (s.used(s.tokens[t].newest) || s.since(t, now) > window) {
			return End
		}
		return Rotate
	}
}

// parentAtAnyTime answers with the current token: its parent at any time, and any other token for a while.
func parentAtAnyTime(window time.Duration) Rule {
	return func(s *Session, t Token, now time.Duration) Verdict {
		switch {
		case t == s.current():
			return Rotate
		case t == s.current()-1, s.since(t, now) <= window:
			return Repeat
		}
		return End
	}
}
