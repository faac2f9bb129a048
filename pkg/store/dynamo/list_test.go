package dynamo_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// hundred creates 100 sessions of a user with 2 KB of claims, in turn in so many applications: 59 units to read.
func (b *bench) hundred(user string, applications int) {
	b.Helper()
	var creations sync.WaitGroup
	for i := range 100 {
		app := fmt.Sprintf("app-%d", i%applications)
		if i < applications {
			_, _ = b.PutApplication(b.Context(), storetest.NewApplication(b.tenant, app)) // it may exist
		}
		s := storetest.NewSession(b.tenant, user, app)
		s.Claims = json.RawMessage(`{"x":"` + strings.Repeat("x", 2040) + `"}`)
		creations.Go(func() {
			if err := b.Create(b.Context(), s); err != nil {
				b.Error(err)
			}
		})
	}
	creations.Wait()
	b.transport.Reset()
}

// A list costs what its limit and the number of the user's applications say, whatever the number of the sessions: the
// sessions shown, and one query for each application.
func TestAListReadsWhatItShows(t *testing.T) {
	b := onEngine(t)
	for _, applications := range []int{1, 4, 15} {
		b.hundred(fmt.Sprint(applications), applications)
	}
	for _, c := range []struct {
		applications, limit  int
		only                 string
		shown, queries       int
		ofSessions, ofEpochs float64 // units
	}{
		{1, 1, "", 1, 2, 2, 1},
		{1, 10, "", 10, 2, 7, 1},
		{1, 50, "", 50, 2, 30, 1},
		{4, 1, "", 1, 5, 5, 2},
		{4, 10, "", 10, 8, 16, 4},
		{4, 10, "app-0", 10, 1, 7, 1},
		{15, 1, "app-0", 1, 1, 2, 1},
		{15, 10, "", 7, 19, 24, 11}, // 20 requests are the most, so the page is shorter
	} {
		what := fmt.Sprintf("%d of %d applications %s", c.limit, c.applications, c.only)
		b.transport.Reset()
		page, next, err := session.NewLister(b, storetest.Now).List(b.Context(), session.ListRequest{
			Tenant: b.tenant, User: fmt.Sprint(c.applications), Application: c.only, Limit: c.limit,
		})
		b.must(err)
		sessions, _ := b.transport.Units("Query")
		epochs, _ := b.transport.Units("BatchGetItem")
		if len(page) != c.shown || next == nil || sessions != c.ofSessions || epochs != c.ofEpochs {
			t.Errorf("%s: got %d, next %v, for %v and %v units, want %d for %v and %v",
				what, len(page), next != nil, sessions, epochs, c.shown, c.ofSessions, c.ofEpochs)
		}
		b.wantRequests(map[string]int{"Query": c.queries, "BatchGetItem": 1})
	}
}

// Law 5: a deletion reads everything that it deletes.
func TestADeletionByUserReadsAll(t *testing.T) {
	b := onEngine(t)
	b.hundred("user", 4)
	for _, c := range []struct {
		application string
		sessions    int
		units       float64
	}{{"app-1", 25, 15}, {"", 75, 44}} {
		b.transport.Reset()
		ids, err := session.NewUserDeleter(b, storetest.Now).DeleteByUser(b.Context(), b.tenant, "user", c.application)
		b.must(err)
		if units, _ := b.transport.Units("Query"); units != c.units || len(ids) != c.sessions {
			t.Errorf("%q: got %d sessions for %v units, want %d for %v", c.application, len(ids), units, c.sessions, c.units)
		}
	}
}
