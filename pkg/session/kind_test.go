package session_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// stated is an error of a package above the core.
type stated struct{}

func (stated) Error() string      { return "too large" }
func (stated) Kind() session.Kind { return "too large" }

func TestEverySentinelHasAKindAndEveryRefusalAnOutcome(t *testing.T) {
	type class struct {
		kind    session.Kind
		outcome session.Outcome
	}
	for err, want := range map[error]class{
		session.ErrRefused:          {session.KindRefused, ""},
		session.ErrForged:           {session.KindRefused, session.Forged},
		session.ErrMalformed:        {session.KindRefused, session.Malformed},
		session.ErrUnknown:          {session.KindRefused, session.Unknown},
		session.ErrApplicationGone:  {session.KindApplicationGone, session.ApplicationGone},
		session.ErrExpired:          {session.KindRefused, session.Expired},
		session.ErrReused:           {session.KindRefused, session.Reused},
		session.ErrOtherTenant:      {session.KindOtherTenant, ""},
		session.ErrOtherApplication: {session.KindOtherApplication, ""},
		session.ErrOtherSession:     {session.KindOtherSession, ""},
		session.ErrAccessRequired:   {session.KindAccessRequired, ""},
		session.ErrTarget:           {session.KindTarget, ""},
		session.ErrScope:            {session.KindScope, ""},
		session.ErrNoSession:        {session.KindNoSession, ""},
		session.ErrNoApplication:    {session.KindNoApplication, ""},
		session.ErrNoAPIKey:         {session.KindNoAPIKey, ""},
		session.ErrUnavailable:      {session.KindUnavailable, ""},
		keys.ErrUnavailable:         {session.KindUnavailable, ""},
		token.ErrBadAccess:          {session.KindBadAccess, ""},
		token.ErrExpiredAccess:      {session.KindBadAccess, ""},
		&session.InputError{}:       {session.KindInput, ""},
		stated{}:                    {"too large", ""},
		errors.New("a surprise"):    {session.KindInternal, ""},
	} {
		wrapped := error(&session.RefreshError{Err: fmt.Errorf("verb: %w", err)})
		if got := (class{session.KindOf(wrapped), session.RefusalOutcome(wrapped)}); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
	if got := session.KindOf(nil); got != "" {
		t.Errorf("no error: got %q, want no kind", got)
	}
}
