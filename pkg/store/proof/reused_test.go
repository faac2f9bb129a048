package proof

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// Law 4: a reuse ends its session and is told, even where the removal of the session fails: the next request would
// find a session that is over, and nobody would ever hear of the reuse.
func TestAReuseIsToldEvenWhereTheRemovalFails(t *testing.T) {
	f := newPriced(t)
	register(t, f.store, f.tenant, "web", nil)
	first := f.issue("user", "web")
	second, err := f.refresh(first)
	if err != nil {
		t.Fatal(err)
	}
	third, err := f.refresh(second)
	if err != nil {
		t.Fatal(err)
	}
	f.pass(31 * time.Second) // the window of the first one is over
	f.transport.Always("DeleteItem", dynamotest.Refuse(http.StatusServiceUnavailable, "ServiceUnavailable", ""))
	if _, err := f.refresh(first); !errors.Is(err, session.ErrReused) {
		t.Errorf("a reuse is told as: %v", err)
	}
	if _, err := f.refresh(third); !errors.Is(err, session.ErrRefused) {
		t.Errorf("the session lives: %v", err)
	}
}
