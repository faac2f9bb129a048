package telemetry

import (
	"context"
	"sync"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Calls counts the requests to DynamoDB of the current invocation, the SDK's retries included. A process serves one
// invocation at a time.
type Calls struct {
	mu         sync.Mutex
	invocation string
	sent       int
}

// Add counts one request.
func (c *Calls) Add(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turnTo(ctx)
	c.sent++
}

// Count returns how many requests the invocation has sent so far.
func (c *Calls) Count(ctx context.Context) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turnTo(ctx)
	return c.sent
}

func (c *Calls) turnTo(ctx context.Context) {
	if lambda, ok := lambdacontext.FromContext(ctx); ok && lambda.AwsRequestID != c.invocation {
		c.invocation, c.sent = lambda.AwsRequestID, 0
	}
}
