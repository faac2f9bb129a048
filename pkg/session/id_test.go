package session_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func TestAnIDIsShortVisibleTextAndNoDotSegment(t *testing.T) {
	for id, want := range map[string]error{
		"x": nil, "a b": nil, "a,b": nil, "d\u00e9mo": nil, "...": nil, strings.Repeat("x", 128): nil,
		"": session.ErrIDBlank, " \t": session.ErrIDBlank, strings.Repeat("x", 129): session.ErrIDTooLong,
		"a\x00": session.ErrIDInvalid, "a\xff": session.ErrIDInvalid, "a\ufffd": session.ErrIDInvalid,
		".": session.ErrIDDots, "..": session.ErrIDDots,
	} {
		if got := session.CheckID(id); !errors.Is(got, want) {
			t.Errorf("%q: got %v, want %v", id, got, want)
		}
	}
}

func TestATenantIDFitsIntoAHeaderAndAURL(t *testing.T) {
	for id, want := range map[string]error{
		"a": nil, "AZaz09-._~": nil, "...": nil, strings.Repeat("x", 64): nil, "018f4e9a-7b1c-7c3e-8b1a-2d5e6f708192": nil,
		".": session.ErrIDDots, "..": session.ErrIDDots,
	} {
		if got := session.CheckTenantID(id); !errors.Is(got, want) {
			t.Errorf("%q: got %v, want %v", id, got, want)
		}
	}
	for _, id := range []string{
		"", " ", "acme ", " acme", "a,b", "d\u00e9mo", "a/b", "a%20b", "a#b", "a:b", "a\nb", "a\x00", "a\xff", "\u212a", strings.Repeat("x", 65),
	} {
		if got := session.CheckTenantID(id); !errors.Is(got, session.ErrIDNotTenant) {
			t.Errorf("%q: got %v, want %v", id, got, session.ErrIDNotTenant)
		}
	}
}
