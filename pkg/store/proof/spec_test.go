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
// Linearizability is local: a history is linearizable if the history of every session is. An operation on many sessions,
// such as a deletion by user, is one part for each of them.
type state struct {
	created, deleted bool
	generation       uint32
	rotated          [6]int64 // milliseconds, as all times here; slot g mod 6 is the rotation of generation g
	idleUntil        int64
	absolute         int64
	epoch, appEpoch  uint64
}

// part is what an operation did to one session, as a step of the specification. A step leads from a state to all states
// that may follow; the list is empty if the answer was impossible. An operation that takes effect in several steps has
// several parts within its interval.
type part struct {
	name string
	step func(state) []state
	open bool // it has no answer: it may take effect at any later time
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

// gone reports whether the session is deleted or of an older epoch, so that nobody may see it.
func (s state) gone() bool { return !s.created || s.deleted || s.epoch != s.appEpoch }

func (s state) expired(now int64) bool { return now >= s.idleUntil || now >= s.absolute }

func (s state) live(now int64) bool { return !s.gone() && !s.expired(now) }

// forgives reports whether law 4 answers a token of a generation with the current one. The token is one to six behind,
// and was rotated within the overlap; from two behind on, within a minute at most.
func (s state) forgives(generation uint32, now int64, overlap time.Duration) bool {
	behind := int64(s.generation) - int64(generation)
	if behind > 1 {
		overlap = min(overlap, time.Minute)
	}
	return 1 <= behind && behind <= 6 && now-s.rotated[generation%6] <= overlap.Milliseconds()
}

// superseded reports whether presenting a generation is reuse.
func (s state) superseded(generation uint32, now int64, overlap time.Duration) bool {
	return generation < s.generation && !s.forgives(generation, now, overlap)
}

func (s state) ended() state {
	s.deleted = true
	return s
}

func (s state) refreshed(at, idleUntil int64) state {
	s.rotated[s.generation%6] = at
	s.generation, s.idleUntil = s.generation+1, idleUntil
	return s
}

func when(legal bool, next ...state) []state {
	if !legal {
		return nil
	}
	return next
}

// anyway is a step that may have taken effect or not.
func anyway(s state, done bool, next state) []state {
	if !done {
		return []state{s}
	}
	return []state{s, next}
}

// asked is a request of a client for a session with these times. With repeats, a request may have been sent more than
// once, and one may arrive late.
type asked struct {
	now     int64
	repeats bool
	idle    time.Duration
	overlap time.Duration
}

// issued is an answered issue. Its session has the epoch that the issue read, even if a deletion came before the write.
func (a asked) issued(out session.Session) []part {
	fresh := state{
		created: true, idleUntil: out.IdleExpiresAt.UnixMilli(), absolute: out.AbsoluteExpiresAt.UnixMilli(),
		epoch: out.Epoch, appEpoch: out.Epoch,
	}
	return []part{{name: fmt.Sprintf("issue, epoch %d", out.Epoch), step: func(s state) []state {
		return when(!s.created && out.Epoch == s.appEpoch, fresh)
	}}}
}

// refreshed is an answered refresh of a generation. A retry may follow a rotation by its own first attempt. It may also
// be the only sign of a rotation whose request was refused, because the application was deleted between the two reads.
func (a asked) refreshed(generation uint32, g session.Grant) []part {
	name := fmt.Sprintf("refresh %d: %s, %d", generation, g.Outcome, g.Session.Generation)
	slots, idleUntil := millisOf(g.Session.Rotated), g.Session.IdleExpiresAt.UnixMilli()
	if g.Outcome == session.Rotated {
		return []part{{name: name, step: func(s state) []state {
			next := s.refreshed(a.now, idleUntil)
			legal := s.live(a.now) && s.generation == generation && next.generation == g.Session.Generation && next.rotated == slots
			return when(legal, next)
		}}}
	}
	parts := []part{{name: name, step: func(s state) []state {
		next := s
		if s.generation+1 == g.Session.Generation {
			next = s.refreshed(slots[s.generation%6], idleUntil)
		}
		legal := g.Outcome == session.Retried && s.live(a.now) && next.generation == g.Session.Generation &&
			next.rotated == slots && next.forgives(generation, a.now, a.overlap)
		return when(legal, next)
	}}}
	if a.repeats {
		parts = append(parts, a.mayRotate(generation))
	}
	return parts
}

func millisOf(times [session.RotationTimes]time.Time) (slots [6]int64) {
	for n, at := range times {
		if !at.IsZero() {
			slots[n] = at.UnixMilli()
		}
	}
	return slots
}

// refused is a refused refresh. All refusals look the same to the caller, so a session whose application was deleted may
// get any of them. Every other session must get the right one.
func (a asked) refused(generation uint32, err error) []part {
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
				return when(!s.deleted && (s.gone() || s.superseded(generation, a.now, a.overlap)), s)
			}},
			{name: name + ", and ends the session", step: func(s state) []state { return []state{s.ended()} }},
		}
	default:
		parts = []part{{name: name + ", which the laws do not know", step: func(state) []state { return nil }}}
	}
	// If the application is deleted between the two requests of a refresh, the write is applied and its answer refused.
	// The refresh's own first attempt may also have rotated.
	if a.repeats || errors.Is(err, session.ErrUnknown) {
		parts = append(parts, a.mayRotate(generation))
	}
	return parts
}

func (a asked) mayRotate(generation uint32) part {
	return part{name: fmt.Sprintf("refresh %d: perhaps", generation), step: func(s state) []state {
		legal := s.generation == generation && s.live(a.now)
		return anyway(s, legal, s.refreshed(a.now, a.now+a.idle.Milliseconds()))
	}}
}

// mayRefresh is a refresh without an answer.
func (a asked) mayRefresh(generation uint32) []part {
	rotation := a.mayRotate(generation)
	rotation.open = true
	return []part{rotation, {name: fmt.Sprintf("refresh %d: perhaps reuse", generation), open: true, step: func(s state) []state {
		return anyway(s, s.created && s.superseded(generation, a.now, a.overlap), s.ended())
	}}}
}

// deleted is a deletion of one session. A repeated request finds what the first one did.
func (a asked) deleted(err error) []part {
	if err == nil {
		return []part{{name: "delete: done", step: func(s state) []state { return when(s.live(a.now), s.ended()) }}}
	}
	return []part{{name: "delete: not found", step: func(s state) []state {
		switch {
		case s.gone():
			return []state{s}
		default:
			return when(a.repeats || s.expired(a.now), s.ended())
		}
	}}}
}

// swept is a deletion of many sessions that named this one, or did not. It may end all that it finds, and names those
// that were live when it looked. It may end without a name a session that looked expired or of another epoch, and that
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

// advanced is a deletion of the application's sessions. Two concurrent ones may share an epoch, if it was advanced after
// both began.
func (a asked) advanced(epoch uint64) []part {
	parts := []part{
		{name: fmt.Sprintf("delete by application: before epoch %d", epoch), step: func(s state) []state {
			return when(s.appEpoch < epoch, s)
		}},
		{name: fmt.Sprintf("delete by application: epoch %d", epoch), step: func(s state) []state {
			legal := epoch == s.appEpoch || epoch == s.appEpoch+1
			s.appEpoch = epoch
			return when(legal, s)
		}},
	}
	if a.repeats { // a first attempt without an answer may come before the answered one
		own := a.mayAdvance()
		own[0].open = false
		parts = append(parts, own...)
	}
	return parts
}

// mayAdvance is such a deletion without an answer. However often it was sent, it advances the epoch at most once.
func (a asked) mayAdvance() []part {
	return []part{{name: "delete by application: perhaps", open: true, step: func(s state) []state {
		more := s
		more.appEpoch++
		return []state{s, more}
	}}}
}

// seen is a read that found the session in this state.
func (a asked) seen(out session.Session) []part {
	return []part{{name: fmt.Sprintf("read: generation %d", out.Generation), step: func(s state) []state {
		return when(s.live(a.now) && s.generation == out.Generation && s.rotated == millisOf(out.Rotated), s)
	}}}
}

// unseen is a read that did not find the session.
func (a asked) unseen() []part {
	return []part{{name: "read: not found", step: func(s state) []state { return when(!s.live(a.now), s) }}}
}
