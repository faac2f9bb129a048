package api_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// noStore panics when it is asked.
type noStore struct{ session.Store }

// takers are a request of each operation that takes a refresh token, and the status of one that is refused.
func takers(t *testing.T, s *service.Service, text string) map[api.Operation]struct {
	service.Request
	status int
} {
	t.Helper()
	admin, form := s.Caller(t, fixture.KeyText("all"), fixture.Demo), func(body string, caller map[string]any) service.Request {
		return service.Request{Method: "POST", Header: isForm, Body: body, Caller: caller}
	}
	type taker = struct {
		service.Request
		status int
	}
	return map[api.Operation]taker{
		api.Refresh:             {refresh(text), 400},
		api.AuthenticateRefresh: {refresh(text), 401},
		api.UserRefreshToken:    {refresh(text, "Authorization", s.Sign(s.Access(fixture.SessionOne))), 401},
		api.OauthToken:          {form("grant_type=refresh_token&refresh_token="+text, nil), 400},
		api.DeleteByString:      {service.Request{Method: "POST", Body: `{"token":"` + text + `"}`, Caller: admin}, 404},
		api.Logout:              {refresh(text), 200},
		api.OauthRevoke:         {form("token="+text, nil), 200},
		api.OauthIntrospect:     {form("token="+text, admin), 200},
	}
}

// Law 8: nothing in a token whose key was dropped is verified. It reads like a forged one to the caller, the log tells
// the two apart, and neither reaches the store nor puts the ids in it into a log.
func TestADroppedKeyRefusesItsTokensWithoutTheStore(t *testing.T) {
	fresh := service.New(t, io.Discard)
	genuine := fresh.RefreshText(fixture.SessionOne, 0)
	forged := fresh.Refresh(fixture.KeyOf(fixture.SessionOne), 0)
	forged.KeyID = 0x0badc0de
	unknown := fixture.Must(forged.Encode(keys.TokenKey{ID: forged.KeyID})).Reveal()
	for op := range takers(t, fresh, genuine) {
		var log bytes.Buffer
		s := service.New(t, &log)
		s.Parts.TokenKeys, s.Parts.Store = s.DropTokenKeys().TokenRing(), noStore{}
		s.Handlers = s.Parts.All()
		answers := map[string]string{}
		for outcome, text := range map[string]string{"dropped key": genuine, "forged": unknown} {
			taker := takers(t, s, text)[op]
			log.Reset()
			answer := s.Call(t, op, taker.Request)
			line := logged(t, &log)
			answers[outcome] = answer.Body
			if answer.StatusCode != taker.status {
				t.Errorf("%s, %s: got %d %s, want %d", op, outcome, answer.StatusCode, answer.Body, taker.status)
			}
			if outcome == "dropped key" && (line["outcome"] != outcome || line["session"] != nil || line["application"] != nil) {
				t.Errorf("%s: got the line %v, want the outcome %s and no ids", op, line, outcome)
			}
			if tenant := line["tenant"]; tenant != "" && taker.Caller == nil {
				t.Errorf("%s, %s: got tenant %v in the log, want none", op, outcome, tenant)
			}
		}
		if answers["dropped key"] != answers["forged"] {
			t.Errorf("%s: got %s, want it to read like a forged one: %s", op, answers["dropped key"], answers["forged"])
		}
	}
}

// Laws 6 and 8: beside a refresh a dropped signing key still verifies, on every interface, and verifies nothing else.
func TestADroppedSigningKeyVerifiesBesideARefreshAlone(t *testing.T) {
	drop := func(s *service.Service) {
		dropped := s.DropSigningKeys("ES256")
		s.Parts.SigningKeys, s.Parts.PublicKeys = dropped.SigningRing(), dropped.PublicRing()
		s.Parts.Authorizer.Verifier.Keys = s.Parts.PublicKeys
	}
	own := func(n fixture.Tenants, id string) string { return n.Sign(n.Access(id)) }
	impostor := fixture.NewKeys("ES256").SigningKey()
	impostor.ID = fixture.DerivedKeys().SigningKey().ID
	for name, c := range map[string]struct {
		access             func(n fixture.Tenants, id string) string
		optional, required string
	}{
		"its own": {own, "200 200 200 200 200 200 200 200", "200 200 200 200 200 200 200 200"},
		"another session's": {
			func(n fixture.Tenants, _ string) string { return own(n, fixture.SessionTwo) },
			"401 401 400 200 200 401 401 401", "401 401 400 400 400 401 401 401",
		},
		"forged": {
			func(n fixture.Tenants, id string) string { return signedBy(impostor, n.Access(id)) },
			"401 401 400 200 200 401 401 401", "401 401 400 400 400 401 401 401",
		},
	} {
		for id, want := range map[string]string{fixture.SessionOne: c.optional, fixture.SessionReq: c.required} {
			if got := statusesBeside(t, id, c.access, drop); got != want {
				t.Errorf("%s, session %s: got %s, want %s", name, id[len(id)-1:], got, want)
			}
		}
	}
	s := service.New(t, io.Discard)
	admin, access := s.Caller(t, fixture.KeyText("all"), fixture.Demo), own(s.Tenants, fixture.SessionOne)
	drop(s)
	s.Handlers = s.Parts.All()
	_, err := s.Parts.Authorizer.Authenticate(t.Context(), authorizer.HeadersOf(
		map[string]string{"Authorization": "Bearer " + access, "X-Stencil-TenantId": fixture.Demo}, nil))
	if !errors.Is(err, authorizer.ErrForged) {
		t.Errorf("the authorizer: got %v, want %v", err, authorizer.ErrForged)
	}
	body := "token=" + access
	introspected := s.Call(t, api.OauthIntrospect, service.Request{Method: "POST", Header: isForm, Body: body, Caller: admin})
	revoked := s.Call(t, api.OauthRevoke, service.Request{Method: "POST", Header: isForm, Body: body})
	jwks := s.Call(t, api.Jwks, service.Request{Method: "GET"})
	if got := introspected.Body; strings.TrimSpace(got) != `{"active":false}` {
		t.Errorf("introspection: got %s, want it inactive", got)
	}
	if _, _, err := s.Store.Load(t.Context(), fixture.KeyOf(fixture.SessionOne)); err != nil || revoked.StatusCode != 200 {
		t.Errorf("revocation: got %d, and of the session %v, want 200 and the session live", revoked.StatusCode, err)
	}
	if got := jwks.Body; strings.Contains(got, impostor.ID) || strings.Count(got, "kid") != 1 {
		t.Errorf("JWKS: got %s, want the new key alone", got)
	}
}
