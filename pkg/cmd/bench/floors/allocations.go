package floors

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// spent is what one call of do allocates in all goroutines: several samples, each the mean of many calls, after enough
// calls that connections are open and pools are full.
func spent(do func()) (allocs, kilobytes samples) {
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
func updateItem(t testing.TB) []samples {
	store, transport := onNothing(t)
	s := newScene(t).rotated
	transport.Always("UpdateItem", dynamotest.Reply(200, `{"Attributes":`+itemOf(t, s)+`}`))
	rotation := storetest.NewRotation(s)
	allocs, _ := spent(func() {
		if _, _, err := store.Rotate(t.Context(), rotation); err != nil {
			t.Fatal(err)
		}
	})
	return []samples{allocs}
}

// wholeRefresh is floor 6.
func wholeRefresh(t testing.TB) []samples {
	c := newScene(t)
	refreshes, _, _ := deployed(t, newStub(t, c.answers...).url)
	allocs, kilobytes := spent(invoking(t, refreshes, c.refresh, `"statusCode":200`))
	return []samples{allocs, kilobytes}
}

// authorisation is floor 7.
func authorisation(t testing.TB) []samples {
	c := newScene(t)
	_, authorizes, f := deployed(t, newStub(t, c.answers...).url)
	free := &authorizer.Authorizer{Store: atOnce{session: c.rotated}, Verifier: f.Verifier(), Now: time.Now}
	alone, _ := spent(invoking(t, lambda.NewHandler(free.Handler(f.Log)), c.authorize, `"Allow"`))
	read, _ := spent(invoking(t, authorizes, c.authorize, `"Allow"`))
	return []samples{alone, read}
}

// atOnce is a store whose one read costs nothing.
type atOnce struct {
	authorizer.Store

	session session.Session
}

func (s atOnce) Load(context.Context, session.Key) (session.Session, session.Application, error) {
	return s.session, session.Application{Settings: session.DefaultSettings()}, nil
}

// invoking invokes a function with an event, under the deadline that Lambda gives it. The first answer must contain a
// text; the others are of the same request.
func invoking(t testing.TB, f lambda.Handler, event []byte, want string) func() {
	invoke := func() []byte {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		answer, err := f.Invoke(ctx, event)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if got := string(invoke()); !strings.Contains(got, want) {
		t.Fatalf("got %s, want %s", got, want)
	}
	return func() { invoke() }
}
