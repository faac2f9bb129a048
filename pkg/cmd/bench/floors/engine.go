package floors

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// onEngine is the core over DynamoDB Local, in a table of its own, with its requests and their capacity counted.
func onEngine(t testing.TB) (session.Verbs, *dynamotest.Transport) {
	t.Helper()
	var transport *dynamotest.Transport
	client, table := dynamotest.Table(t, dynamotest.ReportCapacity, dynamotest.Through(&transport))
	store := dynamo.New(client, table)
	for _, application := range fixture.Applications() {
		fixture.Must(store.PutApplication(t.Context(), application))
	}
	began := time.Now() // however long a run takes, no overlap passes
	return fixture.NewKeys("ES256").Verbs(store, func() time.Time { return began }), transport
}

// calls is floors 8 and 9. Package proof asserts them for every outcome, and that they are one deep.
func calls(t testing.TB) []samples {
	verbs, transport := onEngine(t)
	refresh := func(g session.Grant) error {
		_, err := verbs.Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal()})
		return err
	}
	var requests, units samples
	end := func(g session.Grant) error {
		_, err := verbs.Delete(t.Context(), session.Caller{Tenant: fixture.Demo}, g.Session.ID)
		return err
	}
	none := func(session.Grant) error { return nil }
	for _, c := range []struct {
		application string
		before      func(session.Grant) error
		want        error
		written     bool // the engine reports no units of a refused write
	}{
		{fixture.Web, none, nil, true},
		{fixture.Service, none, nil, true},
		{fixture.Web, refresh, nil, false},
		{fixture.Web, end, session.ErrUnknown, false},
	} {
		g := fixture.Must(verbs.Issue(t.Context(), request(c.application)))
		if err := c.before(g); err != nil {
			t.Fatal(err)
		}
		transport.Reset()
		if err := refresh(g); !errors.Is(err, c.want) {
			t.Fatalf("%s: got %v, want %v", c.application, err, c.want)
		}
		requests = append(requests, sum(transport.Requests()))
		if written, _ := transport.Units("UpdateItem"); c.written {
			units = append(units, written)
		}
	}
	return []samples{requests, units}
}

func sum(counts map[string]int) (total float64) {
	for _, n := range counts {
		total += float64(n)
	}
	return total
}

// race is floor 10: 64 refreshes of one token at once. An answer that is unavailable, as on a busy machine, is repeated
// as a client does, and counted apart.
func race(t testing.TB) []samples {
	const rivals, races = 64, 5
	verbs, _ := onEngine(t)
	var rotations, alike, unavailable samples
	for range races {
		g := fixture.Must(verbs.Issue(t.Context(), request(fixture.Web)))
		answers, errs := make([]string, rivals), make([]error, rivals)
		var repeated atomic.Int64
		start := make(chan struct{})
		var all sync.WaitGroup
		for i := range rivals {
			all.Go(func() {
				<-start
				got, err := verbs.Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal()})
				for session.KindOf(err) == session.KindUnavailable && t.Context().Err() == nil {
					repeated.Add(1)
					got, err = verbs.Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal()})
				}
				answers[i], errs[i] = got.Refresh.Reveal(), err
			})
		}
		close(start)
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Errorf("got an error, want 64 successors: %v", err)
		}
		same := 0.0
		for _, answer := range answers {
			if answer == answers[0] {
				same++
			}
		}
		stored := fixture.Must(verbs.Retrieve(t.Context(), session.Caller{Tenant: fixture.Demo}, g.Session.ID))
		rotations, alike = append(rotations, float64(stored.Generation)), append(alike, same)
		unavailable = append(unavailable, float64(repeated.Load()))
	}
	return []samples{rotations, alike, unavailable}
}

// deletion is floor 13, over few and many sessions. Package proof asserts it over 10 000.
func deletion(t testing.TB) []samples {
	verbs, transport := onEngine(t)
	var requests samples
	for _, sessions := range []int{0, 1, 100} {
		for range sessions {
			fixture.Must(verbs.Issue(t.Context(), request(fixture.Service)))
		}
		transport.Reset()
		fixture.Must(verbs.DeleteByApplication(t.Context(), fixture.Demo, fixture.Service))
		requests = append(requests, sum(transport.Requests()))
	}
	return []samples{requests}
}

// oneFailure is floor 12: how long a caller waits when DynamoDB answers 500 once.
func oneFailure(t testing.TB) []samples {
	c := newScene(t)
	aws := newStub(t, c.answers...)
	aws.failsOnce.Store(true)
	store, rotation := storeAt(aws.url), storetest.NewRotation(c.rotated)
	took := make(samples, 200)
	for i := range took {
		began := time.Now()
		if _, _, err := store.Rotate(t.Context(), rotation); err != nil {
			t.Fatal(err)
		}
		took[i] = measure.Milliseconds(time.Since(began))
	}
	return []samples{took}
}
