package api_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// byCookie is a request whose refresh token comes by cookie.
func byCookie(token string) service.Request {
	return service.Request{Method: "POST", Header: []string{"Cookie", "refreshToken=" + token}}
}

// wrongRoot is a token with a fitting tag and another root: what a leaked token key makes.
func wrongRoot(s *service.Service) string {
	t := s.Refresh(fixture.KeyOf(fixture.SessionOne), 0)
	t.Secret[0] ^= 1
	return fixture.Must(t.Encode(s.TokenKey())).Reveal()
}

// Only a refusal for good clears: an operator can undo some, and others are not the browser's fault.
func TestARefusalThatMayPassClearsNoCookie(t *testing.T) {
	s := service.New(t, io.Discard)
	current := s.RefreshText(fixture.SessionOne, 0)
	noKeys := s.Parts
	noKeys.TokenKeys = fixture.Down[keys.TokenSet]()
	broken := s.Parts
	broken.Store = brokenStore{err: session.ErrUnavailable}
	dropped := s.Parts
	dropped.TokenKeys = s.DropTokenKeys().TokenRing()
	unknown := s.Refresh(fixture.KeyOf(fixture.SessionOne), 0)
	unknown.KeyID++
	for name, c := range map[string]struct {
		handlers map[api.Operation]api.Handler
		op       api.Operation
		token    string
		status   int
		clears   bool
	}{
		"expired":                  {s.Handlers, api.Refresh, s.RefreshText(fixture.SessionOld, 0), 400, true},
		"forged":                   {s.Handlers, api.Refresh, "forged", 400, true},
		"wrong root":               {s.Handlers, api.Refresh, wrongRoot(s), 400, false},
		"a key that never was":     {s.Handlers, api.Refresh, fixture.Must(unknown.Encode(keys.TokenKey{ID: unknown.KeyID})).Reveal(), 400, true},
		"dropped key":              {dropped.All(), api.Refresh, current, 400, false},
		"dropped key beside junk":  {dropped.All(), api.Refresh, "junk; refresh_token=" + current, 400, false},
		"required access token":    {s.Handlers, api.Refresh, s.RefreshText(fixture.SessionReq, 0), 400, false},
		"no keys":                  {noKeys.All(), api.Refresh, current, 503, false},
		"no table":                 {broken.All(), api.Refresh, current, 503, false},
		"two cookies and no keys":  {noKeys.All(), api.Refresh, current + "; refresh_token=" + s.RefreshText(fixture.SessionTwo, 0), 503, false},
		"logout without keys":      {noKeys.All(), api.Logout, current, 503, false},
		"logout without the table": {broken.All(), api.Logout, current, 503, false},
		"logout":                   {service.New(t, io.Discard).Handlers, api.Logout, current, 200, true},
	} {
		answer, err := c.handlers[c.op](t.Context(), byCookie(c.token).Event())
		if clears := len(answer.MultiValueHeaders["Set-Cookie"]) > 0; err != nil || answer.StatusCode != c.status || clears != c.clears {
			t.Errorf("%s: got %d, clears %v, %v; want %d, %v", name, answer.StatusCode, clears, err, c.status, c.clears)
		}
	}
}

// A logout reads the same whatever the token; the log shows that a token key has leaked.
func TestALogoutByATokenOfALeakedKeyEndsNothingAndIsSeen(t *testing.T) {
	var log bytes.Buffer
	s := service.New(t, &log)
	answer := s.Call(t, api.Logout, byCookie(wrongRoot(s)))
	line := logged(t, &log)
	if answer.StatusCode != 200 || line["outcome"] != "wrong root" || line["level"] != "WARN" {
		t.Errorf("got %d and %v, want 200 and a warning of a wrong root", answer.StatusCode, line)
	}
	if answer = s.Call(t, api.Refresh, byCookie(s.RefreshText(fixture.SessionOne, 0))); answer.StatusCode != 200 {
		t.Errorf("the session: got %d %s, want it live", answer.StatusCode, answer.Body)
	}
	none := s.Call(t, api.Logout, byCookie(""))
	if answer = s.Call(t, api.Logout, byCookie(wrongRoot(s))); answer.Body != none.Body || strings.Contains(answer.Body, "srt_") {
		t.Errorf("got %s, want %s", answer.Body, none.Body)
	}
}
