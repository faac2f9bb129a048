package operator_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/operator"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// login issues a session of alice, and returns its refresh token.
func (d *desk) login(application string) string {
	d.Helper()
	issued, err := d.tenants.Verbs(d.store, d.clock.Now).Issue(d.Context(), session.IssueRequest{
		Tenant: fixture.Demo, User: fixture.Alice, Application: application,
	})
	if err != nil {
		d.Fatalf("issue in %s: %v", application, err)
	}
	return issued.Refresh.Reveal()
}

func (d *desk) wantOver(refreshToken string) {
	d.Helper()
	verbs := d.tenants.Verbs(d.store, d.clock.Now)
	if _, err := verbs.Refresh(d.Context(), session.RefreshRequest{Token: refreshToken}); !errors.Is(err, session.ErrRefused) {
		d.Errorf("refresh: got %v, want %v", err, session.ErrRefused)
	}
}

func TestAPutChangesWhatItNamesAndNothingElse(t *testing.T) {
	d := newDesk(t)
	first := d.do(api.PutApplication, `{"tenantId":"demo","applicationId":"new","name":"New","settings":{"overlapSeconds":7}}`)
	second := d.do(api.PutApplication, `{"tenantId":"demo","applicationId":"new","settings":{"maxSessionsPerUser":3}}`)
	settings := second["settings"].(map[string]any)
	if second["name"] != "New" || settings["overlapSeconds"] != 7.0 || settings["maxSessionsPerUser"] != 3.0 {
		t.Errorf("got %v, want name and overlapSeconds of the first put", second)
	}
	if got := fmt.Sprint(second["changed"]); got != "[maxSessionsPerUser]" {
		t.Errorf("changed: got %s, want [maxSessionsPerUser]", got)
	}
	if first["warnings"] == nil {
		t.Error("got no warning of an overlap of 7 s, want one")
	}
	one := d.do(api.RetrieveApplications, `{"tenantId":"demo","applicationId":"new"}`)
	if fmt.Sprint(one["settings"]) != fmt.Sprint(settings) || one["epoch"] != 0.0 || one["changed"] != nil {
		t.Errorf("got %v, want the application as the put answered it", one)
	}
}

// Law 5.
func TestADeletedApplicationIsMadeAgainWithItsEpochAndWithoutItsSessions(t *testing.T) {
	d := newDesk(t)
	old := d.login(fixture.Service)
	out := d.do(api.DeleteApplication, `{"tenantId":"demo","applicationId":"service"}`)
	if out["epoch"] != 1.0 || !at(t, out["deletedAt"]).Equal(fixture.Noon()) {
		t.Errorf("got %v, want epoch 1 and the time", out)
	}
	d.wantRefused("NotFoundError", nil, api.DeleteApplication, `{"tenantId":"demo","applicationId":"service"}`)
	d.wantOver(old)
	request := session.IssueRequest{Tenant: fixture.Demo, User: fixture.Alice, Application: fixture.Service}
	if _, err := d.tenants.Verbs(d.store, d.clock.Now).Issue(t.Context(), request); !errors.Is(err, session.ErrNoApplication) {
		t.Errorf("issue: got %v, want %v", err, session.ErrNoApplication)
	}
	again := d.do(api.PutApplication, `{"tenantId":"demo","applicationId":"service"}`)
	if again["epoch"] != 1.0 || again["settings"].(map[string]any)["usage"] != "oneTime" || again["name"] != "" {
		t.Errorf("got %v, want the default settings, no name and epoch 1", again)
	}
	if len(again["changed"].([]any)) < 8 {
		t.Errorf("changed: got %v, want every setting, as of a new application", again["changed"])
	}
	d.wantOver(old)
	d.login(fixture.Service)
	if second := d.do(api.DeleteApplication, `{"tenantId":"demo","applicationId":"service"}`); second["epoch"] != 2.0 {
		t.Errorf("got %v, want epoch 2", second)
	}
}

// growing makes an application whenever the list of a tenant is read, the first times.
type growing struct {
	operator.Store

	left int
}

func (g *growing) ListApplications(ctx context.Context, tenant string, page session.Page) ([]session.Application, bool, error) {
	apps, more, err := g.Store.ListApplications(ctx, tenant, page)
	if g.left > 0 && err == nil {
		g.left--
		_, err = g.PutApplication(ctx, fixture.Application(tenant, fmt.Sprint("late-", g.left), nil))
	}
	return apps, more, err
}

func TestTheSessionsOfEveryApplicationOfATenantEnd(t *testing.T) {
	d := newDesk(t)
	d.Store = &growing{Store: d.store, left: 2}
	web, service := d.login(fixture.Web), d.login(fixture.Service)
	d.do(api.DeleteApplication, `{"tenantId":"demo","applicationId":"guarded"}`)
	out := d.do(api.DeleteByTenant, `{"tenantId":"demo","reason":"breach"}`)
	var got []string
	for _, one := range out["applications"].([]any) {
		app := one.(map[string]any)
		got = append(got, fmt.Sprint(app["applicationId"], " ", app["epoch"]))
	}
	if want := []string{"service 1", "web 1", "late-1 1", "late-0 1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: those of the start, then those made meanwhile, and no deleted one", got, want)
	}
	d.wantOver(web)
	d.wantOver(service)
	other, err := d.store.Application(t.Context(), fixture.Other, fixture.Web)
	if err != nil || other.Epoch != 0 {
		t.Errorf("the other tenant: got epoch %d, %v; want 0", other.Epoch, err)
	}
	if none := d.do(api.DeleteByTenant, `{"tenantId":"unknown"}`); len(none["applications"].([]any)) != 0 {
		t.Errorf("an unknown tenant: got %v, want no application", none)
	}
}

// Puts and deletions of one application at once all succeed, and no epoch that was answered is undone.
func TestPutsAndDeletionsOfOneApplicationTakeTurns(t *testing.T) {
	d := newDesk(t)
	var mu sync.Mutex
	answered := 0.0
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			op := api.PutApplication
			if i%2 == 0 {
				op = api.DeleteApplication
			}
			out, err := d.try(op, `{"tenantId":"demo","applicationId":"web"}`)
			var missing operator.NotFoundError
			if err != nil && !errors.As(err, &missing) {
				t.Errorf("%s: got %v, want an answer", op, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if epoch, ok := out["epoch"].(float64); ok {
				answered = max(answered, epoch)
			}
		})
	}
	all.Wait()
	now := d.do(api.PutApplication, `{"tenantId":"demo","applicationId":"web"}`)
	if now["epoch"].(float64) < answered || answered < 1 {
		t.Errorf("got epoch %v, want at least the answered %v, and that above 0", now["epoch"], answered)
	}
}

// late is a store whose every ending comes after another one that read the same application.
type late struct{ operator.Store }

func (l late) AdvanceEpoch(ctx context.Context, tenant, id string, from uint64) (session.Ending, error) {
	_, err := l.Store.AdvanceEpoch(ctx, tenant, id, from)
	return session.Ending{Epoch: from + 1}, err
}

func (l late) DeleteApplication(ctx context.Context, app session.Application, at time.Time) (session.Ending, error) {
	_, err := l.Store.DeleteApplication(ctx, app, at)
	return session.Ending{Epoch: app.Epoch + 1}, err
}

// The other ending has left the entry.
func TestAnEndingThatComesLateLeavesNoEntry(t *testing.T) {
	d := newDesk(t)
	d.Store = late{d.store}
	for _, one := range d.do(api.DeleteByTenant, `{"tenantId":"demo"}`)["applications"].([]any) {
		if epoch := one.(map[string]any)["epoch"]; epoch != 1.0 {
			t.Errorf("got %v, want epoch 1", one)
		}
	}
	if got := d.do(api.DeleteApplication, `{"tenantId":"demo","applicationId":"web"}`)["epoch"]; got != 2.0 {
		t.Errorf("got epoch %v, want 2", got)
	}
	if entries, _, err := d.store.Entries(t.Context(), session.EntryQuery{Tenant: fixture.Demo, Limit: 10}); err != nil || len(entries) != 0 {
		t.Errorf("got %v, %v, want no entry", entries, err)
	}
}

// failing refuses to advance the epoch of one application.
type failing struct {
	operator.Store

	id string
}

func (f failing) AdvanceEpoch(ctx context.Context, tenant, id string, from uint64) (session.Ending, error) {
	if id == f.id {
		return session.Ending{}, session.ErrUnavailable
	}
	return f.Store.AdvanceEpoch(ctx, tenant, id, from)
}

// Of a tenant with more applications than end at a time each ends once, in the order of the list; after a failure the rest
// ends by a repetition.
func TestATenantOfManyApplicationsEndsWhole(t *testing.T) {
	d := newDesk(t)
	const many = 40
	for n := range many {
		d.do(api.PutApplication, `{"tenantId":"large","applicationId":"app-%02d"}`, n)
	}
	d.Store = failing{d.store, "app-20"}
	if out, err := d.try(api.DeleteByTenant, `{"tenantId":"large"}`); err == nil {
		t.Fatalf("got %v, want the failure", out)
	}
	d.Store = d.store
	ends := map[string]int{}
	for n, one := range d.do(api.DeleteByTenant, `{"tenantId":"large"}`)["applications"].([]any) {
		app := one.(map[string]any)
		if id := fmt.Sprintf("app-%02d", n); app["applicationId"] != id || app["epoch"].(float64) < 1 {
			t.Errorf("got %v at %d, want %s of epoch 1 or 2", app, n, id)
		}
		ends[fmt.Sprint(app["epoch"])]++
	}
	if ends["1"]+ends["2"] != many || ends["1"] < 1 || ends["2"] < 1 {
		t.Errorf("got epochs %v, want %d applications, some of which had ended before", ends, many)
	}
	entries, _, err := d.store.Entries(t.Context(), session.EntryQuery{Tenant: "large", Limit: 1000})
	ended := 0
	for _, e := range entries {
		if e.Event == session.EventDeleted {
			ended++
		}
	}
	if err != nil || ended != ends["1"]+2*ends["2"] {
		t.Errorf("got %d entries, %v; want one for each ending, %d", ended, err, ends["1"]+2*ends["2"])
	}
}
