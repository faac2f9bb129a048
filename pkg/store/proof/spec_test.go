package proof

import (
	"errors"
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// state is one session as the laws see it, together with its application's epoch.
//
// Linearizability is local: a history is linearizable if that of every session is. An operation that concerns many
// sessions, such as a deletion by user, is one part for each of them.
type state struct {
	created, deleted bool
	generation       uint32
	rotatedAt        int64 // milliseconds, as all times here
	idleUntil        int64
	absolute         int64
	epoch, appEpoch  uint64
}

// part is what an operation did to one session, as a step of the specification: from a state to every state that
// it may lead to, none if the operation could not have been answered so. An operation that takes effect in several
// steps has several parts within its interval.
type part struct {
	name string
	step func(state) []state
	open bool // nobody knows whether it has happened: it may still, at any time
}

func specification() porcupine.Model {
	return (&porcupine.NondeterministicModel{
		Init: func() []any { return []any{state{}} },
		Step: func(s, p, _ any) []any {
			var next []any
			for _, n := range p.(part).step(s.(state)) {
				next = append(next, n)
			}
			return next
		},
	}).ToModel()
}

const overlap = 10 * time.Second

// gone says that nobody may see the session: deleted, or of an older epoch.
func (s state) gone() bool { return !s.created || s.deleted || s.epoch != s.appEpoch }

func (s state) expired(now int64) bool { return now >= s.idleUntil || now >= s.absolute }

func (s state) live(now int64) bool { return !s.gone() && !s.expired(now) }

// superseded says whether presenting a generation is reuse: the overlap belongs to the immediate predecessor only.
func (s state) superseded(generation uint32, now int64) bool {
	inWindow := generation+1 == s.generation && now-s.rotatedAt <= overlap.Milliseconds()
	return generation < s.generation && !inWindow
}

func (s state) ended() state {
	s.deleted = true
	return s
}

func (s state) rotated(at, idleUntil int64) state {
	s.generation, s.rotatedAt, s.idleUntil = s.generation+1, at, idleUntil
	return s
}

func when(legal bool, next ...state) []state {
	if !legal {
		return nil
	}
	return next
}

// anyway is a step that may have done something or nothing.
func anyway(s state, done bool, next state) []state {
	if !done {
		return []state{s}
	}
	return []state{s, next}
}

// asked is what a client asked for. Repeats says that the SDK may have sent its requests more than once.
type asked struct {
	now     int64
	repeats bool
}

func (a asked) issued(out session.Session) []part {
	fresh := state{
		created: true, idleUntil: out.IdleExpiresAt.UnixMilli(), absolute: out.AbsoluteExpiresAt.UnixMilli(),
		epoch: out.Epoch, appEpoch: out.Epoch,
	}
	parts := []part{{name: fmt.Sprintf("issue, epoch %d", out.Epoch), step: func(s state) []state {
		return when(!s.created && (out.Epoch == s.appEpoch || a.repeats && out.Epoch > s.appEpoch), fresh)
	}}}
	if a.repeats { // a repeated attempt adds it once more if it was deleted before its issue was even answered
		parts = append(parts, part{name: "issue, repeated", step: func(s state) []state {
			again := fresh
			again.appEpoch = s.appEpoch
			return anyway(s, s.deleted, again)
		}})
	}
	return parts
}

// refreshed is an answered refresh of a generation. A retry may stand for a rotation: that of its own first
// attempt, or one whose caller was told that the session is gone, because its application was deleted meanwhile.
func (a asked) refreshed(generation uint32, g session.Grant) []part {
	at, idleUntil := g.Session.RotatedAt.UnixMilli(), g.Session.IdleExpiresAt.UnixMilli()
	applied := g.Outcome == session.Rotated
	return []part{{name: fmt.Sprintf("refresh %d: %s", generation, g.Outcome), step: func(s state) []state {
		switch {
		case s.gone() || g.Session.Generation != generation+1:
			return nil
		case s.generation == generation:
			return when(!applied || at == a.now && !s.expired(a.now), s.rotated(at, idleUntil))
		default:
			return when(!applied && s.generation == generation+1 && s.rotatedAt == at &&
				a.now-at <= overlap.Milliseconds() && !s.expired(a.now), s)
		}
	}}}
}

// refused is a refresh that was refused. All refusals read the same to the caller, so any may be said of a session
// whose application was deleted; of every other session it has to be the right one.
func (a asked) refused(generation uint32, err error, idle time.Duration) []part {
	name := fmt.Sprintf("refresh %d: %v", generation, err)
	var parts []part
	switch {
	case errors.Is(err, session.ErrUnknown):
		parts = []part{{name: name, step: func(s state) []state { return when(s.gone(), s) }}}
	case errors.Is(err, session.ErrExpired):
		parts = []part{{name: name, step: func(s state) []state {
			return when(!s.deleted && (s.gone() || s.expired(a.now)), s)
		}}}
	case errors.Is(err, session.ErrReused):
		parts = []part{
			{name: name, step: func(s state) []state {
				return when(!s.deleted && (s.gone() || s.superseded(generation, a.now)), s)
			}},
			{name: name + ", and ends the session", step: func(s state) []state { return []state{s.ended()} }},
		}
	default:
		parts = []part{{name: name + ", which no law knows", step: func(state) []state { return nil }}}
	}
	// The write goes through and its answer is refused when the application is deleted between the two requests of a
	// refresh; and a first attempt of its own may have rotated.
	if a.repeats || errors.Is(err, session.ErrUnknown) {
		parts = append(parts, a.mayRotate(generation, idle))
	}
	return parts
}

func (a asked) mayRotate(generation uint32, idle time.Duration) part {
	return part{name: fmt.Sprintf("refresh %d: perhaps", generation), step: func(s state) []state {
		legal := s.generation == generation && s.live(a.now)
		return anyway(s, legal, s.rotated(a.now, a.now+idle.Milliseconds()))
	}}
}

// mayRefresh is a refresh without an answer.
func (a asked) mayRefresh(generation uint32, idle time.Duration) []part {
	rotation := a.mayRotate(generation, idle)
	rotation.open = true
	return []part{rotation, {name: fmt.Sprintf("refresh %d: perhaps reuse", generation), open: true, step: func(s state) []state {
		return anyway(s, s.created && s.superseded(generation, a.now), s.ended())
	}}}
}

// deleted is a deletion of one session. A repeated request finds what the first one did.
func (a asked) deleted(err error) []part {
	if err == nil {
		return []part{{name: "delete: done", step: func(s state) []state { return when(s.live(a.now), s.ended()) }}}
	}
	return []part{{name: "delete: none", step: func(s state) []state {
		switch {
		case s.gone():
			return []state{s}
		default:
			return when(a.repeats || s.expired(a.now), s.ended())
		}
	}}}
}

// swept is a deletion of many sessions that named this one, or did not. It may end all that it finds, and names those
// that were live when it looked: not one that had expired by its clock, or was of another epoch than it had read, and
// was refreshed or issued meanwhile.
func (a asked) swept(named bool) []part {
	if !named {
		return []part{
			{name: "bulk delete: not named", step: func(s state) []state { return when(!s.live(a.now), s) }},
			{name: "bulk delete: remains", step: func(s state) []state { return anyway(s, s.created, s.ended()) }},
		}
	}
	return []part{
		{name: "bulk delete: named", step: func(s state) []state { return when(s.live(a.now), s) }},
		{name: "bulk delete: done", step: func(s state) []state { return []state{s.ended()} }},
	}
}

// mayEnd is a deletion without an answer.
func mayEnd() []part {
	return []part{{name: "delete: perhaps", open: true, step: func(s state) []state {
		return anyway(s, s.created, s.ended())
	}}}
}

// advanced is a deletion of the application's sessions.
func (a asked) advanced(epoch uint64) []part {
	return []part{{name: fmt.Sprintf("delete by application: epoch %d", epoch), step: func(s state) []state {
		legal := epoch == s.appEpoch+1 || a.repeats && epoch > s.appEpoch
		s.appEpoch = epoch
		return when(legal, s)
	}}}
}

// mayAdvance is one without an answer: each attempt may have counted.
func (a asked) mayAdvance() []part {
	attempts := uint64(1)
	if a.repeats {
		attempts = 4
	}
	return []part{{name: "delete by application: perhaps", open: true, step: func(s state) []state {
		next := []state{s}
		for n := range attempts {
			more := s
			more.appEpoch += n + 1
			next = append(next, more)
		}
		return next
	}}}
}

// seen is a read that found the session so.
func (a asked) seen(out session.Session) []part {
	return []part{{name: fmt.Sprintf("read: generation %d", out.Generation), step: func(s state) []state {
		rotatedAt := int64(0)
		if !out.RotatedAt.IsZero() {
			rotatedAt = out.RotatedAt.UnixMilli()
		}
		return when(s.live(a.now) && s.generation == out.Generation && s.rotatedAt == rotatedAt, s)
	}}}
}

// unseen is a read that did not find it.
func (a asked) unseen() []part {
	return []part{{name: "read: none", step: func(s state) []state { return when(!s.live(a.now), s) }}}
}
