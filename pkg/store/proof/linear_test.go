package proof

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// Law 5: concurrent refreshes, retries, deletions by every selector, issues and reads are linearizable, whatever DynamoDB
// loses, refuses or delays.
func TestConcurrentHistoriesOverDynamoDBAreLinearizable(t *testing.T) {
	const least = 10_000
	k := fixture.NewKeys("EdDSA")
	var total atomic.Int64
	t.Run("all", func(t *testing.T) { // so that all have ended when their operations are counted
		for name, c := range map[string]struct {
			share   float64 // of the requests meet a fault
			copies  int     // of each application
			repeats bool
			options []func(*dynamodb.Options)
		}{
			"no faults":                    {},
			"faults, and the SDK repeats":  {share: 0.2, repeats: true},
			"faults, four epoch copies":    {share: 0.2, repeats: true, copies: 4},
			"faults, and the SDK gives up": {share: 0.06, options: []func(*dynamodb.Options){giveUp}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				store, transport := onEngine(t, c.options...)
				store.EpochCopies = max(1, c.copies)
				for range times(20, 40) {
					seed := rand.Uint64()
					h := record(t, k, store, seed, func(h *history) {
						h.faults, h.repeats = c.share > 0, c.repeats
						injectFaults(transport, seed, c.share)
					})
					injectFaults(transport, seed, 0)
					total.Add(int64(len(h.log)))
					for _, violation := range h.check() {
						t.Errorf("seed %d: %s", seed, violation)
					}
				}
			})
		}
	})
	if n := total.Load(); n > 0 && n < least && !t.Failed() { // 0: no engine
		t.Errorf("got %d operations, want %d", n, least)
	}
}

func giveUp(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

func TestConcurrentHistoriesOverTheEmbeddedStoreAreLinearizable(t *testing.T) {
	k := fixture.NewKeys("EdDSA")
	store, _ := onDisk(t)
	for range times(20, 40) {
		seed := rand.Uint64()
		for _, violation := range record(t, k, store, seed, func(*history) {}).check() {
			t.Errorf("seed %d: %s", seed, violation)
		}
	}
}

// injectFaults gives a share of the requests a fault, drawn with the seed.
func injectFaults(transport *dynamotest.Transport, seed uint64, share float64) {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, 0))
	for _, operation := range []string{
		"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchGetItem", "BatchWriteItem",
		"TransactWriteItems",
	} {
		faults := []dynamotest.Fault{
			dynamotest.ReplyLost(), dynamotest.ReplyLost(), dynamotest.ReplyCut(), dynamotest.Throttled(), dynamotest.Broken(), dynamotest.Closed(),
			dynamotest.Delay(time.Millisecond), dynamotest.Delay(5 * time.Millisecond), late(10 * time.Millisecond),
		}
		if operation == "BatchGetItem" || operation == "BatchWriteItem" {
			faults = append(faults, dynamotest.Unprocessed(0), dynamotest.Unprocessed(1), dynamotest.Unprocessed(2))
		}
		transport.Always(operation, func(request *http.Request, send dynamotest.Send) (*http.Response, error) {
			mu.Lock()
			fault := dynamotest.Pass()
			if dice.Float64() < share {
				fault = faults[dice.IntN(len(faults))]
			}
			mu.Unlock()
			return fault(request, send)
		})
	}
}

// late loses the answer, and lets the request arrive after its repetition (law 4, no late first attempts).
func late(by time.Duration) dynamotest.Fault {
	return func(request *http.Request, send dynamotest.Send) (*http.Response, error) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		delayed := request.Clone(context.WithoutCancel(request.Context()))
		delayed.Body = io.NopCloser(bytes.NewReader(body))
		time.AfterFunc(by, func() {
			if answer, err := send(delayed); err == nil {
				_ = answer.Body.Close()
			}
		})
		return dynamotest.Closed()(request, send)
	}
}

// The proof can fail: a store with a mistake is caught.
func TestAStoreWithAMistakeIsCaught(t *testing.T) {
	k := fixture.NewKeys("EdDSA")
	for name, mistake := range mistakes() {
		store, _ := onDisk(t)
		wrong := mistake(store)
		caught := 0
		for histories := 0; caught == 0 && histories < 50; histories++ {
			h := record(t, k, wrong, rand.Uint64(), func(*history) {})
			caught = len(h.check())
		}
		if caught == 0 {
			t.Errorf("%s: got no violation in 50 histories, want one", name)
		}
	}
}
