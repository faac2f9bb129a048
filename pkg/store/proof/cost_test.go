package proof

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// meeting makes two faults that hold their requests until both have arrived.
func meeting() (one, other dynamotest.Fault) {
	here, there := make(chan struct{}), make(chan struct{})
	hold := func(arrived, awaited chan struct{}) dynamotest.Fault {
		return func(request *http.Request, send dynamotest.Send) (*http.Response, error) {
			close(arrived)
			select {
			case <-awaited:
				return send(request)
			case <-request.Context().Done():
				return nil, request.Context().Err()
			}
		}
	}
	return hold(here, there), hold(there, here)
}

// warm refreshes a session of another user, so that the container trusts its reads.
func (p *metered) warm() {
	p.Helper()
	if _, err := p.refresh(p.issue("somebody else", "web")); err != nil {
		p.Fatal(err)
	}
}

// Law 4: in a warm container a refresh costs two parallel calls, 1 write unit and 1 read unit. Every outcome that needs
// the store costs the same, except reuse.
func TestARefreshInAWarmContainerCostsTwoParallelCallsAndTwoUnits(t *testing.T) {
	p := newMetered(t)
	done := func(_ session.Grant, err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		outcome     string
		application string
		before      func(session.Grant)
		want        error
		applied     bool
	}{
		{string(session.Rotated), "web", func(session.Grant) {}, nil, true},
		{string(session.Extended), "service", func(session.Grant) {}, nil, true},
		{string(session.Rotated), "bound", func(session.Grant) {}, nil, true}, // with a proof
		{string(session.Retried), "web", func(g session.Grant) { done(p.refresh(g)) }, nil, false},
		{"", "web", func(session.Grant) { p.Pass(30 * 24 * time.Hour) }, session.ErrExpired, false},
		{"", "web", func(g session.Grant) {
			if _, err := p.Delete(t.Context(), session.Caller{Tenant: p.tenant}, g.Session.ID); err != nil {
				t.Fatal(err)
			}
		}, session.ErrUnknown, false},
		{"", "web", func(session.Grant) {
			if _, err := p.DeleteByApplication(t.Context(), p.tenant, "web"); err != nil {
				t.Fatal(err)
			}
		}, session.ErrUnknown, true}, // the write is applied; the epoch refuses the answer
	} {
		g := p.issue("user", c.application)
		c.before(g)
		p.warm()
		p.transport.Reset()
		update, get := meeting()
		p.transport.Next("UpdateItem", update)
		p.transport.Next("GetItem", get)
		got, err := p.refresh(g)
		if bound := !got.Session.JKT.IsZero(); bound != (c.application == "bound") {
			t.Errorf("%s: got bound %t", c.application, bound)
		}
		if !errors.Is(err, c.want) || string(got.Outcome) != c.outcome {
			t.Errorf("got %q, %v, want %q, %v", got.Outcome, err, c.outcome, c.want)
		}
		want := cost{requests: "[GetItem:1 UpdateItem:1]", write: 1, read: 1}
		if !c.applied {
			want.write = 0 // the engine reports no units; AWS bills a refused write by the size of its item
			p.wantSmall(g)
		}
		if spent := p.cost(); spent != want {
			t.Errorf("%s%v: got %+v, want %+v", c.outcome, c.want, spent, want)
		}
	}
}

// Law 4: a new container, and one whose latest read failed or is a minute old, reads before it writes. The requests are
// the same two, one after the other. If the read fails, nothing is written.
func TestAContainerWithoutARecentReadReadsFirst(t *testing.T) {
	for name, distrust := range map[string]func(*metered){
		"a new one": func(p *metered) { p.service = newService(p.keys, p.store, p.Now, rand.Reader) },
		"its latest read failed": func(p *metered) {
			g := p.issue("somebody else", "web")
			p.transport.Always("GetItem", dynamotest.Refuse(http.StatusBadRequest, "AccessDeniedException", ""))
			if _, err := p.refresh(g); err == nil {
				t.Error("got an answer where the application cannot be read, want an error")
			}
			p.transport.Always("GetItem", dynamotest.Pass())
		},
		"a minute at rest": func(p *metered) { p.Pass(time.Minute) },
	} {
		p := newMetered(t)
		p.warm()
		g := p.issue("user", "web")
		distrust(p)
		p.transport.Reset()
		readBefore := 0
		p.transport.Next("UpdateItem", func(request *http.Request, send dynamotest.Send) (*http.Response, error) {
			readBefore = p.transport.Requests()["GetItem"]
			return send(request)
		})
		_, err := p.refresh(g)
		if got, want := p.cost(), (cost{requests: "[GetItem:1 UpdateItem:1]", write: 1, read: 1}); err != nil || got != want || readBefore != 1 {
			t.Errorf("%s: got %+v, %d reads before the write, %v, want %+v, 1", name, got, readBefore, err, want)
		}
	}
}

// A refresh is judged by what the token itself says before any request to the store.
func TestARefreshWithoutItsRequiredAccessTokenCostsNothing(t *testing.T) {
	p := newMetered(t)
	g := p.issue("user", "strict")
	p.transport.Reset()
	if _, err := p.refresh(g); !errors.Is(err, session.ErrAccessRequired) || p.cost() != (cost{requests: "[]"}) {
		t.Errorf("got %v, %+v, want %v, nothing", err, p.cost(), session.ErrAccessRequired)
	}
}

// The table in the doc of package dynamo, summed up for each operation of the service.
func TestEveryOperationCostsItsRequestsAndUnits(t *testing.T) {
	p := newMetered(t)
	all := session.Caller{Tenant: p.tenant}
	key := newAPIKey(t, p.store, p.tenant, p.Now())
	authenticate := func(credential string) error {
		_, err := newAuthorizer(p.keys, p.store, p.Now).Authenticate(t.Context(), authorizer.HeadersOf(map[string]string{
			"Authorization": "Bearer " + credential, "X-Stencil-TenantId": p.tenant,
		}, nil))
		return err
	}
	for name, c := range map[string]struct {
		application string
		run         func(g session.Grant, user string) error
		want        cost
	}{
		"authorizer, access token": {"web", func(g session.Grant, _ string) error {
			return authenticate(g.Access.Reveal())
		}, cost{"[BatchGetItem:1]", 0, 2, 0}},
		"authorizer, API key": {"web", func(session.Grant, string) error {
			return authenticate(key.Text().Reveal())
		}, cost{"[GetItem:1]", 0, 1, 0}},
		"issue": {"unlimited", func(_ session.Grant, user string) error {
			p.issue(user, "unlimited")
			return nil
		}, cost{"[GetItem:1 PutItem:2]", 3, 1, 1}},
		"issue within a limit": {"web", func(_ session.Grant, user string) error {
			p.issue(user, "web")
			return nil
		}, cost{"[GetItem:1 PutItem:2 Query:2]", 3, 3, 1}},
		"issue beyond a limit": {"single", func(_ session.Grant, user string) error {
			p.issue(user, "single")
			return nil
		}, cost{"[DeleteItem:1 GetItem:1 PutItem:3 Query:2]", 6, 3, 2}},
		"refresh, reused": {"web", func(g session.Grant, _ string) error {
			next, err1 := p.refresh(g)
			_, err2 := p.refresh(next)
			p.Pass(31 * time.Second)
			p.transport.Reset()
			_, err := p.refresh(g)
			return errors.Join(err1, err2, only(err, session.ErrReused))
		}, cost{"[DeleteItem:1 GetItem:1 PutItem:1 UpdateItem:1]", 3, 1, 1}},
		"refresh, forged": {"web", func(g session.Grant, _ string) error {
			forged := []byte(g.Refresh.Reveal())
			forged[60] ^= 1
			_, err := p.Refresh(t.Context(), session.RefreshRequest{Token: string(forged)})
			return only(err, session.ErrForged)
		}, cost{"[]", 0, 0, 0}},
		"refresh, another tenant's": {"web", func(g session.Grant, _ string) error {
			_, err := p.Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal(), Tenant: "another"})
			return only(err, session.ErrOtherTenant)
		}, cost{"[]", 0, 0, 0}},
		"refresh, claims of a hook": {"web", func(g session.Grant, _ string) error {
			_, err := p.hooked(session.HookAnswer{Claims: json.RawMessage(`{"roles":["admin"]}`)}).Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal()})
			return err
		}, cost{"[GetItem:1 UpdateItem:1]", 1, 1, 0}},
		"refresh, denied by a hook": {"web", func(g session.Grant, _ string) error {
			_, err := p.hooked(session.HookAnswer{Deny: true}).Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal()})
			return only(err, session.ErrDenied)
		}, cost{"[DeleteItem:1 GetItem:1 PutItem:1]", 3, 1, 1}},
		"refresh, imported": {"web", func(_ session.Grant, user string) error {
			_, err1 := session.NewImporter(p.store, p.Now).Import(t.Context(), p.tenant, "web", []session.ImportRequest{{User: user, Foreign: token.ForeignOf("old")}})
			p.transport.Reset()
			_, err := p.Accepting(session.Accepted{Store: p.store}).Refresh(t.Context(), session.RefreshRequest{Token: "old"})
			return errors.Join(err1, err)
		}, cost{"[GetItem:2 UpdateItem:1]", 1, 2, 0}},
		"refresh, never imported": {"web", func(session.Grant, string) error {
			_, err := p.Accepting(session.Accepted{Store: p.store}).Refresh(t.Context(), session.RefreshRequest{Token: "unknown"})
			return only(err, session.ErrMalformed)
		}, cost{"[GetItem:1]", 0, 1, 0}},
		"retrieve": {"web", func(g session.Grant, _ string) error {
			_, err := p.Retrieve(t.Context(), all, g.Session.ID)
			return err
		}, cost{"[BatchGetItem:1 Query:1]", 0, 2.5, 0.5}},
		"list": {"web", func(_ session.Grant, user string) error {
			_, _, err := p.List(t.Context(), session.ListRequest{Tenant: p.tenant, User: user, Limit: 50})
			return err
		}, cost{"[BatchGetItem:1 Query:1]", 0, 2, 0}},
		"update": {"web", func(g session.Grant, _ string) error {
			_, err := p.Update(t.Context(), all, g.Session.ID, session.Patch{Supersede: true})
			return err
		}, cost{"[BatchGetItem:1 PutItem:1 Query:1 UpdateItem:1]", 2, 2.5, 0.5}},
		"delete by id": {"web", func(g session.Grant, _ string) error {
			_, err := p.Delete(t.Context(), all, g.Session.ID)
			return err
		}, cost{"[DeleteItem:1 GetItem:1 PutItem:1 Query:1]", 3, 1.5, 1.5}},
		"delete by string": {"web", func(g session.Grant, _ string) error {
			_, err := p.DeleteByToken(t.Context(), all, g.Refresh.Reveal())
			return err
		}, cost{"[DeleteItem:1 GetItem:1 PutItem:1]", 3, 1, 1}},
		"delete by user": {"web", func(_ session.Grant, user string) error {
			_, err := p.DeleteByUser(t.Context(), p.tenant, user, "")
			return err
		}, cost{"[BatchGetItem:1 BatchWriteItem:1 PutItem:1 Query:1]", 3, 2, 1}},
		"delete by user and application": {"web", func(_ session.Grant, user string) error {
			_, err := p.DeleteByUser(t.Context(), p.tenant, user, "web")
			return err
		}, cost{"[BatchWriteItem:1 GetItem:1 PutItem:1 Query:1]", 3, 2, 1}},
		"delete by anchor": {"strict", func(g session.Grant, _ string) error {
			_, err := p.DeleteByAnchor(t.Context(), all, g.Session.ID, "strict")
			return err
		}, cost{"[BatchGetItem:1 GetItem:1 PutItem:1 Query:1 UpdateItem:1]", 2, 3.5, 0.5}},
	} {
		g := p.issue(name, c.application)
		p.transport.Reset()
		if err := c.run(g, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := p.cost(); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// only is nil if the error is the wanted one.
func only(err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("got %w, want %w", err, want)
}
