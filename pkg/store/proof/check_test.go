package proof

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// patience is how long a check of one session may take on a busy machine; otherwise it takes milliseconds.
const patience = 5 * time.Minute

// check looks for an order of the operations that the laws allow, session by session. It returns the parts of the
// history without such an order.
func (h *history) check() (violations []string) {
	for _, f := range h.sessions {
		parts := h.of(f)
		result := porcupine.CheckOperationsTimeout(specification(), parts, patience)
		if result == porcupine.Illegal {
			violations = append(violations, describe(f, parts))
		}
		if result == porcupine.Unknown {
			h.t.Errorf("a history of %d parts: got no result of the check, want one within %v", len(parts), patience)
		}
	}
	return violations
}

// of collects the parts of the history that concern one session.
func (h *history) of(f *sharedSession) []porcupine.Operation {
	var parts []porcupine.Operation
	for _, e := range h.log {
		concerns := e.id == f.id || e.id == token.ID{} &&
			(e.user == "" || e.user == f.user) && (e.application == "" || e.application == f.application)
		if !concerns || e.parts == nil {
			continue
		}
		for _, p := range e.parts(f.id) {
			done := e.done
			if p.open {
				done = math.MaxInt64
			}
			parts = append(parts, porcupine.Operation{ClientId: e.client, Input: p, Call: e.call, Return: done})
		}
	}
	return parts
}

func describe(f *sharedSession, parts []porcupine.Operation) string {
	slices.SortFunc(parts, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var text strings.Builder
	fmt.Fprintf(&text, "a session of %s in %s: got no order of these operations that the laws allow\n", f.user, f.application)
	for _, p := range parts {
		fmt.Fprintf(&text, "  client %d  %12d to %19d ns  %s\n", p.ClientId, p.Call, p.Return, p.Input.(part).name)
	}
	return text.String()
}
