package proof

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Law 5: a deletion by application ends any number of sessions with a read, a write and the entry of law 9.
func TestADeletionByApplicationCostsThreeCallsAt10AndAt10000Sessions(t *testing.T) {
	p := newMetered(t)
	for _, sessions := range []int{10, 10_000} {
		application := fmt.Sprintf("app-%d", sessions)
		register(t, p.store, p.tenant, application, nil)
		g := p.issue("user", application)
		ids := p.clone(g, sessions-1)
		samples := []token.ID{ids[0], ids[len(ids)/2], ids[len(ids)-1]}
		for _, id := range samples {
			if _, err := p.refresh(p.cloned(g, id)); err != nil {
				t.Fatalf("refresh of a cloned session: got %v, want success", err)
			}
		}
		p.transport.Reset()
		if _, err := p.DeleteByApplication(t.Context(), p.tenant, application); err != nil {
			t.Fatal(err)
		}
		if got, want := p.cost(), (cost{requests: "[GetItem:1 PutItem:1 UpdateItem:1]", write: 2, read: 1}); got != want {
			t.Errorf("%d sessions: got %+v, want %+v", sessions, got, want)
		}
		for _, id := range append(samples, ids[1]) {
			if _, err := p.refresh(p.cloned(g, id)); !errors.Is(err, session.ErrUnknown) {
				t.Errorf("%d sessions: refresh of one: got %v, want %v", sessions, err, session.ErrUnknown)
			}
		}
	}
}
