package floors

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// onEngine is the service over DynamoDB Local, in a table of its own, with its requests and their capacity counted.
func onEngine(t *testing.T) (*function, *dynamo.Store, *dynamotest.Transport) {
	t.Helper()
	var transport *dynamotest.Transport
	client, table := dynamotest.Table(t, dynamotest.ReportCapacity, dynamotest.Through(&transport))
	store := dynamo.New(client, table)
	register(t, store, "web", nil)
	register(t, store, "service", func(s *session.Settings) { s.Usage = session.Reusable })
	return newFunction(newKeyring(), store), store, transport
}

// meeting is a fault that holds the first two requests until both have arrived, or one is given up; met counts them.
func meeting() (meet dynamotest.Fault, met *atomic.Int64) {
	met = &atomic.Int64{}
	both := make(chan struct{})
	return func(request *http.Request, send dynamotest.Send) (*http.Response, error) {
		if met.Add(1) == 2 {
			close(both)
		}
		select {
		case <-both:
			return send(request)
		case <-request.Context().Done():
			return nil, request.Context().Err()
		}
	}, met
}

// calls is floors 8 and 9: the requests of a refresh, how many of them are on their way at once, and the write units.
func calls(t *testing.T) []samples {
	f, _, transport := onEngine(t)
	nothing := func(session.Grant) {}
	var requests, atOnce, units samples
	for _, c := range []struct {
		application string
		before      func(session.Grant)
		status      int
		units       float64 // the engine reports none for a refused write
	}{
		{"web", nothing, 200, 1},     // rotated
		{"service", nothing, 200, 1}, // extended
		{"web", func(g session.Grant) { status(f.refreshes, refreshEvent(g.Refresh.Reveal())) }, 200, 0}, // retried
		{"web", func(g session.Grant) { must(f.Delete(t.Context(), session.Caller{Tenant: tenant}, g.Session.ID)) }, 400, 0},
		{"web", func(session.Grant) { must(f.DeleteByApplication(t.Context(), tenant, "web")) }, 400, 1},
		{"web", func(session.Grant) { f.late = 31 * 24 * time.Hour }, 400, 0}, // expired
	} {
		g := f.issue(t, c.application)
		c.before(g)
		transport.Reset()
		meet, met := meeting()
		transport.Next("UpdateItem", meet)
		transport.Next("GetItem", meet)
		if got, body := status(f.refreshes, refreshEvent(g.Refresh.Reveal())); got != c.status {
			t.Fatalf("%d %s instead of %d", got, body, c.status)
		}
		requests = append(requests, sum(transport.Requests()))
		atOnce = append(atOnce, float64(met.Load()))
		written, _ := transport.Units("UpdateItem")
		if written != c.units {
			t.Errorf("%v write units instead of %v", written, c.units)
		}
		if written > 0 {
			units = append(units, written)
		}
	}
	return []samples{requests, atOnce, units}
}

func sum(counts map[string]int) (total float64) {
	for _, n := range counts {
		total += float64(n)
	}
	return total
}

// race is floor 10: 64 refreshes of one token at once.
func race(t *testing.T) []samples {
	const rivals, races = 64, 5
	f, _, transport := onEngine(t)
	var winners, alike samples
	for range races {
		event := refreshEvent(f.issue(t, "web").Refresh.Reveal())
		transport.Reset()
		answers := make([]string, rivals)
		together(rivals, func(i int) {
			got, body := status(f.refreshes, event)
			if answers[i] = refreshToken(body); got != 200 {
				t.Logf("%d %s", got, body)
			}
		})
		written, _ := transport.Units("UpdateItem") // refused writes report none
		winners = append(winners, written)
		same := 0.0
		for _, answer := range answers {
			if answer != "" && answer == answers[0] {
				same++
			}
		}
		alike = append(alike, same)
	}
	return []samples{winners, alike}
}

// deletion is floor 13: the requests of a deletion by application, over few and many sessions.
func deletion(t *testing.T) []samples {
	f, _, transport := onEngine(t)
	var requests samples
	for _, sessions := range []int{0, 1, 100} {
		for range sessions {
			f.issue(t, "service")
		}
		transport.Reset()
		must(f.DeleteByApplication(t.Context(), tenant, "service"))
		if got := slices.Sorted(maps.Keys(transport.Requests())); !slices.Equal(got, []string{"UpdateItem"}) {
			t.Errorf("requests %v instead of one UpdateItem", got)
		}
		requests = append(requests, sum(transport.Requests()))
	}
	return []samples{requests}
}

// oneFailure is floor 12: how long a caller waits when DynamoDB answers 500 once.
func oneFailure(t *testing.T) []samples {
	const times = 200
	c := newScene(t)
	aws := newStub(t, nil, c.answers...)
	aws.failsOnce.Store(true)
	store, rotation := storeAt(aws.url), storetest.NewRotation(c.rotated)
	var took samples
	for range times {
		started := time.Now()
		if _, _, err := store.Rotate(t.Context(), rotation); err != nil {
			t.Fatal(err)
		}
		took = append(took, ms(time.Since(started)))
	}
	return []samples{took}
}

// refreshToken is the one in a refresh's answer.
func refreshToken(body string) string {
	var answer struct {
		Data struct {
			RefreshToken string `json:"refreshToken"`
		} `json:"data"`
	}
	_ = json.Unmarshal([]byte(body), &answer) // no answer, no token
	return answer.Data.RefreshToken
}
