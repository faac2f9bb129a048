package proof

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// Law 4: a reuse ends its session. Where the deletion fails nothing has ended, so the answer is no refusal, and the
// repetition that it asks for is the reuse.
func TestAReuseWhoseDeletionFailsIsRepeated(t *testing.T) {
	f := newMetered(t)
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
	f.Pass(31 * time.Second) // the window of the first one is over
	f.transport.Always("DeleteItem", dynamotest.Refuse(http.StatusServiceUnavailable, "ServiceUnavailable", ""))
	if _, err := f.refresh(first); !errors.Is(err, session.ErrUnavailable) || errors.Is(err, session.ErrRefused) {
		t.Errorf("the reuse without a deletion: got %v, want %v", err, session.ErrUnavailable)
	}
	f.transport.Always("DeleteItem", dynamotest.Pass())
	if _, err := f.refresh(first); !errors.Is(err, session.ErrReused) {
		t.Errorf("its repetition: got %v, want %v", err, session.ErrReused)
	}
	if _, err := f.refresh(third); !errors.Is(err, session.ErrRefused) {
		t.Errorf("the newest token after it: got %v, want %v", err, session.ErrRefused)
	}
}
