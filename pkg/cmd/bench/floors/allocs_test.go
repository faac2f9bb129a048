package floors

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// spent is what one call of do allocates, all goroutines counted: several samples, each the mean of many calls, after
// enough of them that connections stand and pools are full.
func spent(t *testing.T, do func()) (allocs, kilobytes samples) {
	t.Helper()
	const calls, rounds = 100, 9
	for range calls {
		do()
	}
	for range rounds {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range calls {
			do()
		}
		runtime.ReadMemStats(&after)
		allocs = append(allocs, float64(after.Mallocs-before.Mallocs)/calls)
		kilobytes = append(kilobytes, float64(after.TotalAlloc-before.TotalAlloc)/calls/1e3)
	}
	return allocs, kilobytes
}

// updateItem is floor 5.
func updateItem(t *testing.T) []samples {
	store, transport := onNothing(t)
	s := newScene(t).rotated
	transport.Always("UpdateItem", dynamotest.Reply(200, `{"Attributes":`+itemOf(t, s)+`}`))
	rotation := storetest.NewRotation(s)
	allocs, _ := spent(t, func() {
		if _, _, err := store.Rotate(t.Context(), rotation); err != nil {
			t.Fatal(err)
		}
	})
	return []samples{allocs}
}

// wholeRefresh is floor 6.
func wholeRefresh(t *testing.T) []samples {
	c := newScene(t)
	refreshes, _, _ := deployed(t, newStub(t, nil, c.answers...).url)
	if code, body := status(refreshes, c.refresh); code != 200 {
		t.Fatalf("the refresh answers %d %s", code, body)
	}
	allocs, kilobytes := spent(t, invoking(t, refreshes, c.refresh))
	return []samples{allocs, kilobytes}
}

// authorisation is floor 7.
func authorisation(t *testing.T) []samples {
	c := newScene(t)
	_, authorizes, f := deployed(t, newStub(t, nil, c.answers...).url)
	free := &authorizer.Authorizer{Store: atOnce{session: c.rotated}, Verifier: f.Verifier(), Now: time.Now}
	alone, _ := spent(t, invoking(t, lambda.NewHandler(free.Handler(f.Log)), c.authorize))
	read, _ := spent(t, invoking(t, authorizes, c.authorize))
	return []samples{alone, read}
}

// atOnce is a store whose one read costs nothing.
type atOnce struct {
	authorizer.Store

	session session.Session
}

func (s atOnce) Load(context.Context, session.Key) (session.Session, session.Application, error) {
	return s.session, session.Application{}, nil
}

// invoking invokes a function with an event, under the deadline that Lambda gives it.
func invoking(t *testing.T, f lambda.Handler, event []byte) func() {
	return func() {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := f.Invoke(ctx, event); err != nil {
			t.Fatal(err)
		}
	}
}
