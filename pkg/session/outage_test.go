package session_test

import (
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Law 4: a write that was applied is answered, even if reads of the application fail for a while.
func TestAnAppliedWriteIsAnsweredAfterFailedReads(t *testing.T) {
	h := start(t)
	g := h.rotated(h.issue("u", "web"), session.Rotated) // this container has read an application just now
	h.store.failReads.Store(20)
	h.rotated(g, session.Rotated)
	if left := h.store.failReads.Load(); left >= 0 {
		t.Errorf("got %d of 20 failures unused, want 0", left+1)
	}
}

func TestAnOutageOfReadsRefusesBeforeAnythingRotates(t *testing.T) {
	for name, prepare := range map[string]func(*harness, session.Grant){
		"a new container":                  func(h *harness, _ session.Grant) { h.restart() },
		"a container after a failure":      func(h *harness, g session.Grant) { h.refused(g, session.ErrUnavailable) },
		"a container at rest for a minute": func(h *harness, _ session.Grant) { h.Pass(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t)
			g := h.rotated(h.issue("u", "web"), session.Rotated)
			h.store.failApplication = session.ErrUnavailable
			prepare(h, g)
			before := h.store.attempts.Load()
			h.refused(g, session.ErrUnavailable)
			if got := h.store.attempts.Load() - before; got != 0 {
				t.Errorf("got %d writes, want none", got)
			}
		})
	}
}

// Reads fail for 35 seconds. A client that repeats its request afterwards gets its successor.
func TestARepetitionAfterAnOutageIsNotReuse(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	h.restart()
	h.store.failApplication = session.ErrUnavailable
	h.refused(g, session.ErrUnavailable)
	h.Pass(35 * time.Second)
	h.store.failApplication = nil
	h.rotated(g, session.Rotated)
}
