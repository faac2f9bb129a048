package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// Each removal of a session and each entry is reported once, before its caller has the answer; what changes nothing is not.
func TestTheChangesOfACommitAreReportedOnceAndInOrder(t *testing.T) {
	var got []string
	store, err := embedded.Open(filepath.Join(t.TempDir(), "store.db"), embedded.Options{Changed: func(all []session.Change) {
		for _, c := range all {
			if c.Entry != nil {
				got = append(got, fmt.Sprint(c.Entry.Event, " ", c.Entry.ID))
			} else {
				got = append(got, fmt.Sprint(c.Kind, " ", c.Key.ID, " ", c.Generation))
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	a, b, over := storetest.NewSession("t", "u", "web"), storetest.NewSession("t", "u", "web"), storetest.NewSession("t", "u", "web")
	over.IdleExpiresAt = time.Now().Add(-time.Hour)
	refused := session.Deletion{Key: b.Key, IdleExpiresAt: time.Unix(1, 0)}
	e := storetest.NewEntry("t", "u")
	ctx := t.Context()
	left, leave := context.WithCancel(ctx)
	leave()
	_, errDelete := store.Delete(ctx, refused)
	if !errors.Is(errDelete, session.ErrNoSession) {
		t.Fatalf("got %v, want %v", errDelete, session.ErrNoSession)
	}
	_, errRefused := func() (session.Session, error) {
		if err := errors.Join(store.Create(ctx, a), store.Create(ctx, b), store.Create(ctx, over)); err != nil {
			t.Fatal(err)
		}
		return store.Delete(ctx, refused)
	}()
	_, applied, errRotate := store.Rotate(ctx, storetest.NewRotation(a))
	_, errDelete = store.Delete(ctx, session.Deletion{Key: a.Key})
	_, errLeft := store.Delete(left, session.Deletion{Key: b.Key})
	if !errors.Is(errRefused, session.ErrChanged) || errRotate != nil || !applied || errDelete != nil || errLeft == nil {
		t.Fatalf("got %v, %v, %v, %v, %v; want only the second and the third to succeed", errRefused, applied, errRotate, errDelete, errLeft)
	}
	store.Record(ctx, e)
	store.Record(ctx, e)
	if err := store.DeleteBatch(ctx, []session.Key{b.Key, over.Key, a.Key}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		fmt.Sprint("deleted ", a.ID, " ", a.Generation+1), fmt.Sprint("deleted ", e.ID),
		fmt.Sprint("deleted ", b.ID, " ", b.Generation), fmt.Sprint("expired ", over.ID, " ", over.Generation),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
