package dynamotest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
)

// Fault answers one request in place of the network. It may call send, which sends the request.
type Fault func(request *http.Request, send Send) (*http.Response, error)

// Send sends a request.
type Send func(*http.Request) (*http.Response, error)

// Transport is a dynamodb.HTTPClient. Its operations have the names of the API, such as "UpdateItem".
type Transport struct {
	next dynamodb.HTTPClient

	mu       sync.Mutex
	faults   map[string][]Fault
	always   map[string]Fault
	requests map[string]int
	units    map[string]float64
	indexes  map[string]float64
}

// NewTransport makes a transport above another HTTP client, which may be nil if every request meets a fault that answers.
func NewTransport(next dynamodb.HTTPClient) *Transport {
	t := &Transport{next: next, faults: map[string][]Fault{}, always: map[string]Fault{}}
	t.Reset()
	return t
}

// Through puts the transport into a client, below the attempts and above the HTTP client that the client has.
func Through(into **Transport) func(*dynamodb.Options) {
	return func(o *dynamodb.Options) {
		*into = NewTransport(o.HTTPClient)
		o.HTTPClient = awsconfig.Attempts(*into, patience)
	}
}

// Next makes the next requests of an operation meet these faults, one each, in this order.
func (t *Transport) Next(operation string, faults ...Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults[operation] = append(t.faults[operation], faults...)
}

// Always makes every request of an operation meet a fault, after those of Next.
func (t *Transport) Always(operation string, fault Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.always[operation] = fault
}

// Reset sets the counts to zero and keeps the faults.
func (t *Transport) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests, t.units, t.indexes = map[string]int{}, map[string]float64{}, map[string]float64{}
}

// Requests returns how many requests of each operation there were, failed ones included.
func (t *Transport) Requests() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := map[string]int{}
	for operation, n := range t.requests {
		counts[operation] = n
	}
	return counts
}

// Units returns the capacity units that the answers of an operation reported, and the share of the index. The client
// needs the option ReportCapacity. Refused writes report none.
func (t *Transport) Units(operation string) (all, index float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.units[operation], t.indexes[operation]
}

// Do is the HTTP client's.
func (t *Transport) Do(request *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	send := func(request *http.Request) (*http.Response, error) {
		answer, err := t.next.Do(request)
		if err != nil {
			return nil, err
		}
		return answer, t.weigh(operation, answer)
	}
	if fault := t.count(operation); fault != nil {
		return fault(request, send)
	}
	return send(request)
}

func (t *Transport) count(operation string) Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests[operation]++
	queued := t.faults[operation]
	if len(queued) == 0 {
		return t.always[operation]
	}
	t.faults[operation] = queued[1:]
	return queued[0]
}

type capacity struct {
	CapacityUnits          float64
	GlobalSecondaryIndexes map[string]struct{ CapacityUnits float64 }
}

// weigh adds up the capacity that an answer reports: one figure, or in a batch one for each table.
func (t *Transport) weigh(operation string, answer *http.Response) error {
	body, err := readAll(answer)
	if err != nil {
		return err
	}
	var reported struct{ ConsumedCapacity json.RawMessage }
	if json.Unmarshal(body, &reported) != nil || len(reported.ConsumedCapacity) == 0 {
		return nil
	}
	costs := make([]capacity, 1)
	if json.Unmarshal(reported.ConsumedCapacity, &costs[0]) != nil {
		if err := json.Unmarshal(reported.ConsumedCapacity, &costs); err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, cost := range costs {
		t.units[operation] += cost.CapacityUnits
		for _, index := range cost.GlobalSecondaryIndexes {
			t.indexes[operation] += index.CapacityUnits
		}
	}
	return nil
}

// readAll reads the body of an answer and leaves it readable.
func readAll(answer *http.Response) ([]byte, error) {
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}
