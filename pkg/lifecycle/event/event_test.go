package event_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// Law 9: an event has the reason and the author of its entry, whoever wrote it.
func TestEveryKindOfEntryHasAnEventWithReasonAndAuthor(t *testing.T) {
	for _, kind := range fixture.EntryEvents(t, "../../session/history.go") {
		e := storetest.NewEntry("demo", "alice")
		e.Event, e.APIKey = kind, ""
		want, extent := "token."+string(kind), event.ExtentUser
		if about, _, isTenants := strings.Cut(string(kind), "."); isTenants {
			e.User, want, extent = "", string(kind), about
			if about == event.ExtentKey {
				e.APIKey = "k"
			}
		}
		got := event.Of(session.Change{ID: e.ID.String(), At: e.ID.Time(), Entry: &e})
		d := got.Detail
		if got.Type != want || d.Extent != extent || d.Reason != "admin" || d.By != "key:k" || d.ID != e.ID.String() || d.Count != 77 ||
			d.TenantID != "demo" || d.UserID != e.User || d.KeyID != e.APIKey || d.Epoch != 3 || string(d.Changed) != string(e.Changed) {
			t.Errorf("%s: got %s %+v, want %s of extent %s with all of the entry", kind, got.Type, d, want, extent)
		}
		raw, err := json.Marshal(d)
		if err != nil || strings.Contains(string(raw), e.IP) {
			t.Errorf("%s: got %s, %v; want no address", kind, raw, err)
		}
	}
}

func TestTheEndOfAnApplicationsSessionsHasItsEpoch(t *testing.T) {
	got := event.Of(session.Change{Entry: &session.Entry{
		Tenant: "demo", Application: "web", Event: session.EventDeleted, Epoch: 7,
	}})
	if got.Type != "token.deleted" || got.Detail.Extent != event.ExtentApplication || got.Detail.Epoch != 7 {
		t.Errorf("got %+v, want token.deleted of the application with epoch 7", got)
	}
}

func TestTheEventOfASessionsItemHasItsIDsAlone(t *testing.T) {
	key := storetest.NewSession("demo", "alice", "web").Key
	for _, kind := range []session.ChangeKind{session.ItemDeleted, session.ItemExpired, session.ItemRefreshed} {
		got := event.Of(session.Change{ID: "e", At: time.Unix(9, 0), Kind: kind, Key: key, Generation: 4})
		raw, err := json.Marshal(got.Detail)
		want := `{"id":"e","at":"1970-01-01T00:00:09Z","extent":"token","tenantId":"demo","applicationId":"web","userId":"alice","tokenId":"` +
			key.ID.String() + `","generation":4}`
		if err != nil || got.Type != "token."+string(kind) || string(raw) != want {
			t.Errorf("got %s %s, %v; want token.%s %s", got.Type, raw, err, kind, want)
		}
	}
}
