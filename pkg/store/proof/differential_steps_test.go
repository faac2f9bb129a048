package proof

import (
	"encoding/json"
	"errors"
	"time"

	"pgregory.net/rapid"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func (d *differential) issue(t *rapid.T) {
	req := session.IssueRequest{Tenant: d.tenant, User: d.user(t), Application: d.application(t)}
	if rapid.IntRange(0, 19).Draw(t, "unknown application") == 0 {
		req.Application = "unknown"
	}
	if rapid.Bool().Draw(t, "everything") {
		req.Scope = "read write:all"
		req.Device = &session.Device{Name: "Jane's phone", IP: "2001:db8::1"}
		req.Claims = json.RawMessage(`{"roles":["admin"],"n":12345678901234567890}`)
	}
	got, err := d.both(t, "issue", func(s *service) (any, error) {
		g, err := s.Issue(t.Context(), req)
		return reveal(g), err
	})
	if err == nil {
		g := got.(revealed)
		d.sessions = append(d.sessions, &clientSession{user: req.User, application: req.Application, id: g.Session.ID, grants: []revealed{g}})
	}
}

// refresh presents some tokens of one session, one after the other: its newest one, as a client does, or older ones.
func (d *differential) refresh(t *rapid.T) {
	f := d.anySession(t)
	for range rapid.IntRange(1, 4).Draw(t, "times") {
		back := rapid.SampledFrom([]int{1, 0, 0, 0, 2, 0, 0, 1, 3}).Draw(t, "generations back")
		d.present(t, f, f.grants[max(0, len(f.grants)-1-back)])
	}
}

// edge presents a token around the millisecond of its expiry, or an older one around the end of its overlap.
func (d *differential) edge(t *rapid.T) {
	f := d.anySession(t)
	newest := f.grants[len(f.grants)-1]
	presented, end := newest, newest.Session.ExpiresAt()
	if len(f.grants) > 1 && rapid.Bool().Draw(t, "of the overlap") {
		presented = f.grants[max(0, len(f.grants)-1-rapid.IntRange(1, 7).Draw(t, "generations back"))]
		slot := presented.Session.Generation % session.RotationTimes
		end = newest.Session.Rotated[slot].Add(newest.Session.Policy.Overlap)
	}
	end = end.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "milliseconds")) * time.Millisecond)
	d.Pass(max(0, end.Sub(d.Now())))
	d.present(t, f, presented)
}

func (d *differential) present(t *rapid.T, f *clientSession, g revealed) {
	req := session.RefreshRequest{Token: g.Refresh}
	if rapid.IntRange(0, 19).Draw(t, "another tenant") == 0 {
		req.Tenant = "another"
	}
	beside := rapid.SampledFrom([]string{"none", "none", "none", "its own", "its own", "its own", "the first", "another session's"}).Draw(t, "access token")
	access := map[string]string{"its own": g.Access, "the first": f.grants[0].Access, "another session's": d.sessions[0].grants[0].Access}
	got, err := d.both(t, "refresh", func(s *service) (any, error) {
		req := req // each service sets its own fields
		if text := access[beside]; text != "" {
			verified, err := s.Verifier.VerifyEvenExpired(t.Context(), text)
			if err != nil {
				return nil, err
			}
			req.Access = &verified
		}
		g, err := s.Refresh(t.Context(), req)
		return reveal(g), err
	})
	if err != nil {
		f.over = f.over || errors.Is(err, session.ErrUnknown) || errors.Is(err, session.ErrReused) || errors.Is(err, session.ErrExpired)
		return
	}
	next := got.(revealed)
	d.seen["refresh: "+string(next.Outcome)]++
	if token.IsForeign(g.Refresh) {
		d.seen["a token of another system: "+string(next.Outcome)]++
	}
	if next.Session.Generation > f.grants[len(f.grants)-1].Session.Generation {
		f.grants = append(f.grants, next)
	}
}

// forge presents tokens that nobody issued.
func (d *differential) forge(t *rapid.T) {
	f := d.anySession(t)
	text := f.grants[len(f.grants)-1].Refresh
	if token.IsForeign(text) {
		t.Skip("it has no tag")
	}
	known, err := d.services[0].Identify(t.Context(), text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	wrong := unknownKey(d.keys.TokenKey())
	wrong.ID = known.KeyID
	switch rapid.IntRange(0, 3).Draw(t, "forgery") {
	case 0:
		at := rapid.IntRange(4, len(text)-1).Draw(t, "at")
		text = text[:at] + string("AB"[btoi(text[at] == 'A')]) + text[at+1:]
	case 1:
		known.Generation++
		text = fixture.Must(known.Encode(wrong)).Reveal()
	case 2:
		text = fixture.Must(known.Encode(wrong)).Reveal()
	default:
		text = text[:len(text)/2]
	}
	_, _ = d.both(t, "refresh a forged token", func(s *service) (any, error) {
		g, err := s.Refresh(t.Context(), session.RefreshRequest{Token: text})
		return reveal(g), err
	})
	_, _ = d.both(t, "delete by a forged token", func(s *service) (any, error) {
		return s.DeleteByToken(t.Context(), session.Caller{Tenant: d.tenant}, text)
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (d *differential) authorize(t *rapid.T) {
	f := d.anySession(t)
	h := authorizer.HeadersOf(map[string]string{
		"X-Stencil-TenantId": d.tenant, "Authorization": "Bearer " + rapid.SampledFrom(f.grants).Draw(t, "grant").Access,
	}, nil)
	_, _ = d.both(t, "authorize", func(s *service) (any, error) {
		p, err := newAuthorizer(d.keys, s.Store, d.Now).Authenticate(t.Context(), h)
		if errors.Is(err, authorizer.ErrUnauthenticated) {
			return "unauthenticated", nil
		}
		return p, err
	})
}

// delete ends one session, by its id or by any of its tokens, or by anchor all sessions of its application.
func (d *differential) delete(t *rapid.T) {
	f, c := d.anySession(t), d.caller(t)
	text := rapid.SampledFrom(f.grants).Draw(t, "grant").Refresh
	application := rapid.SampledFrom([]string{f.application, "web"}).Draw(t, "of application")
	switch rapid.IntRange(0, 4).Draw(t, "selector") {
	case 0, 1:
		_, _ = d.both(t, "delete by id", func(s *service) (any, error) { return s.Delete(t.Context(), c, f.id) })
	case 2, 3:
		_, _ = d.both(t, "delete by string", func(s *service) (any, error) { return s.DeleteByToken(t.Context(), c, text) })
	default:
		_, _ = d.both(t, "delete by anchor", func(s *service) (any, error) {
			return s.DeleteByAnchor(t.Context(), c, f.id, application)
		})
	}
}

func (d *differential) deleteByUser(t *rapid.T) {
	user, application := d.user(t), rapid.SampledFrom([]string{"", "web", "short", "a#b%23 c/é", "unknown"}).Draw(t, "of application")
	_, _ = d.both(t, "delete by user", func(s *service) (any, error) {
		return s.DeleteByUser(t.Context(), d.tenant, user, application)
	})
}

func (d *differential) deleteByApplication(t *rapid.T) {
	application := rapid.SampledFrom([]string{"web", "service", "short", "unknown"}).Draw(t, "of application")
	_, _ = d.both(t, "delete by application", func(s *service) (any, error) {
		return s.DeleteByApplication(t.Context(), d.tenant, application)
	})
}

// list follows the pages to the end.
func (d *differential) list(t *rapid.T) {
	req := session.ListRequest{Tenant: d.tenant, User: d.user(t), Limit: rapid.IntRange(1, 4).Draw(t, "limit")}
	if rapid.Bool().Draw(t, "narrow") {
		req.Application = d.application(t)
	}
	d.pages(t, req)
}

func (d *differential) pages(t *rapid.T, req session.ListRequest) {
	type page struct {
		Sessions []session.Session
		Next     *session.Position
	}
	for {
		got, err := d.both(t, "list", func(s *service) (any, error) {
			sessions, next, err := s.List(t.Context(), req)
			return page{sessions, next}, err
		})
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		p := got.(page)
		if len(p.Sessions) > req.Limit {
			t.Fatalf("got a page of %d, want at most %d", len(p.Sessions), req.Limit)
		}
		if p.Next == nil {
			return
		}
		req.From = p.Next
	}
}

func (d *differential) retrieve(t *rapid.T) {
	id, c := storetest.NewID(), d.caller(t)
	if rapid.IntRange(0, 9).Draw(t, "unknown id") > 0 {
		id = d.anySession(t).id
	}
	_, _ = d.both(t, "retrieve", func(s *service) (any, error) { return s.Retrieve(t.Context(), c, id) })
}

// agree compares the sessions that both services still have.
func (d *differential) agree(t *rapid.T) {
	for _, user := range []string{"jane", "jane#1", "0198c0de-0000-7000-8000-000000000001"} {
		d.pages(t, session.ListRequest{Tenant: d.tenant, User: user, Limit: 100})
	}
	for _, f := range d.sessions {
		_, _ = d.both(t, "retrieve", func(s *service) (any, error) {
			return s.Retrieve(t.Context(), session.Caller{Tenant: d.tenant}, f.id)
		})
	}
}
