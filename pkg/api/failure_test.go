package api_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/leaks"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// brokenStore fails every verb, or panics in it.
type brokenStore struct {
	session.Store // nil: a verb that is not overridden panics

	err error
}

func (b brokenStore) Application(context.Context, string, string) (session.Application, error) {
	return session.Application{}, b.err
}

func (b brokenStore) ApplicationOf(context.Context, session.Key) (session.Application, error) {
	return session.Application{}, b.err
}

func (b brokenStore) Rotate(context.Context, session.Rotation) (session.Session, bool, error) {
	return session.Session{}, false, b.err
}

func (b brokenStore) Locate(context.Context, string, token.ID) (session.Key, error) {
	return session.Key{}, b.err
}

func (b brokenStore) Load(context.Context, session.Key) (session.Session, session.Application, error) {
	return session.Session{}, session.Application{}, b.err
}

func (b brokenStore) Query(context.Context, session.Query) ([]session.Session, bool, error) {
	return nil, false, b.err
}

func (b brokenStore) AdvanceEpoch(context.Context, string, string, uint64) (session.Ending, error) {
	return session.Ending{}, b.err
}

// requests is one good request of each operation with a route that reads the store.
func requests(t *testing.T, s *service.Service) map[api.Operation]service.Request {
	t.Helper()
	admin := s.Caller(t, fixture.KeyText("all"), fixture.Demo)
	current := s.RefreshText(fixture.SessionOne, 0)
	one, user, application := []string{"tokenId", fixture.SessionOne}, []string{"userId", fixture.Alice}, []string{"applicationId", fixture.Web}
	return map[api.Operation]service.Request{
		api.Issue:                      {Method: "POST", Body: `{"userId":"alice","applicationId":"web"}`, Caller: admin},
		api.Refresh:                    refresh(current),
		api.RetrieveByID:               {Method: "GET", Path: one, Caller: admin},
		api.RetrieveByUser:             {Method: "GET", Query: user, Caller: admin},
		api.UpdateByID:                 {Method: "PATCH", Path: one, Body: `{"supersede":true}`, Caller: admin},
		api.UpdateByUser:               {Method: "PATCH", Path: user, Body: `{"supersede":true}`, Caller: admin},
		api.DeleteByID:                 {Method: "DELETE", Path: one, Caller: admin},
		api.Logout:                     {Method: "POST", Body: `{"refreshToken":"` + current + `"}`},
		api.DeleteByString:             {Method: "POST", Body: `{"token":"` + current + `"}`, Caller: admin},
		api.DeleteByUser:               {Method: "DELETE", Path: user, Caller: admin},
		api.DeleteByApplication:        {Method: "DELETE", Path: application, Caller: admin},
		api.DeleteByUserAndApplication: {Method: "DELETE", Path: append(user, application...), Caller: admin},
		api.DocumentedForms:            {Method: "POST", Path: one, Caller: admin},
		api.UserRefreshToken:           refresh(current, "Authorization", s.Sign(s.Access(fixture.SessionOne))),
		api.AuthenticateRefresh:        refresh(current),
		api.OauthToken:                 {Method: "POST", Header: isForm, Body: "grant_type=refresh_token&refresh_token=" + current},
		api.OauthRevoke:                {Method: "POST", Header: isForm, Body: "token=" + current},
		api.OauthIntrospect:            {Method: "POST", Header: isForm, Body: "token=" + current, Caller: admin},
	}
}

// Keys or a table that cannot be read are a 503 with Retry-After, a failure of the service a 500 with a constant text,
// each in its interface's shape.
func TestFailuresOfTheTableAndTheKeysAre503Or500(t *testing.T) {
	var log bytes.Buffer
	s := service.New(t, &log)
	all := requests(t, s)
	shapes := map[api.Operation]string{
		api.UserRefreshToken: `"result":false`, api.AuthenticateRefresh: `"error":{"code":`, api.OauthToken: `"error":"`,
		api.OauthRevoke: `"error":"`, api.OauthIntrospect: `"error":"`,
	}
	withKeys := []api.Operation{
		api.Issue, api.Refresh, api.DeleteByString, api.Logout, api.UserRefreshToken, api.AuthenticateRefresh, api.OauthToken, api.OauthRevoke, api.OauthIntrospect,
	}
	for name, c := range map[string]struct {
		store  session.Store
		keys   *keys.Ring[keys.TokenSet]
		status int
	}{
		"table throttled": {brokenStore{err: fmt.Errorf("throttled: %w", session.ErrUnavailable)}, s.Parts.TokenKeys, 503},
		"table confused":  {brokenStore{err: errors.New("srt_secret eyJ")}, s.Parts.TokenKeys, 500},
		"panic":           {nil, s.Parts.TokenKeys, 500},
		"no token keys":   {s.Store, fixture.Down[keys.TokenSet](), 503},
	} {
		parts := s.Parts
		parts.Store, parts.TokenKeys = c.store, c.keys
		broken := *s
		broken.Handlers = parts.All()
		for op, r := range all {
			if name == "no token keys" && !slices.Contains(withKeys, op) {
				continue
			}
			answer := broken.Call(t, op, r)
			retry := http.Header(answer.MultiValueHeaders).Get("Retry-After")
			if answer.StatusCode != c.status || (retry != "") != (c.status == http.StatusServiceUnavailable) {
				t.Errorf("%s: %s: got %d %s and Retry-After %q, want %d", name, op, answer.StatusCode, answer.Body, retry, c.status)
			}
			if shape := cmp.Or(shapes[op], `"success":false,`); !strings.Contains(answer.Body, shape) || strings.Contains(answer.Body, "srt_") {
				t.Errorf("%s: %s: got %s, want %s in it and no token", name, op, answer.Body, shape)
			}
		}
	}
	if err := leaks.Find(strings.ReplaceAll(log.String(), "srt_secret eyJ", ""), s.RefreshText(fixture.SessionOne, 0)); err != nil {
		t.Error(err)
	}
}

func TestARequiredAccessTokenIsRequiredInEveryInterface(t *testing.T) {
	s := service.New(t, io.Discard)
	token := s.RefreshText(fixture.SessionReq, 0)
	for op, c := range map[api.Operation]struct {
		request service.Request
		status  int
		body    string
	}{
		api.Refresh: {refresh(token), 400, `"field":"accessToken","code":"missing","message":"The access token is required`},
		// This interface reads no access token.
		api.AuthenticateRefresh: {refresh(token), 401, "invalidRefreshToken"},
		api.OauthToken: {
			service.Request{Method: "POST", Header: isForm, Body: "grant_type=refresh_token&refresh_token=" + token}, 400, "invalid_request",
		},
	} {
		if answer := s.Call(t, op, c.request); answer.StatusCode != c.status || !strings.Contains(answer.Body, c.body) {
			t.Errorf("%s: got %d %s, want %d with %s", op, answer.StatusCode, answer.Body, c.status, c.body)
		}
	}
	access := s.AccessText(fixture.SessionReq, s.Now.Add(-1))
	answer := s.Call(t, api.Refresh, refresh(token, "Authorization", "Bearer "+access)) // nothing has rotated
	if answer.StatusCode != http.StatusOK || !strings.Contains(answer.Body, `"refreshTokenId":"`+fixture.SessionReq) {
		t.Errorf("with its access token: got %d %s, want 200", answer.StatusCode, answer.Body)
	}
}

func TestAnAccessTokenOfBeforeARefreshPassesWhereTheSessionKeepsIt(t *testing.T) {
	for _, keep := range []bool{false, true} {
		s := service.New(t, io.Discard)
		stored := s.Session(fixture.SessionOne)
		stored.Policy.KeepPreviousAccess = keep
		if err := errors.Join(s.Store.DeleteBatch(t.Context(), []session.Key{stored.Key}), s.Store.Create(t.Context(), stored)); err != nil {
			t.Fatal(err)
		}
		before := s.Sign(s.Access(fixture.SessionOne))
		s.Caller(t, before, fixture.Demo)
		if answer := s.Call(t, api.Refresh, refresh(s.RefreshText(fixture.SessionOne, 0))); answer.StatusCode != http.StatusOK {
			t.Fatalf("got %d %s, want 200", answer.StatusCode, answer.Body)
		}
		headers := authorizer.HeadersOf(map[string]string{"Authorization": "Bearer " + before, "X-Stencil-TenantId": fixture.Demo}, nil)
		if _, err := s.Parts.Authorizer.Authenticate(t.Context(), headers); (err == nil) != keep {
			t.Errorf("keepPreviousAccessToken %v: got %v", keep, err)
		}
	}
}

func TestTheLogTellsWhatIsNoTokenFromAForgery(t *testing.T) {
	genuine := service.New(t, io.Discard).RefreshText(fixture.SessionOne, 0)
	for text, outcome := range map[string]string{"nonsense": "malformed", genuine + "\\n": "malformed", genuine[:len(genuine)-4] + "AAAA": "forged"} {
		var log bytes.Buffer
		s := service.New(t, &log)
		s.Call(t, api.Refresh, refresh(text))
		if got := logged(t, &log)["outcome"]; got != outcome {
			t.Errorf("%s: got outcome %v, want %s", text, got, outcome)
		}
	}
}
