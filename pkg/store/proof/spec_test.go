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
	rotated          [6]int64 // milliseconds, as all times here; slot g mod 6 is the rotation of generation g
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

// gone says that nobody may see the session: deleted, or of an older epoch.
func (s state) gone() bool { return !s.created || s.deleted || s.epoch != s.appEpoch }

func (s state) expired(now int64) bool { return now >= s.idleUntil || now >= s.absolute }

func (s state) live(now int64) bool { return !s.gone() && !s.expired(now) }

// forgives says whether law 4 answers a token of a generation with the current one: the token is one to six behind,
// and was rotated within the overlap; within a minute of it, from two behind on.
func (s state) forgives(generation uint32, now int64, overlap time.Duration) bool {
	behind := int64(s.generation) - int64(generation)
	if behind > 1 {
		overlap = min(overlap, time.Minute)
	}
	return 1 <= behind && behind <= 6 && now-s.rotated[generation%6] <= overlap.Milliseconds()
}

// superseded says whether presenting a generation is reuse.
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

// anyway is a step that may have done something or nothing.
func anyway(s state, done bool, next state) []state {
	if !done {
		return []state{s}
	}
	return []state{s, next}
}

// asked is what a client asked for, of a session with these times. Repeats says that a request may have been sent more
// than once, and that one may arrive late.
type asked struct {
	now     int64
	repeats bool
	idle    time.Duration
	overlap time.Duration
}

// issued is an issue: its session is under the epoch that it read, even if a deletion follows before it is written.
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
// be the only sign of one: whoever rotated was refused, because the application was deleted between the two reads.
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

// refused is a refresh that was refused. All refusals read the same to the caller, so any may be said of a session
// whose application was deleted; of every other session it has to be the right one.
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
		parts = []part{{name: name + ", which no law knows", step: func(state) []state { return nil }}}
	}
	// The write goes through and its answer is refused when the application is deleted between the two requests of a
	// refresh; and a first attempt of its own may have rotated.
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

// advanced is a deletion of the application's sessions. Two at once may share an epoch: what counts is that it was
// advanced since the deletion began.
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
	if a.repeats { // a first attempt whose answer was lost, before the epoch of another one was answered
		own := a.mayAdvance()
		own[0].open = false
		parts = append(parts, own...)
	}
	return parts
}

// mayAdvance is one without an answer. However often it was sent, it advances the epoch that it read, once.
func (a asked) mayAdvance() []part {
	return []part{{name: "delete by application: perhaps", open: true, step: func(s state) []state {
		more := s
		more.appEpoch++
		return []state{s, more}
	}}}
}

// seen is a read that found the session so.
func (a asked) seen(out session.Session) []part {
	return []part{{name: fmt.Sprintf("read: generation %d", out.Generation), step: func(s state) []state {
		return when(s.live(a.now) && s.generation == out.Generation && s.rotated == millisOf(out.Rotated), s)
	}}}
}

// unseen is a read that did not find it.
func (a asked) unseen() []part {
	return []part{{name: "read: none", step: func(s state) []state { return when(!s.live(a.now), s) }}}
}
