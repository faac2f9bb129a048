package dynamo_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// Law 4: a reuse ends the session even where its removal fails.
func TestASessionEndsByReuseEvenIfItsDeletionFails(t *testing.T) {
	b := onEngine(t)
	s := b.stored()
	b.transport.Next("DeleteItem", dynamotest.Refuse(http.StatusBadRequest, "AccessDeniedException", ""))
	b.must(b.EndReused(b.Context(), s.Key))
	if _, _, err := b.Rotate(b.Context(), storetest.NewRotation(s)); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("Rotate: got %v, want %v", err, session.ErrNoSession)
	}
	if old, err := b.Delete(b.Context(), session.Deletion{Key: s.Key}); err != nil || !old.Expired(s.CreatedAt) {
		t.Errorf("Delete: got a session that expires at %v, %v; want an expired one", old.IdleExpiresAt, err)
	}
	b.must(b.Create(b.Context(), s))
	b.must(b.EndReused(b.Context(), s.Key))
	if err := b.EndReused(b.Context(), s.Key); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("second EndReused: got %v, want %v", err, session.ErrNoSession)
	}
}
